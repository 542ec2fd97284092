"""Privacy policies: within reach, in Chinese, with what they have to say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ...characters import HAN, KANA
from ..expressions import Expression
from ..findings import Finding
from ..kinds import is_address_of_article
from ..naming import known_names
from ..page import Page, tidy
from ..parts import Link
from ..rules import rules
from ..site import Context, Fact, SiteFacts
from ..statements import missing
from ..tree import Element, text_of, visible

_NAME = (
    r"(?:隐私|私隐|隱私|私隱)[^。,]{0,12}?(?:政策|声明|聲明|条款|條款|指引|协议|说明|须知|权|權|保护|保護)"
    r"|(?:个人信息|個人信息|個人資料)(?:保护|处理|保護)(?:政策|规则|声明|指引|须知|说明)"
    r"|\bprivacy (?:policy|statement|notice|protection)\b|\bdata protection\b|^privacy$|^隐私$|^个人信息保护$"
)
_POLICY = Expression(_NAME, re.IGNORECASE)
_LINK = Expression(
    rf"{_NAME}|\bprivacy\b|datenschutz|confidentialité|privacidade?|конфиденциальност|プライバシー|個人情報|개인정보|الخصوصية",
    re.IGNORECASE,
)
# What opens a choice, and tells nothing.
_CHOICE = Expression(r"设置|設定|偏好|选项|選項|settings|preferences|choices|options|cent(?:er|re)$", re.IGNORECASE)
_SUBJECT = re.compile("隐私|私隐|隱私|私隱|个人信息|個人信息|個人資料|rivacy|ata protection|PRIVACY")
_TITLE = re.compile(rf"^.{{0,24}}(?:{_NAME})(?: ?\(.{{0,20}}\))?$", re.IGNORECASE)
_TITLE_END = re.compile(r"\s[-–—|_]\s|[|_—–]|-(?=[^\d])")
_ARTICLE = Expression(r"(?:来源|稿源|责任编辑|责编) ?[:丨|]")
_DEAD = re.compile(r"^(?:#.{0,3}|javascript:.*|about:blank)?$", re.IGNORECASE)
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")
_TRADITIONAL = re.compile("[個們這為與時會說條應該對資]")
_SIMPLIFIED = re.compile("[个们这为与时会说条应该对资]")
_LATIN = re.compile("[A-Za-z]")

_ABROAD = Expression(
    r"境外|跨境|出境|海外接收|abroad|overseas|cross-border|outside (?:of )?(?:mainland )?china", re.IGNORECASE
)
_GAP = Expression(
    r"[\[【](?:请)?(?:填写|插入|公司|网站|平台|单位|贵司|企业|XX|日期|邮箱|电话)[^\]】]{0,20}[\]】]"
    r"|[Xx×]{2,}(?:公司|网站|平台|有限|科技|单位|网(?!络))|(?<![A-Za-z0-9_/])_{4,}(?![A-Za-z0-9_])"
    r"|\[(?:insert|your|company|website|date|e-?mail)[^\]]{0,40}\]|lorem ipsum",
    re.IGNORECASE,
)
_COOKIE_NAME = re.compile(r"(?<![\w.@/])[A-Za-z_][\w.-]{1,60}\*?(?![\w@/])")
_HEADLINE = 12  # characters, and longer than the names of policies in Chinese
_MOST_NAMES = 200
_HOST = re.compile(r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.){1,5}[a-z]{2,18}(?![\w-])", re.ASCII)


def links(page: Page, context: Context) -> Iterator[Finding]:
    """The way to the policy."""
    named = [link for link in page.foot_links if is_policy(link)]
    if page.home and not named and page.unread is None:
        yield page.found("C301")
    if named and all(_DEAD.match(link.attribute("href").strip()) for link in named):
        yield page.found("C302", named[0].element, text=named[0].name, link=named[0].attribute("href"))


def contents(page: Page, context: Context) -> Iterator[Finding | Fact]:
    """What the policy says, and what it leaves out."""
    if not is_privacy_policy(page):
        return
    # A contact in the foot is for reports, one beside the text for contributions.
    around = [*page.footers, *page.tagged("nav", "aside"), *_headers(page)]
    text = tidy(visible(page.root, among=page.styled, without=around))
    language = _language(page)
    yield Fact("policy", language)
    if language in ("zh_CN", "en"):
        yield from map(page.found, missing(text))
    for gap in list(dict.fromkeys(match[0] for match in _GAP.finditer(text)))[:3]:
        yield page.found("C314", page.where(gap), excerpt=gap, text=gap)


def declarations(page: Page, context: Context) -> Iterator[Fact]:
    """Whom and what policies name: recipients, cookies."""
    if not (is_privacy_policy(page) or "cookie" in f"{page.title} {_heading(page)}".lower()):
        return
    text = page.text
    for name in known_names(context.catalogue, text):
        yield Fact("recipient named", name)
    for host in list(dict.fromkeys(_HOST.findall(text.lower())))[:_MOST_NAMES]:
        yield Fact("host named", host)
    if _ABROAD.search(text):
        yield Fact("recipients abroad named")
    if "cookie" in text.lower():
        yield Fact("cookies named")
        cells = " ".join(text_of(one) for one in page.tagged("td", "code", "li", "th", "dt"))
        for name in list(dict.fromkeys(_COOKIE_NAME.findall(cells)))[:_MOST_NAMES]:
            yield Fact("cookie named", name)


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """The languages of all policies."""
    policies = site.values("policy")
    if policies and "zh_CN" not in policies:
        first = min(page for seen in policies.values() for page in seen.pages)
        yield Finding(rule=rules()["C303"], page=first)


PAGE = (links, contents, declarations)
SITE = (of_the_site,)


def is_policy(link: Link) -> bool:
    """Return whether *link* leads to a privacy policy, by its name; a long one is a headline."""
    headline = len(link.name) > _HEADLINE and is_address_of_article(link.attribute("href").strip())
    return _names_policy(link.name) and not headline


@lru_cache(maxsize=1_024)  # a site's pages have one foot
def _names_policy(name: str) -> bool:
    short = len(name) <= (24 if _HAN.search(name) else 60)
    return short and _LINK.search(name) is not None and (_POLICY.search(name) is not None or not _CHOICE.search(name))


@lru_cache(maxsize=1)  # several checks of one page ask
def is_privacy_policy(page: Page) -> bool:
    """Return whether *page* is a privacy policy: by its heading, and not because an article is about one."""
    if page.home or not _SUBJECT.search(f"{page.title} {_heading(page)}"):
        return False
    names = (_TITLE_END.split(page.title)[0].strip(), _heading(page))
    return any(_TITLE.match(name) for name in names) and not _ARTICLE.search(page.text) and len(page.text) > 60


def _headers(page: Page) -> list[Element]:
    return [one for one in page.tagged("header") if getattr(one.getparent(), "tag", None) == "body"]


def _heading(page: Page) -> str:
    return next((text for one in page.tagged("h1") if (text := text_of(one))), "")


def _language(page: Page) -> str:
    """Return the language of the text, in which there are words to look for; else what stands for it."""
    text, said = page.text, (page.lang or "").lower()[:2]
    han, latin = len(_HAN.findall(text)), len(_LATIN.findall(text))
    if said not in ("", "zh", "en") or len(_KANA.findall(text)) * 10 > han > 0:
        return "other"
    if han * 3 < latin:
        return "en"
    return "zh_TW" if len(_TRADITIONAL.findall(text)) > len(_SIMPLIFIED.findall(text)) else "zh_CN"
