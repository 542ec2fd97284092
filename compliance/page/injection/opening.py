"""Where the body of a page begins, from its first bytes alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ..html.syntax import ATTRIBUTES, BOGUS, COMMENT, NAME_END, NOSCRIPT, SCRIPT, compiled, raw
from ..html.tags import Tag

_WS = rb"[ \t\n\f\r]"
_HTML = rb"[hH][tT][mM][lL]"
_HEAD = rb"[hH][eE][aA][dD]"
_BODY = rb"[bB][oO][dD][yY]"
# What may stand before the first token that makes a page a page, or a fragment.
_PREAMBLE = re.compile(rb"(?:\xef\xbb\xbf)?+(?:" + _WS + rb"++|<" + COMMENT + rb"|<\?[^>]*+>)*+")
_PAGE = re.compile(rb"<(?:!doctype|(?:html|head|body)" + NAME_END + rb")", re.IGNORECASE)
_COMMENT = compiled(COMMENT)
_DOCTYPE = re.compile(rb"<!doctype[^>]*+>", re.IGNORECASE)
# Tokens that leave the parser before the body (13.2.6.4.1 to 13.2.6.4.6); with them belongs <noscript>.
_BEFORE_BODY = re.compile(
    rb"(?:"
    + _WS
    + rb"++|<(?:"
    + COMMENT
    + rb"|"
    + BOGUS
    + rb"|(?:[mM][eE][tT][aA]|[lL][iI][nN][kK]|[bB][aA][sS][eE])"
    + ATTRIBUTES
    + rb"|"
    + SCRIPT
    + rb"|"
    + raw(b"style")
    + rb"|"
    + raw(b"title")
    + rb"|(?:"
    + _HTML
    + rb"|"
    + _HEAD
    + rb"|/(?!(?:"
    + _BODY
    + rb"|"
    + _HTML
    + rb"|[bB][rR]|[pP])"
    + NAME_END
    + rb")[a-zA-Z][a-zA-Z0-9]*+)"
    + ATTRIBUTES
    + rb"))*+"
)
_BODY_TAG = compiled(_BODY + ATTRIBUTES)
_HTML_TAG = compiled(_HTML + ATTRIBUTES)
_LANG = re.compile(
    rb"[ \t\n\f\r/\"'][lL][aA][nN][gG][ \t\n\f\r]*+=[ \t\n\f\r]*+(?:\"([^\"]*+)\"|'([^']*+)'|([^ \t\n\f\r\"'>]++))"
)
_BASE = re.compile(rb"<[bB][aA][sS][eE]" + NAME_END)
_BASE_TAG = compiled(rb"[bB][aA][sS][eE]" + ATTRIBUTES)
# An address with a host or of another kind (URL standard, section 4.4).
_ELSEWHERE = re.compile(r"[\0-\x20]*+(?:[a-zA-Z][a-zA-Z0-9+.\t\n\r-]*+:|[/\\][\t\n\r]*+[/\\])")
# How a page says that it is one of AMP: as a word, or as the sign of high voltage in UTF-8 (AMP HTML specification).
_AMP = frozenset(
    f"{sign}{kind}"
    for sign in ("amp", "\u26a1".encode().decode("latin-1"), "\u26a1\ufe0f".encode().decode("latin-1"))
    for kind in ("", "4ads", "4email")
)
_SIGNED = re.compile("amp|\u26a1".encode(), re.IGNORECASE)
_NAME = re.compile(rb"<([a-zA-Z][^ \t\n\f\r/>]*+)" + NAME_END)
# Tags that the head takes in; where one of them stops the scan, it is malformed or of a kind not read here.
_HEAD_NAMES = frozenset(
    b"html head body frameset meta link base basefont bgsound title style script noscript noframes template".split()
)
# A frameset replaces the body until text or one of these has come: "frameset-ok" (13.2.4.5).
_FINAL = (
    rb"(?:li|dd|dt|button|applet|marquee|object|table|area|br|embed|img|keygen|wbr|hr|textarea|xmp|iframe|select|pre|listing)"
    + NAME_END
)
_FINAL_TAG = re.compile(rb"<" + _FINAL + rb"|[^<]", re.IGNORECASE)


@cache
def _not_final() -> re.Pattern[bytes]:
    """Return what may come before that; compiled for the few pages that need it, since that takes long."""
    return re.compile(
        rb"(?:[ \t\n\f\r\0]++|<(?:"
        + COMMENT
        + rb"|"
        + SCRIPT
        + rb"|"
        + NOSCRIPT
        + rb"|"
        + raw(b"style")
        + rb"|"
        + raw(b"title")
        + rb"|(?!script|style|title|noscript|svg|math|template|plaintext|frameset|"
        + _FINAL
        + rb")/?[a-zA-Z][^ \t\n\f\r/>]*+"
        + ATTRIBUTES
        + rb"))*+",
        re.IGNORECASE,
    )


@cache
def _noscript() -> re.Pattern[bytes]:
    return compiled(NOSCRIPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the first bytes of a page tell.

    *start* is the byte offset of the body's first child (-1 where only a full parse can find it), *lang* the value of
    ``<html lang>`` as written. *based* says that a ``<base>`` may lead relative addresses to another host. All of it
    is so of every page with the same first bytes, as many as *told* it; ``None`` where all of them did.
    """

    start: int
    lang: str | None
    based: bool = False
    told: int | None = None


class Undecided(Exception):
    """The bytes in hand do not tell.

    *resume* is where the next look may begin, *read* how far what may still stand before a frameset has been read.
    """

    def __init__(self, resume: int = 0, read: int = 0) -> None:
        self.resume = resume
        self.read = max(resume, read)


def language(page: bytes, start: int, end: int) -> str | None:
    """Return the ``lang`` of the first ``<html>`` tag of *page* between *start* and *end*."""
    return _language(_html_tag(page, start, end))


def _language(tag: re.Match[bytes] | None) -> str | None:
    found = None if tag is None else _LANG.search(tag[0])
    if found is None:
        return None
    return (found[1] or found[2] or found[3] or b"").decode("latin-1").strip() or None


def _html_tag(page: bytes, start: int, end: int) -> re.Match[bytes] | None:
    at = start
    while (at := page.find(b"<", at, end)) >= 0:
        comment = _COMMENT.match(page, at)
        if comment is not None:
            at = comment.end()
            continue
        tag = _HTML_TAG.match(page, at)
        if tag is not None or (_DOCTYPE.match(page, at) is None and page[at : at + 2] != b"<?"):
            return tag
        at += 1
    return None


def is_based(page: bytes, end: int) -> bool:
    """Return whether a ``<base>`` before *end* may lead relative addresses of *page* to another host."""
    for found in _BASE.finditer(page, 0, end):
        tag = _BASE_TAG.match(page, found.start())
        href = Tag.read(tag[0]).attributes.get("href", "") if tag is not None else ""
        if _ELSEWHERE.match(href) is not None:
            return True
    return False


def is_amp(page: bytes) -> bool:
    """Return whether *page*, or what there is of it, is one of AMP: its <html> tag says so with a word or a sign."""
    tag = _html_tag(page, 0, len(page))
    return tag is not None and _is_amp(tag)


def _is_amp(tag: re.Match[bytes]) -> bool:
    return _SIGNED.search(tag[0]) is not None and any(name in _AMP for name, *_ in Tag.read(tag[0]).places)


def is_page(page: bytes) -> bool | None:
    """Return whether a doctype, ``<html>``, ``<head>`` or ``<body>`` opens *page*; ``None`` while that is open."""
    first = _PREAMBLE.match(page).end()  # type: ignore[union-attr]
    if _PAGE.match(page, first) is not None:
        return True
    rest = page[first : first + 10]
    if len(rest) < 10 and (
        not rest
        or b"<!doctype"[: len(rest)] == rest.lower()
        or rest[:1] == b"<"
        and b">" not in rest
        and b" " not in rest
    ):
        return None
    if page in (b"\xef", b"\xef\xbb") or rest[:4] == b"<!--" or rest[:2] == b"<?":
        return None
    return False


def _before_body(page: bytes, at: int) -> int:
    """Return where what leaves the parser before the body ends, read from *at*."""
    while True:
        at = _BEFORE_BODY.match(page, at).end()  # type: ignore[union-attr]
        if page[at : at + 9].lower() != b"<noscript" or (noscript := _noscript().match(page, at)) is None:
            return at
        at = noscript.end()


def _opening(page: bytes, end: int, start: int, told: int) -> Opening | None:
    """Return the opening of *page* whose body begins at *start*, and what comes before it ends at *end*."""
    tag = _html_tag(page, 0, end)
    return (
        None
        if tag is not None and _is_amp(tag)
        else Opening(start=start, lang=_language(tag), based=is_based(page, end), told=told)
    )


def find_opening(page: bytes, *, resume: int = 0, read: int = 0) -> Opening | None:
    """Return where the body of *page* begins, ``None`` where the page must be left alone.

    Raises `Undecided` where the bytes in hand do not prove it, with what goes in as *resume* and *read* when there are
    more. The answer is the same for every longer page that begins with this one.
    """
    if not resume:
        kind = is_page(page)
        if kind is None:
            raise Undecided
        if not kind:
            return None
    at = _before_body(page, resume or _PREAMBLE.match(page).end())  # type: ignore[union-attr]
    body = _BODY_TAG.match(page, at)
    if body is not None:
        return _opening(page, at, body.end(), body.end())
    if page[at : at + 1] not in (b"<", b"\0", b""):
        return _opening(page, at, at, at + 1)
    name = _NAME.match(page, at)
    if name is None or name[1].lower() in _HEAD_NAMES - {b"frameset"}:
        raise Undecided(at)
    if name[1].lower() == b"frameset":
        return None
    read = _not_final().match(page, max(at, read)).end()  # type: ignore[union-attr]
    final = _FINAL_TAG.match(page, read)
    if final is None:
        raise Undecided(at, read)
    return _opening(page, at, at, final.end() + 1)
