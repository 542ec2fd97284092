"""Forms: which personal information they ask for, what they say about it, how they send it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from ..findings import Finding
from ..page import Page, tidy
from ..parts import Field, Form
from ..site import Context
from ..tree import text_of, visible
from .policies import is_policy

_PERSONAL = re.compile(
    r"姓名|真实姓名|联系人|手机|电话|联系方式|邮箱|电子邮件|e-?mail|住址|通讯地址|家庭地址|身份证|证件号|银行卡|出生|生日|微信号?|QQ号?|"
    r"电話|手機|地址(?!栏)|"
    r"\b(?:real|full|first|last|your)[-_ ]?name\b|\bmobile|\bphone|telephone|\btel\b|\baddress\b|"
    r"passport|birth|id[-_ ]?card|identity|"
    r"xingming|shouji|dianhua|sfz",
    re.IGNORECASE,
)
_SENSITIVE = re.compile(
    r"身份证|证件号|护照|银行卡|信用卡|人脸|指纹|病历|病史|既往史|健康状况|宗教|行踪|"
    r"id[-_ ]?card|identity (?:card|number)|\bsfz|passport|bank[-_ ]?(?:card|account)|card[-_ ]?number|"
    r"fingerprint|medical|religio",
    re.IGNORECASE,
)
_NOT_A_PERSON = re.compile(
    r"search|搜索|keyword|\bq\b|关键词|网址|网站|url|web ?address|ip address|page|网页|页面", re.IGNORECASE
)
_TOLD = re.compile(
    r"隐私|隱私|个人信息|個人資料|个人资料|privacy|personal (?:data|information)|confidential|保密|"
    r"datenschutz|privacidade?|конфиденциальност|プライバシー|個人情報|개인정보|الخصوصية",
    re.IGNORECASE,
)
_PURPOSE = re.compile(r"used (?:for nothing but|only)|only (?:used|be used)|(?:仅|只)用于|不作他用", re.IGNORECASE)
_SEPARATE = re.compile(r"单独同意|明示同意|敏感个人信息|separate consent|explicit consent|sensitive", re.IGNORECASE)
_CHILDREN = re.compile(r"少儿|儿童|小记者|小朋友|未成年|中小学生|小学生|\bkids\b|\bchildren", re.IGNORECASE)
_GUARDIAN = re.compile(r"监护人|家长|父母|guardian|parent", re.IGNORECASE)
_MOST = 50  # forms of a page, fields of a form
_LOCAL = re.compile(r"localhost|127\.[0-9.]+|::1|.*\.(?:test|localhost|local|internal)")


def personal(page: Page, context: Context) -> Iterator[Finding]:
    """Forms that ask for personal information."""
    for form in page.forms[:_MOST]:
        fields = [field for field in form.fields[:_MOST] if _is_personal(field)]
        secret = any(field.type == "password" for field in form.fields)
        if not fields and not secret:
            continue
        names = "、".join(dict.fromkeys(_name(field) for field in fields)) or "password"
        if _is_plain(form):
            yield page.found("C601", form.element, fields=names, link=form.action)
        if form.attribute("action") and form.method == "get" and not form.attribute("onsubmit"):
            yield page.found("C604", form.element, fields=names)
        if not fields:
            continue
        text = _surroundings(form)
        # The purpose beside the form, and all else one click away, will do.
        told = _TOLD.search(text) or (_PURPOSE.search(text) and any(is_policy(link) for link in page.links))
        if not told:
            yield page.found("C602", form.element, fields=names)
        sensitive = [field for field in fields if _SENSITIVE.search(_words(field))]
        if sensitive and not _SEPARATE.search(text):
            yield page.found("C603", sensitive[0].element, fields="、".join(_name(field) for field in sensitive))
        headings = " ".join(tidy(visible(one)) for one in page.tagged("h1", "h2"))
        if _CHILDREN.search(f"{page.title} {headings}") and not _GUARDIAN.search(text):
            yield page.found("C605", form.element, fields=names)


PAGE = (personal,)


def _is_personal(field: Field) -> bool:
    if field.type in ("search", "checkbox", "radio", "password", "textarea", "submit"):
        return False
    words = _words(field)
    return field.type in ("tel", "email") or (_PERSONAL.search(words) is not None and not _NOT_A_PERSON.search(words))


def _words(field: Field) -> str:
    return f"{field.name} {field.attribute('id')} {field.label or _before(field)}".replace("_", " ")


def _name(field: Field) -> str:
    return (field.label or _before(field)).strip(" :：*") or field.name or field.type


def _before(field: Field) -> str:
    """Return the words before a field that has no label: old forms write them so, or in the cell before."""
    element, above = field.element, field.element.getparent()
    before = element.getprevious()
    words = before.tail if before is not None else above.text if above is not None else ""
    if words and words.strip():
        return words.strip()
    cell = next(element.iterancestors("td"), None)
    beside = cell.getprevious() if cell is not None else None
    return text_of(beside) if beside is not None else ""


def _is_plain(form: Form) -> bool:
    """Return whether *form* travels unencrypted, over more than this machine."""
    parts = urlsplit(form.action)
    return parts.scheme == "http" and not _LOCAL.fullmatch(parts.hostname or "localhost")


def _surroundings(form: Form) -> str:
    """Return the text of *form* and of what it stands in, short of the whole page."""
    text, above = tidy(visible(form.element)), form.element.getparent()
    if above is not None and above.tag not in ("body", "html"):
        around = tidy(visible(above))
        if len(around) < len(text) + 1_500:
            return around
    return text
