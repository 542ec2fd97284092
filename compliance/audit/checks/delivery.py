"""How a page is delivered: its charset, cookies, policy of contents, encryption, styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from ...page.charsets import named
from ...page.injection import is_amp
from ...page.policies import LoadKind, Wanted, refusals
from ..findings import Finding
from ..page import Page
from ..site import Context

# Characters that hardly a text has, and every text in UTF-8 that is read as GBK or Big5.
_MISREAD = re.compile("[锛銆鐨鈥鏄鏂鍙鍩缃骞绗鍏嚗蝚嚙]")
_MISREADS = 5
_HEAD = 64 * 1024  # characters within which <html> stands
# What our elements load or send to.
_LOADS: tuple[tuple[str, str, LoadKind], ...] = (
    ("link", "href", "style"),
    ("script", "src", "script"),
    ("form", "action", "form"),
)
_NOWHERE = "https://site.invalid"
_UNDECODABLE = 3  # a character cut in two by an old editor is no wrong label
_SESSION = re.compile(r"sess|token|auth|\bsid\b|login|passport|ticket", re.IGNORECASE)
_GREY = re.compile(
    r"(?:^|[},\s])body(?![\w-])[^{}]{0,200}\{[^}]{0,400}filter\s*:[^;}]{0,100}grayscale\(\s*(?:\)|1\b|100%|0?\.[1-9]|[1-9]\d%)",
    re.IGNORECASE,
)
_GREY_INLINE = re.compile(r"filter\s*:[^;]{0,100}grayscale\(\s*(?:\)|1\b|100%|0?\.[1-9])", re.IGNORECASE)


def charset(page: Page, context: Context) -> Iterator[Finding]:
    """The charset, as it is named and as it is."""
    read = page.decoded
    if read.declared is None:
        if read.charset not in ("utf-16le", "utf-16be") and not read.marked and not page.source.isascii():
            yield page.found("C803", excerpt="")
        return
    misread = read.charset in ("gbk", "gb18030", "big5") and len(_MISREAD.findall(page.source[:20_000])) >= _MISREADS
    if read.undecodable >= _UNDECODABLE or misread:
        yield page.found("C801", excerpt=read.declared, charset=read.declared)
    if read.header and read.markup and named(read.header) != named(read.markup):
        yield page.found("C802", excerpt=f"{read.header} {read.markup}", header=read.header, meta=read.markup)


def cookies(page: Page, context: Context) -> Iterator[Finding]:
    """The attributes of cookies."""
    for line in page.headers.all("set-cookie"):
        name = line.partition("=")[0].strip()
        attributes = {part.partition("=")[0].strip().lower() for part in line.split(";")[1:]}
        wanted = ["Secure"] * page.url.startswith("https:") + ["SameSite"] + ["HttpOnly"] * bool(_SESSION.search(name))
        missing = [one for one in wanted if one.lower() not in attributes]
        if missing:
            yield page.found("C804", excerpt=name, name=name, missing=", ".join(missing))


def policy(page: Page, context: Context) -> Iterator[Finding]:
    """The page's Content-Security-Policy, where elements of ours are on it."""
    if not page.ours:
        return
    told = (one.get("content") or "" for one in page.tagged("meta") if _is_policy(one.get("http-equiv") or ""))
    policies = [*page.headers.all("content-security-policy"), *told]
    for wanted, directive in refusals(policies, _ours(page), page=_whole(page.url)):
        link = wanted.url.removeprefix(_NOWHERE)
        yield page.found("C805", excerpt=directive, directive=directive.split()[0], link=link)


def encryption(page: Page, context: Context) -> Iterator[Finding]:
    """What an encrypted page loads unencrypted."""
    if not page.url.startswith("https:") or "http://" not in page.source:
        return
    for element in page.tagged("script", "link", "iframe"):
        address = (element.get("src") or element.get("href") or "").strip()
        loads = element.tag != "link" or "stylesheet" in (element.get("rel") or "").lower()
        if loads and address.lower().startswith("http://"):
            yield page.found("C806", element, link=address)
    for element in page.tagged("img", "audio", "video", "source"):
        address = (element.get("src") or "").strip()
        if address.lower().startswith("http://"):
            yield page.found("C819", element, link=address)


def mourning(page: Page, context: Context) -> Iterator[Finding]:
    """The grey of days of mourning, on the wrong element."""
    if "grayscale" not in page.source:
        return
    for style in page.tagged("style"):
        if match := _GREY.search(style.text or ""):
            yield page.found("C807", style, excerpt=match[0].strip(" }\n"))
    for body in page.tagged("body"):
        if _GREY_INLINE.search(body.get("style") or ""):
            yield page.found("C807", body, excerpt=body.get("style"))


def amp(page: Page, context: Context) -> Iterator[Finding]:
    """Pages of AMP, on which nothing of ours stands."""
    if is_amp(page.source[:_HEAD].encode("utf-8", "replace")):
        yield page.found("C810", excerpt="")


PAGE = (charset, cookies, policy, encryption, mourning, amp)


def _is_policy(name: str) -> bool:
    return name.strip().lower() == "content-security-policy"


def _whole(address: str, base: str = "") -> str:
    """Return *address* with a host: the pages of a folder are all on one, whichever it is."""
    return urljoin(urljoin(f"{_NOWHERE}/", base), address)


def _ours(page: Page) -> Iterator[Wanted]:
    """Yield what our elements on the page load or send to."""
    for tag, attribute, kind in _LOADS:
        for element in page.tagged(tag):
            address = element.get(attribute)
            if address and any("data-compliance" in one.attrib for one in (element, *element.iterancestors())):
                yield Wanted(kind, _whole(address, page.base), element.get("nonce"))
