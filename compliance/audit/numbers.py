"""The numbers of licences and filings that a page shows, in the many ways in which footers write them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Protocol, cast

from ..characters import DASHES, HAN
from ..licences import CITIES, KINDS, PROVINCES, SIMPLIFIED, normalise
from ..outside.hosts import host_of
from .parts import Link
from .tree import Element, copied_holder, holder, text_of

# One of these stands in every text with a number.
_MARKS = (
    *("ICP", "icp", "Icp", "I C P", "安备", "安備", "安网备", "公网备", "分局", "公安机关", "公安联网", "公安备案"),
    *("公安備案", "许可", "許可", "国新网", "國新網", "算备", "算備", "资格证", "資格證", "药械信息", "藥械信息"),
    *("网出证", "網出證", "出网证", "标识码", "標識碼", "网文", "網文", "A2-", "B1-", "B2-", "icense"),
    *("icence", "ICENSE", "出发", "出發", "模型", "人工智能", "人工智慧", "上线编号", "上線編號"),
)  # fmt: skip
# One form of every character and hyphen, one for one.
_PLAIN: dict[int, int | str] = {**SIMPLIFIED, **{ord(dash): "-" for dash in DASHES}}
_P = f"[{''.join(PROVINCES)}]"
_ICP = "I ?C ?P"
# Where a filing or registration of a model was made: it begins so.
_MODEL = (
    "Beijing|Tianjin|Hebei|Shanxi|Neimenggu|InnerMongolia|Liaoning|Jilin|Heilongjiang|Shanghai|Jiangsu|Zhejiang|Anhui|"
    "Fujian|Jiangxi|Shandong|Henan|Hubei|Hunan|Guangdong|Guangxi|Hainan|Chongqing|Sichuan|Guizhou|Yunnan|Xizang|Tibet|"
    "Shaanxi|Gansu|Qinghai|Ningxia|Xinjiang"
)
# Digits, or what stands for them until they are known; cut in two they have their 号 behind them.
_DIGITS = "(?:[0-9]{1,13}(?: [0-9]{1,13}){1,4}(?= ?号)|[0-9X*×]{3,20})"
_FILING = re.compile(
    rf"(?P<icp>(?:{_P} ?)?{_ICP} ?备(?:案(?:编号|号)?)? ?:? ?(?:第 ?|{_P} ?)?{_DIGITS} ?号?"
    r"(?: ?[-_] ?[0-9]{1,3}[AKX]?(?![0-9A-Z])(?: ?号)?)?)"
    rf"|(?P<public_security>(?:(?:{_P} ?|[{HAN}])?公 ?(?:网 ?安|安 ?网|安|网) ?备(?:案(?:编?号)?)?"
    rf"|(?:[{HAN}]{{0,8}}公安)?[{HAN}]{{2,6}}分局(?:网监)?备案(?:编?号|证号)?|公安(?:机关|联网|网监|部门?|局)?(?:网络?)?备案(?:编?号码?|证号)?)"
    rf" ?:? ?(?:第 ?)?{_DIGITS} ?号?)"
    rf"|(?P<icp_licence>{_P} ?{_ICP} ?证 ?:? ?(?:字? ?第 ?|编号 ?:? ?)?(?:B2-)?[0-9]{{4,10}} ?号?"
    r"(?: ?- ?[0-9]{1,6}(?![0-9]))?)"
    rf"|(?P<telecom>(?<![A-Z0-9-])(?:(?:{_P}|[{CITIES}]|合 ?字) ?)?[AB][12](?: ?[./、] ?[AB][12])* ?- ?[0-9]{{6,10}}"
    r"(?:-[0-9]{1,6}(?![0-9]))?)"
    rf"|(?P<generative>(?<![A-Z0-9-])(?:{_MODEL}) ?- ?[A-Z0-9.+_]{{1,60}} ?- ?20[0-9]{{6,14}})"
    r"|(?P<algorithm>网信算备 ?:? ?[0-9X*×]{6,30} ?号?)"
    rf"|(?P<online_publishing>(?:(?:\([总署]\) ?)?网出证|新出网证) ?\([{HAN}]\) ?字 ?第? ?[0-9]{{1,4}} ?号)"
    rf"|(?P<drug_information>\([{HAN}]\) ?"
    r"(?:网药械信息备字 ?\([0-9]{4}\) ?第? ?[0-9]{3,6} ?号|- ?非?经营性 ?- ?[0-9]{4} ?- ?[0-9]{4}))"
    rf"|(?P<culture>[{HAN}]网文 ?[〔\[(【] ?[0-9]{{4}} ?[〕\])】] ?第? ?[0-9-]{{3,12}} ?号?)"
    rf"|(?P<publications>(?:{_P} ?)?新出发[^ ,;:。|]{{1,12}}?[0-9]{{3,7}} ?号)",
    re.IGNORECASE,
)
# 萌ICP备 and its like are a joke among weblogs, and no filing.
_JOKES = "萌喵雾霧团茶蓝藍梦夢星月雪樱幻次元诺追"
# Kinds whose number follows the name of the licence.
_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "news": "(?:互联网)?新闻(?:信息|资讯)?(?:服务)? ?许可证|国新网(?:许可证)?"
        "|(?i:(?:internet )?news information services? li[cs]en[cs]e)",
        "audio_visual": "(?:信息网络传播|网络)?视听(?:节目)?(?:服务)? ?许可证"
        "|(?i:li[cs]en[cs]e for publishing multimedia online"
        "|audio[- ]?visual program(?:me)?s?(?: services?)? li[cs]en[cs]e)",
        "tv_production": "(?:广播电视|广电)(?:节目)?制作(?:经营)? ?许可证",
        "online_publishing": "(?:网络出版服务|互联网出版) ?许可证",
        "publications": "出版物(?:经营|发行) ?许可证",
        "drug_information": "互联网药品(?:医疗器械)?信息服务 ?(?:资格证书?|备案)",
        "religion": "互联网宗教信息服务 ?许可证",
        "government_site": "(?:政府)?网站(?:标识|识别)码",
    }
)
_NAMED = re.compile("|".join(f"(?P<{kind}>{name})" for kind, name in _NAMES.items()))
# A number with the name of its licence behind it, in brackets.
_BEFORE = re.compile(rf"(?<![0-9A-Za-z-])([0-9]{{7,11}}) ?\(([{HAN}]{{4,20}})\)")
# What stands between the name of a licence and its number.
_BETWEEN = re.compile(
    r"(?:许可证|备案证明|,(?= ?(?:许可证|编|证|号))|编号|证号|号码|编码|号|国新网|number|[为是 .:》”/#]|No)*",
    re.IGNORECASE,
)
_OPENS = "([【〔"
# The letter of an ICP number that is not that of a site (MII Order 33, and the ministry's notices on apps of 2023).
_OF_AN_APP = re.compile(r"-[0-9]+[AKX]$")
# What goes on behind a number in a sentence about somebody else's.
_PROSE = re.compile(
    rf"[”\"'’)》」]{{0,2}}(?:[的未被系是已因在等与及冒擅]|,(?![^,]{{0,12}}(?:备|证|许可|版权|网文|字第|[AB][12]))[{HAN}]{{3}})|[”’」]"
)
_HAN = re.compile(f"[{HAN}]")
# What a police office gave before there was a platform.
_OFFICE = re.compile(f"[{HAN}]{{2,14}}分局(?:网监)?备案(?:编?号码?|证号)?:?第?([0-9]{{8,14}})号?")
_LINKED = re.compile("[备備证證]")
_LONG_NUMBER = 10  # digits that no other number in an address has by chance
# Behind the name of a licence that is a label: nothing, or the next one.
_ALONE = re.compile(
    rf"[》”\"']?(?:编号|号|号码|No\.?)? ?:? ?(?:$|[|;/)]| ?(?:[{HAN}]?ICP|[{HAN}]公网安备|[A-Z][12]-|版权|©"
    rf"|Copyright|违法|举报|[{HAN}]{{2,14}}许可证))",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9]{5,}(?![0-9年/@-])|[^ ,;。、|]{1,20}?[0-9]{3,}号")
_NO_NUMBER = re.compile(r"[年月日]|https?:|[-/.][0-9]{1,2}[-/.]|[0-9]:[0-9]|电话|@")


class Holder(Protocol):
    """The page that a number stands on, as far as it is asked."""

    home: bool
    root: Element

    @property
    def own(self) -> str:
        """The text but for its articles."""

    @property
    def footer(self) -> str:
        """The text of its foot."""

    @property
    def foot_links(self) -> Sequence[Link]:
        """The links of its foot."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A number on a *page*: its *kind* (a key of `licences.KINDS`), how it is written, whether such a number can be.

    *start* is where it stands in the text that was read.
    """

    page: Holder
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
        """What links from it: all of it, its digits, or its name before them."""
        digits = self.digits or self.number
        partly = named = None
        for link in self.page.foot_links:
            if digits in link.text or (_LINKED.search(link.text) and digits in normalise(link.text)):
                words = normalise(link.text)
                if _whole(self.number, words):
                    return link
                if not _is_another(self.number, words, digits):
                    partly = partly or link
            elif not (partly or named) and self._is_beside(link, digits):
                named = link
        return partly or named

    def _is_beside(self, link: Link, digits: str) -> bool:
        """Return whether *link*, which has not the *digits*, has the name before them, or leads to them."""
        if len(digits) >= _LONG_NUMBER and digits in link.attribute("href"):
            return True
        words = normalise(link.text) if _LINKED.search(link.text) else ""
        if len(words) < 3 or not self.number.startswith(words):
            return False
        around = islice(link.element.iterancestors(), 3)
        return any(digits in normalise(text_of(one)) for one in around if one.tag not in ("body", "html"))

    @cached_property
    def element(self) -> Element | None:
        """Where it stands; None where several elements hold its parts."""
        if self.link:
            return self.link.element
        text = self.digits or self.number
        found = holder(self.page.root, text)
        return copied_holder(self.page.root, text) if found is None else found

    @property
    def host(self) -> str:
        """Where it leads to; empty where nothing does."""
        return host_of(self.link.attribute("href").strip()) if self.link else ""


def read(page: Holder) -> list[Shown]:
    """Return every number in the text of a home page but for its articles, in the foot of another."""
    return [
        Shown(page=page, kind=kind, number=number, valid=valid, start=start)
        for kind, number, valid, start in found(page.own if page.home else page.footer)
    ]


def is_of_an_app(number: str) -> bool:
    """Return whether *number* is that of an app, a quick app or a mini-program, and of no site."""
    return _OF_AN_APP.search(number) is not None


def of_a_site(numbers: Iterable[Shown]) -> dict[str, list[str]]:
    """Return those of *numbers* that can be a site's, each once, by their kind."""
    kinds: dict[str, dict[str, None]] = {}
    for one in numbers:
        if one.valid and not is_of_an_app(one.number):
            kinds.setdefault(one.kind, {})[one.number] = None
    return {kind: list(listed) for kind, listed in kinds.items()}


@lru_cache(maxsize=64)  # a site's pages have one foot
def found(text: str) -> tuple[tuple[str, str, bool, int], ...]:
    """Return kind, number, whether it is well-formed, and its place, for every number in *text*, each once."""
    if not any(mark in text for mark in _MARKS):
        return ()
    first: dict[tuple[str, str, bool], int] = {}
    for kind, number, valid, start in sorted(_found(text.translate(_PLAIN)), key=lambda row: row[3]):
        first.setdefault((kind, number, valid), start)
    return tuple((*row, start) for row, start in first.items())


def _found(text: str) -> Iterator[tuple[str, str, bool, int]]:
    for match in _FILING.finditer(text):
        kind = cast(str, match.lastgroup)
        if not (_PROSE.match(text, match.end()) or (kind == "icp" and _is_joke(text, match))):
            yield kind, normalise(match[0]), _fits(kind, match[0]), match.start()
    for match in _NAMED.finditer(text):
        kind = cast(str, match.lastgroup)
        if number := _after(kind, text[match.end() : match.end() + 60]):
            yield kind, *number, match.start()
    for match in _BEFORE.finditer(text):
        name = _NAMED.fullmatch(f"{match[2].removesuffix('许可证')}许可证")
        if name is not None and _fits(kind := cast(str, name.lastgroup), match[1]):
            yield kind, match[1], True, match.start()


def bare(text: str, kind: str) -> str:
    """Return the name of the licence of *kind* where it stands in *text* by itself, as if its number followed."""
    text = text.translate(_PLAIN)
    for match in re.finditer(_NAMES[kind], text):
        behind = text[match.end() : match.end() + 60]
        if _ALONE.match(behind) and not _after(kind, behind):
            return match[0]
    return ""


def named(text: str, kind: str) -> bool:
    """Return whether the licence of *kind* is named in *text*."""
    return re.search(_NAMES[kind], text.translate(_PLAIN)) is not None


def _after(kind: str, text: str) -> tuple[str, bool] | None:
    """Return the number that *text*, which follows a licence's name, gives, and whether it is well-formed."""
    while True:
        text = text[_BETWEEN.match(text).end() :]  # type: ignore[union-attr]  # it may be empty
        parts = text.split(" ")
        for count in range(1, min(len(parts), 4) + 1):
            written = normalise(" ".join(parts[:count]))
            match = KINDS[kind].expression.match(written)
            if match and not written[match.end() : match.end() + 1].isdigit():
                return match[0], True
        # A bracket may belong to the number, as in (京)字第00693号, or stand around all of it.
        if text[:1] not in _OPENS or not text:
            break
        text = text[1:]
    match = None if _FILING.match(text) else _NUMBER.match(text)
    return (match[0], False) if match and not _NO_NUMBER.search(match[0]) else None


def _is_joke(text: str, match: re.Match[str]) -> bool:
    """Return whether what *match* found begins with a character that stands for no province."""
    if match[0][0] in PROVINCES:
        return False
    before = text[max(0, match.start() - 2) : match.start()]
    return before[-1:] in _JOKES if len(_HAN.findall(before)) == 2 else _HAN.match(before[-1:]) is not None


def _fits(kind: str, written: str) -> bool:
    number = normalise(written)
    if kind == "public_security" and (office := _OFFICE.fullmatch(number)):
        return len(set(office[1])) > 1
    return KINDS[kind].expression.fullmatch(number) is not None


def _is_another(number: str, text: str, digits: str) -> bool:
    """Return whether *text* has the *digits* of *number* in a number of their own, such as that of an app."""
    match = re.search(rf"{re.escape(digits)}号(-[0-9]+[AKX]?)", text)
    return match is not None and not number.endswith(match[1])


def _whole(number: str, text: str) -> bool:
    """Return whether *number* stands in *text*, and no longer one that begins with it."""
    place = text.find(number)
    return place >= 0 and not re.match("号?-?[0-9A-Z]", text[place + len(number) :])
