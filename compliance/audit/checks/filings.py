"""Filings and licences: there, well-formed, in sight, linked to the authority that gave them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import urlsplit

from ...characters import HAN, INVISIBLE, has_invisible
from ...licences import PROVINCES, normalise
from ...outside.hosts import host_of
from .. import numbers
from ..findings import Finding
from ..page import Page, PageKind, tidy
from ..rules import rules
from ..site import Context, Fact, SiteFacts
from ..tree import Element

ICP_HOST = "beian.miit.gov.cn"
# Where the filing system was, and where it never was although its ministry is there.
_OUT_OF_USE = ("miibeian.gov.cn", "miitbeian.gov.cn", "www.miit.gov.cn", "miit.gov.cn", "www.beian.miit.gov.cn")
_PLATFORM = ("beian.mps.gov.cn", "www.beian.gov.cn", "beian.gov.cn")
_ALGORITHMS = "beian.cac.gov.cn"
_BADGES = "bszs.conac.cn"
_SHOWN_AT_HOME = ("news", "drug_information", "algorithm", "icp_licence")
# Official in every language.
_NAMES = {
    "icp_licence": "ICP证",
    "telecom": "增值电信业务经营许可证",
    "audio_visual": "信息网络传播视听节目许可证",
    "tv_production": "广播电视节目制作经营许可证",
    "culture": "网络文化经营许可证",
    "online_publishing": "网络出版服务许可证",
    "drug_information": "互联网药品医疗器械信息服务备案",
    "algorithm": "网信算备",
    "religion": "互联网宗教信息服务许可证",
    "government_site": "政府网站标识码",
}
_ICP = re.compile(
    rf"[{''.join(PROVINCES)}]\s*ICP\s*[备備]\s*[0-9]{{6,10}}(?:\s*[号號](?:-[0-9]{{1,3}})?)?", re.IGNORECASE
)
# What a licence for news is for, and what its kinds of service are called.
_SERVICES = re.compile(r"服务(?:类别|項目|项目|类型|种类|形式)|采编发布|转载服务|传播平台|转载[、,]|[、,]转载")
# Names of news sites; those of institutions that publish news of their own are none.
_NEWS_SITE = re.compile(rf"[{HAN}A-Za-z]{{2,10}}(?:新闻(?:网|社|在线|门户|客户端|传媒|频道)|报道网)")
_INSTITUTION = re.compile(
    r"大学|学院|学校|中学|小学|校园|学会|协会|新闻(?:办|出版|发布|学|与)|国新网|公司|集团|医院|政府|法院|检察|研究"
)
_HIDING = re.compile(r"display:none|visibility:hidden|font-size:0(?![.0-9])|opacity:0(?![.0-9])|text-indent:-\d{3,}")
_INVISIBLE = re.compile(f"[{INVISIBLE}]+")
_LONG = 800  # characters of a home page of which it makes sense to ask for the upper half


def icp(page: Page, context: Context) -> Iterator[Finding]:
    """The ICP filing number."""
    shown = [one for one in page.numbers if one.kind == "icp"]
    if page.home and not any(one.kind in ("icp", "icp_licence", "telecom") for one in page.numbers):
        yield _missing(page)
    for one in shown:
        if not one.valid:
            yield page.found("C002", one.element, excerpt=one.number, number=one.number)
        elif one.link is None:
            if page.home and not any(ICP_HOST in link.attribute("href") for link in page.links):
                yield page.found("C003", one.element, excerpt=one.number, number=one.number)
        elif one.host == ICP_HOST:
            if one.link.attribute("href").strip().lower().startswith("http:"):
                yield page.found("C006", one.element, number=one.number, link=one.link.attribute("href"))
        elif _one_of(one.host, _OUT_OF_USE):
            yield page.found("C004", one.element, number=one.number, host=one.host)
        else:
            yield page.found("C005", one.element, number=one.number, host=one.host or one.link.attribute("href"))
    if page.home and shown and len(page.own) > _LONG and all(one.start < len(page.own) // 2 for one in shown):
        yield page.found("C008", shown[-1].element, excerpt=shown[-1].number, number=shown[-1].number)
    for one in shown:
        if one.valid and one.element is not None and _is_hidden(one.element):
            yield page.found("C007", one.element, number=one.number)


def copied(page: Page, context: Context) -> Iterator[Finding]:
    """Numbers that something invisible stands in: they are copied, searched for and looked up in vain."""
    if page.numbers and has_invisible(page.source):
        texts = map(str, page.root.itertext("*"))
        pieces = [_INVISIBLE.split(text) for text in texts if _INVISIBLE.search(text)]
        for one in page.numbers:
            if any(_is_cut(one.number, parts) for parts in pieces):
                yield page.found("C024", one.element, excerpt=one.number, number=one.number)


def public_security(page: Page, context: Context) -> Iterator[Finding]:
    """The public security filing number, its link and its icon."""
    shown = [one for one in page.numbers if one.kind == "public_security"]
    if page.home and not shown:
        yield page.found("C902")
    for one in shown:
        if not one.valid:
            yield page.found("C009", one.element, excerpt=one.number, number=one.number)
            continue
        if PROVINCES.get(one.number[0], one.digits[:2]) != one.digits[:2]:
            letter, code = one.number[0], one.digits[:2]
            yield page.found("C010", one.element, excerpt=one.number, number=one.number, letter=letter, code=code)
        if one.link is None:
            yield page.found("C011", one.element, excerpt=one.number, number=one.number)
        elif one.host not in _PLATFORM:
            host = one.host or one.link.attribute("href")
            yield page.found("C012", one.element, number=one.number, host=host)
        else:
            linked = re.search("code=([0-9]+)", one.link.attribute("href"), re.IGNORECASE)
            if linked and linked[1] != one.digits:
                yield page.found("C013", one.element, number=one.number, code=linked[1])
        if page.home and one.element is not None and not _has_picture(one.element):
            yield page.found("C014", one.element, excerpt=one.number, number=one.number)
    if "beian." in page.source:
        for image in page.tagged("img"):
            address = image.get("src") or ""
            host = host_of(page.resolve(address)) if "beian." in address else ""
            if host in _PLATFORM:
                yield page.found("C015", image, host=host)


def provinces(page: Page, context: Context) -> Iterator[Finding]:
    """The provinces of the two filings."""
    if page.home:
        first = {one.kind: one.number for one in reversed(page.numbers) if one.valid}
        icp, police = first.get("icp"), first.get("public_security")
        if icp and police and PROVINCES.get(icp[0]) != PROVINCES.get(police[0], PROVINCES.get(icp[0])):
            yield page.found("C016", excerpt=f"{icp} {police}", icp=icp, public_security=police)


def licences(page: Page, context: Context) -> Iterator[Finding | Fact]:
    """The other licences."""
    for one in page.numbers:
        yield Fact("number" if page.home else "number elsewhere", f"{one.kind} {one.number}")
        if one.kind == "algorithm" and one.valid and one.host != _ALGORITHMS:
            yield page.found("C021", one.element, excerpt=one.number, number=one.number)
        elif one.kind == "news" and not one.valid:
            yield page.found("C018", one.element, excerpt=one.number, number=one.number)
        elif not one.valid and one.kind not in ("icp", "public_security"):
            label = _NAMES.get(one.kind, one.kind)
            yield page.found("C019", one.element, excerpt=one.number, number=one.number, label=label)
    if page.home and numbers.named(page.own, "news"):
        yield Fact("news licence named")
        if not any(one.kind == "news" for one in page.numbers) and (name := numbers.bare(page.own, "news")):
            yield page.found("C018", page.where(name), excerpt=name, number=name)
    if page.home:
        yield from _as_news_site(page)
    if "药品" in page.source and not any(one.kind == "drug_information" for one in page.numbers):
        text = page.footer
        if numbers.named(text, "drug_information"):
            yield page.found("C020")
    if "conac" in page.source:
        yield from _badge(page)


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """What the home page leaves out and the other pages tell."""
    if site.home is None:
        return
    at_home = site.values("number")
    kinds = {value.partition(" ")[0] for value in at_home}
    if site.kinds[PageKind.ARTICLE] and "news" not in kinds and not site.values("news licence named"):
        yield Finding(rule=rules()["C017"], page=site.home)
    for name, seen in site.values("called news").items():
        yield Finding(rule=rules()["C026"], page=seen.pages[0], excerpt=name, values={"text": name})
    for value, seen in site.values("number elsewhere").items():
        kind, _, number = value.partition(" ")
        if kind in _SHOWN_AT_HOME and kind not in kinds:
            yield Finding(rule=rules()["C022"], page=seen.pages[0], excerpt=number, values={"number": number})


PAGE = (icp, copied, public_security, provinces, licences)
SITE = (of_the_site,)


def _missing(page: Page) -> Finding:
    """Say that the number is missing, or where it may be instead."""
    if _ICP.search(page.text):  # somebody else's, in an article
        return page.found("C001")
    written = _ICP.search(page.source)
    if written:
        number = normalise(written[0])
        for script in page.scripts:
            if _ICP.search(script.text):
                return page.found("C903", script.element, text=number)
        for image in page.images:
            if _ICP.search(image.alt or ""):
                return page.found("C903", image.element, text=number)
        line = page.source.count("\n", 0, written.start()) + 1
        return page.found("C007", line=line, excerpt=number, number=number)
    if (unread := page.unread) is not None:
        return page.found("C903", unread, text=unread.get("src"))
    return page.found("C001")


def _as_news_site(page: Page) -> Iterator[Finding | Fact]:
    """What a licence for news has to say, and who goes by the name of news without one."""
    shown = next((one for one in page.numbers if one.kind == "news" and one.valid), None)
    if shown is not None:
        if not _SERVICES.search(page.own):
            yield page.found("C025", shown.element, excerpt=shown.number, number=shown.number)
    elif not numbers.named(page.own, "news") and page.unread is None:
        for name in (page.metas.get("og:site_name", ""), page.title):
            calls = _NEWS_SITE.search(tidy(name))
            if calls and not _INSTITUTION.search(tidy(name)):
                yield Fact("called news", calls[0])
                return


def _badge(page: Page) -> Iterator[Finding]:
    links = [link for link in page.links if "conac" in link.attribute("href")]
    for link in links:
        address = link.attribute("href").strip()
        parts = urlsplit(address)
        if parts.hostname != _BADGES or not re.search("[?&]id=[0-9A-F]{32}(?:&|$)", parts.query and f"?{parts.query}"):
            yield page.found("C023", link.element, link=address)


def _is_cut(number: str, parts: Sequence[str]) -> bool:
    """Return whether a cut between *parts* of a text lies within *number*."""
    whole, cuts = "", set[int]()
    for part in parts:
        whole += normalise(part)
        cuts.add(len(whole))
    place = whole.find(number)
    return place >= 0 and any(place < cut < place + len(number) for cut in cuts)


def _one_of(host: str, hosts: Sequence[str]) -> bool:
    return any(f".{host}".endswith(f".{one}") for one in hosts)


def _is_hidden(element: Element) -> bool:
    styles = [one.get("style") for one in (element, *element.iterancestors())]
    return any(style and _HIDING.search(style.replace(" ", "").lower()) for style in styles)


def _has_picture(element: Element) -> bool:
    """Return whether a picture stands in *element* or close to it."""
    for one in (element, *islice(element.iterancestors(), 2)):
        if one.tag in ("body", "html"):
            break
        if next(one.iter("img", "svg", "object"), None) is not None:
            return True
        if any("background" in (each.get("style") or "") for each in one.iter("*")):
            return True
    return False
