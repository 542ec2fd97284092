"""Content security policies: the nonces that scripts and stylesheets of a page carry (CSP 3, section 6.7.3)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .html.tags import Tag

_NONCE = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'", re.IGNORECASE)
# Where a policy says what may be loaded: the first of these that it has (section 6.8.3).
_SCRIPTS = ("script-src-elem", "script-src", "default-src")
_STYLES = ("style-src-elem", "style-src", "default-src")
_META = re.compile(rb"<meta(?=[ \t\n\f\r/])(?:[^>\"']|\"[^\"]*+\"|'[^']*+')*+>", re.IGNORECASE)
_LINK = re.compile(rb"<(?:link|style)(?=[ >])")
_SCRIPT = re.compile(rb"<script(?=[ >])")


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
    if b"nonce-" not in head:
        return Nonces()
    tags = (Tag.read(found[0]).attributes for found in _META.finditer(head))
    return nonces(
        tag.get("content", "") for tag in tags if tag.get("http-equiv", "").strip().lower() == "content-security-policy"
    )


def _nonce(policy: str, names: Iterable[str]) -> str | None:
    directives: dict[str, str] = {}
    for directive in policy.split(";"):
        name, _, sources = directive.strip().partition(" ")
        directives.setdefault(name.lower(), sources)
    governing = next((directives[name] for name in names if name in directives), "")
    found = _NONCE.search(governing)
    return found[1] if found is not None else None
