"""The numbers of licences and filings that a page shows, in the many ways in which footers write them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from ..licences import KINDS, PROVINCES, normalise
from .parts import Link
from .tree import Element, holder

if TYPE_CHECKING:
    from .page import Page

#: Texts one of which stands in every page that shows a number.
MARKS = ("ICP", "icp", "安备", "安備", "许可", "許可", "算备", "资格证", "标识码", "网文", "B2-")
# Traditional characters in the names of filings, as pages for readers abroad write them.
_SIMPLIFIED = str.maketrans("備號證網許聞務經營業節視聽傳製電", "备号证网许闻务经营业节视听传制电")
_P = f"[{''.join(PROVINCES)}]"
_FILING = re.compile(
    rf"(?P<icp>(?:{_P} ?)?ICP ?备(?:案(?:编号|号)?)? ?:? ?(?:第 ?)?[0-9X*×]{{3,14}} ?号?"
    r"(?: ?[-—–] ?[0-9]{1,3}(?![0-9]))?)"
    rf"|(?P<public_security>(?:[一-鿿] ?)?公网安备 ?:?(?:第 ?)?[0-9X*×]{{3,20}} ?号?)"
    rf"|(?P<icp_licence>{_P} ?ICP ?证 ?:? ?(?:B2-)?[0-9]{{4,10}} ?号?(?: ?- ?[0-9]{{1,3}}(?![0-9]))?)"
    rf"|(?P<telecom>(?<![A-Z0-9-])(?:{_P} ?)?(?:A2|B1|B2)(?:\.[A-Z][0-9])*-[0-9]{{6,10}}(?:-[0-9]{{1,3}}(?![0-9]))?)"
    r"|(?P<algorithm>网信算备 ?:? ?[0-9X*×]{6,30} ?号?)"
    r"|(?P<culture>[一-鿿]网文 ?[〔\[(【] ?[0-9]{4} ?[〕\])】] ?[0-9-]{4,12} ?号?)",
    re.IGNORECASE,
)
# Kinds whose number follows the name of the licence.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "news": r"(?:互联网)?新闻信息服务许可证|国新网(?:许可证)?",
        "audio_visual": "(?:信息网络传播|网络)?视听节目许可证",
        "tv_production": "广播电视节目制作(?:经营)?许可证",
        "online_publishing": "(?:网络出版服务|互联网出版)许可证",
        "drug_information": "互联网药品信息服务(?:资格证书?|备案)",
        "religion": "互联网宗教信息服务许可证",
        "government_site": "网站标识码",
    }
)
_NAMED = re.compile("|".join(f"(?P<{kind}>{name})" for kind, name in _NAMES.items()))
# What stands between the name of a licence and its number.
_BETWEEN = re.compile(r"(?:许可证|备案证明|编号|证号|号码|编码|号|[ .:]|No)*", re.IGNORECASE)
_OPENS = "([【〔"
_NUMBER = re.compile(r"[0-9]{5,}(?![0-9年/@-])|[^ ,;。、|]{1,20}?[0-9]{3,}号")
_NO_NUMBER = re.compile(r"[年月日]|https?:|[-/.][0-9]{1,2}[-/.]|[0-9]:[0-9]|电话|@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A number on a page: its *kind* (a key of `licences.KINDS`), how it is written, whether such a number can be.

    *start* is where it stands in the text that was read. *link* is what leads from it, *element* where it stands, None
    where several elements hold its parts.
    """

    kind: str
    number: str
    valid: bool
    start: int
    element: Element | None
    link: Link | None

    @property
    def digits(self) -> str:
        """The longest row of digits in it."""
        return max(re.findall("[0-9]+", self.number), key=len, default="")

    @property
    def host(self) -> str:
        """Where it leads to; empty where nothing does."""
        return (urlsplit(self.link.attribute("href").strip()).hostname or "") if self.link else ""


def read(page: Page) -> list[Shown]:
    """Return every number in the text of a home page, in the foot of another."""
    if not any(mark in page.source for mark in MARKS):
        return []
    return [
        Shown(kind=kind, number=number, valid=valid, start=start, element=element, link=link)
        for kind, number, valid, start in dict.fromkeys(found(page.text if page.home else page.footer))
        for element, link in [_place(page, number)]
    ]


def found(text: str) -> Iterator[tuple[str, str, bool, int]]:
    """Yield kind, number, whether it is well-formed, and its place, for every number in *text*."""
    text = text.translate(_SIMPLIFIED)
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


def _place(page: Page, number: str) -> tuple[Element | None, Link | None]:
    """Return the element that *number* stands in, and what links from it."""
    digits = max(re.findall("[0-9]+", number), key=len, default=number)
    for link in page.links:
        if digits in link.text or ("备" in link.text and digits in normalise(link.text)):
            return link.element, link
    return holder(page.root, digits), None
