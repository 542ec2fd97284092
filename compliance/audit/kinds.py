"""What a page is for, as far as it can be told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from .parts import Script
from .tree import text_of

if TYPE_CHECKING:
    from .tree import Element

_ARTICLE_ADDRESS = re.compile(
    r"/(?:20\d\d[-/]?\d\d(?:[-/]?\d\d)?/|t20\d{6}_|content_|article[/_-]|c\d*-\d+)", re.IGNORECASE
)
_PAGE_OF_A_NUMBER = re.compile(r"/[a-z_-]*\d+\.s?html?$", re.IGNORECASE)
_NUMBERED = re.compile(r"/(?:[a-z]+[-_]?)?\d{3,}(?:[-_]\d+)?(?:\.s?html?|/)?$", re.IGNORECASE)
# What a story has at least: paragraphs, each of so many characters and with the end of a sentence.
_SENTENCES, _SENTENCE = 2, 40
_ENDS = re.compile(r"[。！？!?]|\.(?:\s|$)")
_NEWS = re.compile(r'"@type"\s*:\s*(?:\[[^]]*)?"(?:\w*News)?Article\w*"')
_DATED = re.compile(r"20\d\d\s?[-年/.]\s?\d{1,2}\s?[-月/.]\s?\d{1,2}")
_SOURCE = re.compile(r"(?:来源|稿源|来自)\s?[:丨|]|\b[Ss]ource\s?:|\bSOURCE\s?:|\bB[yY]\s+[A-Z]|责任?编辑?\s?[:丨|]")
_POLICY = re.compile(
    r"隐私(?:权)?(?:政策|保护|声明|条款|指引|协议)|个人信息(?:保护|处理)|cookie|用户(?:服务)?协议|服务(?:条款|协议)|使用条款|法律声明|免责声明|"
    r"隱私權|個人資料(?:保護|處理)|使用條款|服務條款|用戶協議|"
    r"\bprivacy\b|\bpersonal (?:information|data)\b|\bterms (?:of|and)\b|\bcookies?\b|legal notice|disclaimer|"
    r"プライバシー|個人情報|利用規約|개인정보|이용\s?약관|쿠키|confidentialité|données personnelles|"
    r"conditions d['’]utilisation|"
    r"datenschutz|personenbezogene|nutzungsbedingungen|privacidade?|d(?:atos|ados) (?:personales|pessoais)|"
    r"(?:condiciones|términos|termos) de (?:uso|utilización|utilização)|"
    r"конфиденциальност|персональных данных|условия использования|"
    r"الخصوصية|البيانات الشخصية|شروط الاستخدام|ملفات تعريف الارتباط",
    re.IGNORECASE,
)
# Pages about the site itself, which have a heading and a date as articles do.
_SERVICE = re.compile(
    r"(?:关于|联系|加入|聯絡|關於)(?:我们|本站|本网|我們)?|(?:网站|站点)(?:地图|简介|声明)|(?:广告|投稿)(?:服务|须知)|招聘(?:信息|英才)?|"
    r"about(?: us)?|contact(?: us)?|careers|site ?map|advertis(?:e|ing)(?: with us)?|imprint|"
    r"私たちについて|お問い合わせ|(?:회사 )?소개|문의(?:하기)?|à propos|(?:nous )?contact(?:er|o)?|"
    r"über uns|kontakt|impressum|quiénes somos|sobre nós|о нас|контакты|من نحن|اتصل بنا",
    re.IGNORECASE,
)


class PageKind(StrEnum):
    """What a page is for, as far as it can be told."""

    HOME = "home"
    ARTICLE = "article"
    POLICY = "policy"
    OTHER = "other"


class Content(Protocol):
    """A page, as far as its kind can be told from it."""

    @property
    def home(self) -> bool: ...
    @property
    def url(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def metas(self) -> Mapping[str, str]: ...
    @property
    def scripts(self) -> Sequence[Script]: ...

    def tagged(self, *tags: str) -> Sequence[Element]: ...


def kind_of(page: Content) -> PageKind:
    """Return what *page* is for."""
    if page.home:
        return PageKind.HOME
    if _POLICY.search(page.title) or any(_POLICY.search(text_of(one)) for one in page.tagged("h1")[:2]):
        return PageKind.POLICY
    return PageKind.ARTICLE if _is_article(page) else PageKind.OTHER


def is_address_of_article(url: str) -> bool:
    """Return whether *url* is like those of articles: made of a date or a number."""
    return any(address.search(url) for address in (_ARTICLE_ADDRESS, _NUMBERED, _PAGE_OF_A_NUMBER))


def _is_article(page: Content) -> bool:
    if page.metas.get("og:type", "").lower() == "article":
        return True
    if any(_SERVICE.fullmatch(text_of(one)) for one in page.tagged("h1")[:1]):
        return False
    if any(_NEWS.search(script.text) for script in page.scripts if script.type == "application/ld+json"):
        return True
    if len(page.tagged("article")) == 1 and page.tagged("h1"):
        return True
    # Chinese sites: a date and a source under the heading, or an address made of the date.
    addressed = _ARTICLE_ADDRESS.search(page.url)
    if _DATED.search(page.text) and (addressed or _SOURCE.search(page.text)):
        return True
    # Without any credit: a heading, and under it the sentences of a story.
    return len(page.tagged("h1")) == 1 and bool(addressed or _NUMBERED.search(page.url)) and _tells_a_story(page)


def _tells_a_story(page: Content) -> bool:
    """Return whether there are several paragraphs of sentences, and few links in them."""
    told = [text for one in page.tagged("p") if not len(one) or one.find(".//a") is None if (text := text_of(one))]
    sentences = [text for text in told if len(text) >= _SENTENCE and _ENDS.search(text)]
    return len(sentences) >= _SENTENCES
