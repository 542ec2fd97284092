"""Reports and complaints: a telephone to dial, an entrance in reach, authorities at their addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ...outside.hosts import host_of
from ...outside.mailboxes import WRITTEN
from ..expressions import Expression
from ..findings import Finding
from ..hotlines import Hotline, hotlines
from ..kinds import is_address_of_article
from ..page import Page, PageKind
from ..parts import Link
from ..rules import rules
from ..site import Context, Fact, SiteFacts
from ..tree import text_of

_REPORT_WORDS = ("举报", "投诉", "舉報", "投訴")
_REPORT = Expression(
    r"检举|檢舉|通報|신고|الإبلاغ|\bsignaler\b|\bmelden\b|\bdenunciar\b|\bсообщить\b|"
    r"\breport(?:ing|ed)?\b.{0,40}\b(?:illegal|undesirable|harmful|unlawful|abuse|violations?|content)\b|"
    r"\b(?:illegal|undesirable|harmful|unlawful)\b.{0,60}\breport(?:ed|ing|s)?\b|\bcomplaints?\b",
    re.IGNORECASE,
)
_ENTRANCE = Expression(r"12377\.cn|jubao|tousu|complain", re.IGNORECASE)
_CONTACT = Expression(
    r"联系|聯絡|聯繫|留言|反馈|反饋|意见|意見|客服|热线|contact|feedback|message|kontakt|контакт|お問い合わせ|문의|اتصل",
    re.IGNORECASE,
)
_REACHABLE = Expression(rf"{WRITTEN}|(?:电话|電話|传真|热线|tel(?:ephone)?)\D{{0,8}}[0-9]{{3}}", re.IGNORECASE)
_COMMENTS = Expression(r"comment|pinglun|gentie|评论|跟帖|評論|留言", re.IGNORECASE)
_COMPLAINT = Expression(r"投诉|投訴|举报|舉報|申诉|申訴|complain|appeal|\breport\b", re.IGNORECASE)
# A time within which something is answered.
_TIME = Expression(
    r"(?:[0-9一二两兩三四五六七八九十]{1,3}|×) ?[个個]? ?(?:工作[日天]|小[时時]|天|日|营业日|営業日|時間)|"
    r"[0-9]{1,3} ?(?:영업일|일|시간)|"
    r"\b[0-9]{1,3} (?:working |business )?(?:days?|hours?|jours?|heures?|días?|dias?|horas?|arbeitstage?n?|werktage?n?|"
    r"tage?n?|stunden|(?:рабочих )?дн\w+|час\w*)|[0-9]{1,3} ?(?:أيام|يوم|ساعة)",
    re.IGNORECASE,
)
_ANSWERED = Expression(
    r"反馈|反饋|答[复復覆]|回[复復覆答]|处理|處理|办结|办理|核实|답변|처리|رد|"
    r"\b(?:answer|decid|handl|repl|respon|feedback|répon|antwort|respuesta|resposta|ответ)\w*",
    re.IGNORECASE,
)
_MINORS = Expression(
    r"未成年|\bminors?\b|\bchildren\b|儿童|兒童|미성년|\bmineurs?\b|minderjährig|\bmenores\b|несовершеннолет|قاصر",
    re.IGNORECASE,
)
_AROUND = 40  # characters before and behind a time
_HEADLINE = 10  # characters, and longer than the names of entrances
_CENTRE = Expression(r"12377|中央网信办|国家互联网信息办公室")
_CENTRE_HOST = "12377.cn"
_NOT_CENTRE = ("net.china.com.cn", "net.china.cn", "ciirc.china.cn", "12377.com")
_MOVED = {
    "cyberpolice.cn": "cyberpolice.mps.gov.cn",
    "12321.org.cn": "www.12321.cn",
    "12318.gov.cn": "jbts.mct.gov.cn",
    "miibeian.gov.cn": "beian.miit.gov.cn",
    "miitbeian.gov.cn": "beian.miit.gov.cn",
}


_ELSEWHERE = (*_NOT_CENTRE, *_MOVED)


def entrances(page: Page, context: Context) -> Iterator[Finding | Fact]:
    """The ways to report that a page gives."""
    text = page.text
    told = any(word in text for word in _REPORT_WORDS) or _REPORT.search(text) is not None
    entrance = (page.home or not told) and any(map(is_entrance, page.links))
    if entrance or told:
        yield Fact("reports")
        if page.kind is not PageKind.ARTICLE and _MINORS.search(text):
            yield Fact("reports about minors")
    if page.home:
        printed = reporting_lines(page)
        if page.unread is not None and not (entrance and printed):
            return  # what is not in sight here may be there
        if not (entrance or told):
            yield page.found("C101")
        elif entrance and not printed:
            yield page.found("C103")
        elif not entrance:
            yield page.found("C104")
    elif not (entrance or told or page.unread is not None) and page.status == 200 and len(text) > 60:
        yield page.found("C102")


def feedback(page: Page, context: Context) -> Iterator[Finding]:
    """The time that a page for reports names."""
    headed = " ".join((page.title, *(text_of(one) for one in page.tagged("h1"))))
    if not (any(word in headed for word in ("举报", "舉報")) or _REPORT.search(headed)):
        return
    form = next((form for form in page.forms if any(field.type == "textarea" for field in form.fields)), None)
    if form is None:
        return
    for time in _TIME.finditer(page.text):
        if _ANSWERED.search(page.text[max(0, time.start() - _AROUND) : time.end() + _AROUND]):
            return
    yield page.found("C113", form.element)


def telephone(page: Page, context: Context) -> Iterator[Finding]:
    """The reporting telephone: whether it can be dialled."""
    dialled = [link for link in page.foot_links if link.attribute("href").startswith("tel:")]
    detects = "telephone=no" in page.metas.get("format-detection", "").replace(" ", "").lower()
    for line in reporting_lines(page):
        if line.public:
            continue
        printed = line.printed
        if line.uri is None:
            yield page.found("C105", page.where(printed), excerpt=printed, telephone=printed)
        elif not any(_same(line.uri, one) for link in dialled for one in (link.attribute("href"), link.text)):
            rule = "C808" if detects else "C106"
            yield page.found(rule, page.where(printed), excerpt=printed, telephone=printed, link=line.uri)
    for link in dialled:
        shown = link.text
        if len(_digits(shown)) >= 5 and not _same(shown, link.attribute("href")):
            yield page.found("C107", link.element, telephone=shown, link=link.attribute("href"))


def authorities(page: Page, context: Context) -> Iterator[Finding]:
    """Links to the national reporting centre and to other authorities."""
    for link in page.foot_links:
        address = link.attribute("href").strip()
        if not (any(mark in address for mark in _ELSEWHERE) or _CENTRE.search(link.name)):
            continue
        scheme = address.partition(":")[0].lower()
        if scheme in ("tel", "mailto", "sms"):
            continue
        host = host_of(link.url)
        if _CENTRE.search(link.name) and len(link.name) < 40:
            leads = not address or address.startswith("#") or scheme == "javascript"
            own = host in ("", page.host) or host in context.hosts
            wrong = not own and not f".{host}".endswith((f".{_CENTRE_HOST}", ".gov.cn"))
            if leads or wrong:
                yield page.found("C108", link.element, text=link.name, link=address)
        elif host.removeprefix("www.") in _NOT_CENTRE:
            yield page.found("C108", link.element, text=link.name, link=address)
        for old, now in _MOVED.items():
            if f".{host}".endswith(f".{old}") and "ICP" not in link.text.upper():
                yield page.found("C109", link.element, host=host, now=now)


def contacts(page: Page, context: Context) -> Iterator[Finding]:
    """Ways to reach the site."""
    if page.home and not (
        page.unread is not None
        or any(
            _CONTACT.search(link.name) or link.attribute("href").startswith(("mailto:", "tel:")) for link in page.links
        )
        or _REACHABLE.search(page.text)
        or any(field.type == "textarea" for form in page.forms for field in form.fields)
    ):
        yield page.found("C110")


def comments(page: Page, context: Context) -> Iterator[Finding]:
    """Comments and complaints about them."""
    for area in page.tagged("textarea"):
        form = next(area.iterancestors("form"), None)
        marks = " ".join(
            f"{one.get('id', '')} {one.get('name', '')} {one.get('class', '')} {one.get('placeholder', '')}"
            for one in (area, form)
            if one is not None
        )
        if re.search("留言", marks) is None and _COMMENTS.search(marks) and not _COMPLAINT.search(page.text):
            yield page.found("C111", area)
            return


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """What no page has."""
    if site.home is not None and site.values("reports") and not site.values("reports about minors"):
        yield Finding(rule=rules()["C112"], page=site.home)


PAGE = (entrances, feedback, telephone, authorities, contacts, comments)
SITE = (of_the_site,)


def reporting_lines(page: Page) -> tuple[Hotline, ...]:
    """Return the telephones for reports, as the page prints them; those in an article are somebody else's."""
    return hotlines(page.footer if page.kind is PageKind.ARTICLE else page.own)


def is_entrance(link: Link) -> bool:
    """Return whether *link* leads to where reports are made."""
    return _is_entrance(link.attribute("href").strip(), link.name)


@lru_cache(maxsize=4_096)  # the same links on page after page
def _is_entrance(address: str, name: str) -> bool:
    if address.lower().startswith(("tel:", "mailto:")) or not address or address == "#":
        return False
    if _ENTRANCE.search(address):
        return True
    # A headline speaks of reports of others.
    if len(name) > _HEADLINE and is_address_of_article(address):
        return False
    return any(word in name for word in _REPORT_WORDS) or _REPORT.search(name) is not None


def _digits(text: str) -> str:
    return "".join(re.findall("[0-9]", text))


def _same(shown: str, address: str) -> bool:
    """Return whether both are one number, with or without the codes of country and area."""
    one, other = _digits(shown), _digits(address.partition(";")[0])
    return bool(other) and (other[-7:] in one or one[-7:] in other)
