"""The numbers of licences and filings that a page shows, in the many ways in which footers write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from ..characters import HAN
from ..licences import KINDS, PROVINCES, normalise
from ..outside.hosts import host_of
from .parts import Link
from .tree import Element, holder

if TYPE_CHECKING:
    from .page import Page

# One of these stands in every text with a number.
_MARKS = (
    *("ICP", "icp", "安备", "安備", "安网备", "公安机关", "公安联网", "许可", "許可", "国新网", "國新網"),
    *("算备", "资格证", "药械信息", "网出证", "出网证", "标识码", "网文", "B2-"),
)
# Traditional characters in the names of filings, as pages for readers abroad write them.
_SIMPLIFIED = str.maketrans("備號證網許聞務經營業節視聽傳製電", "备号证网许闻务经营业节视听传制电")
_P = f"[{''.join(PROVINCES)}]"
_FILING = re.compile(
    rf"(?P<icp>(?:{_P} ?)?ICP ?备(?:案(?:编号|号)?)? ?:? ?(?:第 ?|{_P} ?)?[0-9X*×]{{3,14}} ?号?"
    r"(?: ?[-—–] ?[0-9]{1,3}(?![0-9]))?)"
    rf"|(?P<public_security>(?:(?:[{HAN}] ?)?公(?:网安|安网|安)备|公安(?:机关|联网)备案(?:编?号)?) ?:? ?(?:第 ?)?"
    r"[0-9X*×]{3,20} ?号?)"
    rf"|(?P<icp_licence>{_P} ?ICP ?证 ?:? ?(?:B2-)?[0-9]{{4,10}} ?号?(?: ?- ?[0-9]{{1,3}}(?![0-9]))?)"
    rf"|(?P<telecom>(?<![A-Z0-9-])(?:{_P} ?)?(?:A2|B1|B2)(?:\.[A-Z][0-9])*-[0-9]{{6,10}}(?:-[0-9]{{1,3}}(?![0-9]))?)"
    r"|(?P<algorithm>网信算备 ?:? ?[0-9X*×]{6,30} ?号?)"
    rf"|(?P<online_publishing>(?:\(总\) ?网出证|新出网证) ?\([{HAN}]\) ?字第? ?[0-9]{{1,4}} ?号)"
    rf"|(?P<drug_information>\([{HAN}]\) ?网药械信息备字 ?\([0-9]{{4}}\) ?第? ?[0-9]{{3,6}} ?号)"
    rf"|(?P<culture>[{HAN}]网文 ?[〔\[(【] ?[0-9]{{4}} ?[〕\])】] ?[0-9-]{{4,12}} ?号?)",
    re.IGNORECASE,
)
# Kinds whose number follows the name of the licence.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "news": "(?:互联网)?新闻信息(?:服务)?许可证|互联网新闻(?:服务)?许可证|国新网(?:许可证)?",
        "audio_visual": "(?:信息网络传播|网络)?视听(?:节目)?(?:服务)?许可证",
        "tv_production": "(?:广播电视|广电)节目制作(?:经营)?许可证",
        "online_publishing": "(?:网络出版服务|互联网出版)许可证",
        "publications": "出版物(?:经营|发行)许可证",
        "drug_information": "互联网药品(?:医疗器械)?信息服务(?:资格证书?|备案)",
        "religion": "互联网宗教信息服务许可证",
        "government_site": "网站标识码",
    }
)
_NAMED = re.compile("|".join(f"(?P<{kind}>{name})" for kind, name in _NAMES.items()))
# What stands between the name of a licence and its number.
_BETWEEN = re.compile(r"(?:许可证|备案证明|编号|证号|号码|编码|号|[为是 .:》”]|No)*", re.IGNORECASE)
_OPENS = "([【〔"
_NUMBER = re.compile(r"[0-9]{5,}(?![0-9年/@-])|[^ ,;。、|]{1,20}?[0-9]{3,}号")
_NO_NUMBER = re.compile(r"[年月日]|https?:|[-/.][0-9]{1,2}[-/.]|[0-9]:[0-9]|电话|@")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A number on a *page*: its *kind* (a key of `licences.KINDS`), how it is written, whether such a number can be.

    *start* is where it stands in the text that was read.
    """

    page: Page
    kind: str
    number: str
    valid: bool
    start: int

    @property
    def digits(self) -> str:
        """The longest row of digits in it."""
        return max(re.findall("[0-9]+", self.number), key=len, default="")

    @cached_property
    def link(self) -> Link | None:
        """What links from it."""
        digits = self.digits or self.number
        for link in self.page.foot_links:
            if digits in link.text or ("备" in link.text and digits in normalise(link.text)):
                return link
        return None

    @cached_property
    def element(self) -> Element | None:
        """Where it stands; None where several elements hold its parts."""
        return self.link.element if self.link else holder(self.page.root, self.digits or self.number)

    @property
    def host(self) -> str:
        """Where it leads to; empty where nothing does."""
        return host_of(self.link.attribute("href").strip()) if self.link else ""


def read(page: Page) -> list[Shown]:
    """Return every number in the text of a home page, in the foot of another."""
    return [
        Shown(page=page, kind=kind, number=number, valid=valid, start=start)
        for kind, number, valid, start in found(page.text if page.home else page.footer)
    ]


@lru_cache(maxsize=64)  # a site's pages have one foot
def found(text: str) -> tuple[tuple[str, str, bool, int], ...]:
    """Return kind, number, whether it is well-formed, and its place, for every number in *text*, each once."""
    if not any(mark in text for mark in _MARKS):
        return ()
    return tuple({row[:3]: row for row in reversed([*_found(text.translate(_SIMPLIFIED))])}.values())[::-1]


def _found(text: str) -> Iterator[tuple[str, str, bool, int]]:
    for match in _FILING.finditer(text):
        kind = cast(str, match.lastgroup)
        yield kind, _spelt(match[0]), _fits(kind, match[0]), match.start()
    for match in _NAMED.finditer(text):
        kind = cast(str, match.lastgroup)
        if number := _after(kind, text[match.end() : match.end() + 60]):
            yield kind, *number, match.start()


def named(text: str, kind: str) -> bool:
    """Tell whether the licence of *kind* is named in *text*."""
    return re.search(_NAMES[kind], text.translate(_SIMPLIFIED)) is not None


def _after(kind: str, text: str) -> tuple[str, bool] | None:
    """Return the number that *text*, which follows a licence's name, gives, and whether it is well-formed."""
    while True:
        text = text[_BETWEEN.match(text).end() :]  # type: ignore[union-attr]  # it may be empty
        parts = text.split(" ")
        for count in range(1, min(len(parts), 4) + 1):
            written = normalise(" ".join(parts[:count]))
            match = KINDS[kind].pattern.match(written)
            if match and not written[match.end() : match.end() + 1].isdigit():
                return match[0], True
        # A bracket may belong to the number, as in (京)字第00693号, or stand around all of it.
        if text[:1] not in _OPENS or not text:
            break
        text = text[1:]
    match = _NUMBER.match(text)
    return (match[0], False) if match and not _NO_NUMBER.search(match[0]) else None


def _fits(kind: str, written: str) -> bool:
    return KINDS[kind].pattern.fullmatch(normalise(written)) is not None


def _spelt(written: str) -> str:
    return normalise(written).replace("—", "-").replace("–", "-")
