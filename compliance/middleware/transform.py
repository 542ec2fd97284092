"""Changes one page that comes without its content coding, in one piece or in many."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from .. import charsets
from ..injection import Markup, Opening, Stream, placed
from .state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_ALL = frozenset({"banner", "footer", "report", "licences", "message", "assets"})


@lru_cache(maxsize=256)
def label_of(content_type: str) -> str | None:
    """Return the charset that a Content-Type header names."""
    for parameter in content_type.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip("\"'") or None
    return None


def charset_of(content_type: str, start: bytes) -> str | None:
    """Return the charset of the page that begins with *start*; ``None`` for an unknown one."""
    label = label_of(content_type)
    if label is not None and label.lower() == "utf-8" and start[:1] not in b"\xfe\xff":
        return "utf-8"
    return charsets.sniff(start[: charsets.PRESCAN], label)


class Transform:
    """Changes one page that comes without its coding."""

    def __init__(self, state: State, environ: WSGIEnvironment, charset: str, letter: str, language: str | None) -> None:
        self._state = state
        self._environ = environ
        self._recoder = charsets.recoder(charset)
        self._charset = self._recoder.charset if self._recoder is not None else charset
        self._language = language
        self.letter = letter
        self._stream = Stream(lambda opening, start: self._markup(opening, placed(start)))
        self._asked = False
        self._broken = False

    def _markup(self, opening: Opening, carried: frozenset[str]) -> Markup:
        language = self._language and self._language.split(",")[0].strip()
        self._asked = True
        return self._state.injection.markup(
            lang=opening.lang or language or self._environ.get("compliance.locale"),
            charset=self._charset,
            environ=self._environ,
            decided=self.letter == "d",
            placed=carried.union(self._environ.get("compliance.placed", ())),
        )

    @property
    def decided(self) -> bool:
        """Whether it is known if the page changes."""
        return self._broken or self._stream.decided

    @property
    def changes(self) -> bool:
        """Whether the page changes."""
        return self._asked and not self._broken

    def whole(self, page: bytes) -> bytes:
        """Return the whole *page*, changed."""
        recoder = self._recoder
        plain = page if recoder is None else recoder.inward(page)
        memory = self._state.memory
        opening = memory.opening(plain)
        if opening is None:
            return page
        markup = self._markup(opening, memory.placed(plain))
        changed = memory.inject(plain, markup.head, markup.foot)
        if changed is plain:
            return page
        return changed if recoder is None else recoder.outward(changed) + recoder.rest()

    def feed(self, chunk: bytes) -> bytes:
        """Return what may leave when *chunk* has come."""
        plain = chunk if self._recoder is None else self._recoder.inward(chunk)
        held = self._stream.held
        if self._broken:
            out = plain
        else:
            try:
                out = self._stream.feed(plain)
            except Exception:
                self._state.fault("a page could not be changed")
                self._broken, out = True, held + plain
        if self._asked:
            self._environ["compliance.injected"] = _ALL
        return out if self._recoder is None else self._recoder.outward(out)

    def close(self) -> bytes:
        """Return the rest of the page."""
        held = self._stream.held
        if "footer" in self._environ.get("compliance.placed", ()):
            self._stream.foot = b""
        out = b""
        if not self._broken:
            try:
                out = self._stream.close()
            except Exception:
                self._state.fault("a page could not be changed")
                self._broken, out = True, held
        return out if self._recoder is None else self._recoder.outward(out) + self._recoder.rest()

    def abandon(self) -> bytes:
        """Return what was fed and has not left."""
        held = self._stream.held
        return held if self._recoder is None else self._recoder.outward(held)
