"""Content security policies: the nonces that scripts and stylesheets of a page carry (CSP 3, section 6.7.3)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from .html.tags import Tag

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)
# Where a policy says what may be loaded: the first of these that it has (section 6.8.3).
_SCRIPTS = ("script-src-elem", "script-src", "default-src")
_STYLES = ("style-src-elem", "style-src", "default-src")
LoadKind = Literal["script", "style", "image", "connection", "form"]
_GOVERNING: dict[LoadKind, tuple[str, ...]] = {
    "script": _SCRIPTS,
    "style": _STYLES,
    "image": ("img-src", "default-src"),
    "connection": ("connect-src", "default-src"),
    "form": ("form-action",),
}
# What a sandbox has to allow.
_ALLOWANCES: dict[LoadKind, frozenset[str]] = {
    "script": frozenset({"allow-scripts", "allow-same-origin"}),
    "style": frozenset(),
    "image": frozenset(),
    "connection": frozenset({"allow-same-origin"}),
    "form": frozenset({"allow-forms"}),
}
# A source that is no keyword (section 2.3.1).
_SOURCE = re.compile(
    r"(?P<only>[a-z][a-z0-9+.-]*):|(?:(?P<scheme>[a-z][a-z0-9+.-]*)://)?"
    r"(?P<host>\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::(?P<port>[0-9]{1,5}|\*))?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
_META = re.compile(rb"<meta(?=[ \t\n\f\r/])(?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE)
_LINK = re.compile(rb"<(?:link|style)(?=[ >])")
_SCRIPT = re.compile(rb"<script(?=[ >])")


class Wanted(NamedTuple):
    """What a page loads, or sends to, at a whole address; the *nonce* is that of its element."""

    kind: LoadKind
    url: str
    nonce: str | None = None


class Nonces(NamedTuple):
    """What lets a script and a stylesheet pass; ``None`` where no nonce does."""

    script: str | None = None
    style: str | None = None

    def on(self, markup: bytes) -> bytes:
        """Return *markup*, our own, with the nonces on what it loads."""
        for nonce, tags in ((self.script, _SCRIPT), (self.style, _LINK)):
            if nonce is not None:
                markup = tags.sub(rb'\g<0> nonce="%s"' % nonce.encode(), markup)
        return markup


def nonces(policies: Iterable[str]) -> Nonces:
    """Return the nonces of *policies*, each as a header or a <meta> has it, those that count most first."""
    script = style = None
    for header in policies:
        for policy in header.split(","):
            script = script or _nonce(policy, _SCRIPTS)
            style = style or _nonce(policy, _STYLES)
    return Nonces(script, style)


def nonces_in(head: bytes) -> Nonces:
    """Return the nonces of the policies that *head*, the start of a page, names in <meta>."""
    return nonces(policies_in(head)) if b"nonce-" in head else Nonces()


def policies_in(page: bytes) -> Iterator[str]:
    """Yield the policies that *page* names in <meta>."""
    for found in _META.finditer(page):
        tag = Tag.read(found[0]).attributes
        if tag.get("http-equiv", "").strip().lower() == "content-security-policy":
            yield tag.get("content", "")


def refusals(policies: Collection[str], wanted: Iterable[Wanted], *, page: str) -> Iterator[tuple[Wanted, str]]:
    """Yield the first of each kind of *wanted* that a browser does not let *page* have, and the directive that says so.

    *page* is its whole address. A nonce lets a script or stylesheet pass (CSP 3, sections 6.7.2.6 and 6.7.2.8).
    """
    told = set[LoadKind]()
    for one in wanted if policies else ():
        directive = _refused(policies, one, page) if one.kind not in told else None
        if directive is not None:
            told.add(one.kind)
            yield one, directive


def sources(policy: str, kind: LoadKind) -> list[str] | None:
    """Return from where *policy*, a single one, lets *kind* be loaded, in lower case; None where it does not say."""
    directives = _directives(policy)
    governing = next((name for name in _GOVERNING[kind] if name in directives), None)
    return None if governing is None else directives[governing].lower().split()


def _refused(policies: Iterable[str], wanted: Wanted, page: str) -> str | None:
    kind, url, nonce = wanted
    for policy in (policy for header in policies for policy in header.split(",")):
        directives = _directives(policy)
        governing = next((name for name in _GOVERNING[kind] if name in directives), None)
        if governing and not _allows(directives[governing].split(), kind, urlsplit(url), urlsplit(page), nonce):
            return f"{governing} {directives[governing]}".strip()
        missing = _ALLOWANCES[kind] - set(directives.get("sandbox", "").lower().split())
        if "sandbox" in directives and missing:
            return f"sandbox without {' and '.join(sorted(missing))}"
    return None


def _allows(sources: list[str], kind: LoadKind, url: SplitResult, page: SplitResult, nonce: str | None) -> bool:
    lower = [source.lower() for source in sources]
    if kind in ("script", "style") and nonce and f"'nonce-{nonce}'" in sources:
        return True
    if kind == "script" and "'strict-dynamic'" in lower:  # hosts and 'self' count for nothing then
        return False
    return any(_matches(source, url, page) for source in sources)


def _matches(source: str, url: SplitResult, page: SplitResult) -> bool:
    if source.lower() == "'self'":
        return _port(url) == _port(page) and url.hostname == page.hostname and _upgrades(page.scheme, url.scheme)
    found = _SOURCE.fullmatch(source)
    if found is None:
        return False
    scheme, host, port, path = found["only"] or found["scheme"], found["host"], found["port"], found["path"]
    if not _upgrades((scheme or page.scheme).lower(), url.scheme):
        return False
    if host is None or host == "*":
        return True
    name, host = url.hostname or "", host.lower()
    if not (name.endswith(host[1:]) if host.startswith("*.") else name == host):
        return False
    if port not in (None, "*") and int(port) != _port(url) and not (port == "80" and _port(url) == 443):
        return False
    path = unquote(path or "/")
    return path == "/" or (url.path.startswith(path) if path.endswith("/") else url.path == path)


def _upgrades(said: str, scheme: str) -> bool:
    """Return whether *scheme* is the one that was *said*, or the same encrypted."""
    return scheme == said or (said, scheme) == ("http", "https")


def _port(url: SplitResult) -> int | None:
    return url.port or {"http": 80, "https": 443}.get(url.scheme)


def _nonce(policy: str, names: Iterable[str]) -> str | None:
    directives = _directives(policy)
    governing = next((directives[name] for name in names if name in directives), "")
    found = _NONCE.search(governing)
    return found[1] if found is not None else None


def _directives(policy: str) -> dict[str, str]:
    directives: dict[str, str] = {}
    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        if name:
            directives.setdefault(name.lower(), sources.strip())
    return directives
