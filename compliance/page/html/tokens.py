"""The reader of a page: from tag to tag as a browser reads it, whatever pieces the page comes in.

Nothing is decided before the bytes that decide it are there, or before there are `LIMIT` of them: so the pieces make no
difference, and memory stays flat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from string import ascii_letters
from typing import Generic

from ..loading import ELEMENTS
from .foreign import NAMES, Foreign
from .judging import Judge, T
from .scripts import ScriptText
from .syntax import ATTRIBUTES, BOGUS, COMMENT, NAME_END
from .tags import Tag

# How much of an inline script is looked into, how long a tag may be to be held, how much of a page waits at most.
LIMIT = 512 * 1024
# A token that has not ended is looked at again when there is twice as much of it, from this size on.
_PATIENCE = 4096

# What a mark that has come in part is at most, in bytes.
_MARK = 1024

_TEXTS = frozenset(b"style title textarea iframe xmp noembed noframes".split())
_STOPS = frozenset({*_TEXTS, b"script", b"noscript", b"plaintext", b"svg", b"math", b"base"})
_LOADING = frozenset(name.encode() for name in ELEMENTS)


@cache
def _passing(foreign: bool, based: bool) -> re.Pattern[bytes]:
    """Return an expression for all that may be passed without a look.

    That is text, comments, start tags at which nothing ends or begins, and end tags; within *foreign* content, or where
    a page is *based* elsewhere, not those whose names mean something there.
    """
    ends = NAMES if foreign or based else frozenset()
    stops = _STOPS | ends | (_LOADING if based else frozenset())
    other = rb"(?=[^a-zA-Z/!?])|/(?:>|[^a-zA-Z>][^>]*+>)"
    tokens = b"|".join([rb"/" + _tag_but(ends), _tag_but(stops), COMMENT, BOGUS, other])
    return re.compile(rb"[^<]*+(?:<(?:" + tokens + rb")[^<]*+)*+")


def _tag_but(names: frozenset[bytes]) -> bytes:
    """Return the pattern of a tag after its "<" whose name is none of *names*; most tags fail by their first letter."""
    rest: dict[bytes, list[bytes]] = {}
    for name in sorted(names):
        rest.setdefault(name[:1] + name[:1].upper(), []).append(rb"(?i:" + re.escape(name[1:]) + rb")")
    others = bytes(letter for letter in ascii_letters.encode() if letter not in b"".join(rest))
    tag = rb"(?:[a-zA-Z0-9]*+>|[^ \t\n\f\r/>]*+" + ATTRIBUTES + rb")"
    # Of a name the first letter is passed before the rest of the tag is read.
    named = [rb"[" + first + rb"](?!(?:" + b"|".join(more) + rb")" + NAME_END + rb")" for first, more in rest.items()]
    return rb"(?:" + b"|".join([rb"[" + others + rb"]", *named]) + rb")" + tag


_TAG = re.compile(rb"<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)" + ATTRIBUTES)
_SOME_ATTRIBUTES = re.compile(
    rb"(?:[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+(?:\"[^\"]*+\""
    rb"|'[^']*+'|[^ \t\n\f\r\"'>][^ \t\n\f\r>]*+(?=[ \t\n\f\r>])|(?=>))|(?=[ \t\n\f\r]*+[^ \t\n\f\r=])))*+"
)
_TAG_END = re.compile(rb"[ \t\n\f\r/]*+>")
_BETWEEN = re.compile(rb"[ \t\n\f\r/]*+")
_SPACE = re.compile(rb"[ \t\n\f\r]*+")
_NAME_END = re.compile(rb"(?=[ \t\n\f\r/>=])")
_VALUE_END = re.compile(rb"(?=[ \t\n\f\r>])")
_TAG_NAME_END = re.compile(rb"(?=[ \t\n\f\r/>])")
_TAG_NAME = re.compile(rb"<(/?)([a-zA-Z][^ \t\n\f\r/>]*+)" + NAME_END)
_BOGUS = re.compile(rb"<(?:\?|/[^a-zA-Z>])")
_COMMENT_END = re.compile(rb"--!?>")
_SECTION_END = re.compile(rb"\]\]>")
_BOGUS_END = re.compile(rb">")
_QUOTES = {b'"': re.compile(rb'"'), b"'": re.compile(rb"'")}


@cache
def _end_of(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"</(?i:" + name + rb")" + NAME_END)


class Reader(Generic[T]):
    """Reads one page, and hands on what has been read, with its tags as *judge* wants them."""

    def __init__(self, judge: Judge[T], *, scripting: bool = True, top: bool = True) -> None:
        self.held = False
        self.trackers: list[T] = []  # held so far
        self._judge = judge
        self._scripting = scripting  # else <noscript> is an element like others
        self._top = top  # else the pages that frames bring along are not read
        self._data = b""
        self._place = self._sent = 0  # how far the data is read, and how far it has left
        self._again = 0
        self._mark = self._clear = 0  # where the next mark stands, and how far there is none
        self._final = False
        self._out: list[bytes] = []
        self._step = self._markup
        self._foreign = Foreign()
        self._base: str | None = None
        self._before: list[T] = []  # those held that are of use to scripts that may follow
        # What the steps tell each other.
        self._name = b""
        self._text = ScriptText()
        self._end = _COMMENT_END
        self._then = self._markup

    @property
    def waiting(self) -> bytes:
        """What came and has not left."""
        return self._data

    def read(self, data: bytes, *, final: bool = False) -> bytes:
        """Return what may leave when *data* has come; all of it when that was the *final* piece."""
        self._data += data
        self._final = final
        if len(self._data) < self._again and not final:
            return b""
        while self._step():
            pass
        if final:
            self._place = len(self._data)
        out = [*self._out, self._data[self._sent : self._place]]
        self._data = self._data[self._place :]
        self._mark, self._clear = self._mark - self._place, max(0, self._clear - self._place)
        self._out, self._place, self._sent = [], 0, 0
        self._again = min(2 * len(self._data), LIMIT) if len(self._data) > _PATIENCE else 0
        return out[0] if len(out) == 1 else b"".join(out)

    # Each step reads on from the place, and returns whether another may follow: if not, more bytes must come.

    def _markup(self) -> bool:
        data = self._data
        passing = _passing(bool(self._foreign), bool(self._base))
        mark = self._marked()
        place = self._place = passing.match(data, self._place, mark).end()  # type: ignore[union-attr]
        if place == len(data):
            return False
        if place == mark:
            return True  # it stands in a text
        if data.startswith(b"<!", place):
            return self._declaration()
        tag = _TAG.match(data, place, place + LIMIT)
        if tag is not None:
            name = tag[2].lower()
            if not tag[1]:
                return self._opened(name, tag.end())
            self._foreign.closed(name)
            self._place = tag.end()
            return True
        if _BOGUS.match(data, place) is not None:
            return self._passed(_BOGUS_END)
        if len(data) - place < LIMIT:
            return False
        # A longer tag is passed; a name that is itself too long is none that means anything.
        found = _TAG_NAME.match(data, place, place + LIMIT)
        self._name = (found[1] + found[2]).lower() if found is not None else b""
        self._place = place + 2
        return self._passed(_TAG_NAME_END, self._long_tag)

    def _marked(self) -> int:
        """Return where the next mark stands that is looked for; the end of the data where none does."""
        data = self._data
        if self._mark <= self._place and self._clear < len(data):
            found = self._judge.find(data, max(self._place + 1, self._clear - _MARK))
            self._mark = self._place if found is None else found.start()
            self._clear = len(data) if found is None else 0
        return self._mark if self._mark > self._place else len(data)

    def _declaration(self) -> bool:
        """Begin a comment, a section or a declaration that has not ended yet."""
        start = self._data[self._place : self._place + 9]
        if start[:4] == b"<!--":
            if len(start) < 6:
                return False
            self._place += 4
            return self._passed(_COMMENT_END)
        if start in (b"<!-", b"<!") or (len(start) < 9 and b"<![CDATA[".startswith(start)):
            return False
        return self._passed(_SECTION_END if start == b"<![CDATA[" and self._foreign.inside else _BOGUS_END)

    def _opened(self, name: bytes, end: int) -> bool:
        """Read the start tag up to *end*, and begin what it opens."""
        text = self._data[self._place : end]
        foreign = self._foreign.opened(name, text)
        if name == b"script":
            return self._script(text, end, foreign=foreign)
        if not foreign:
            if name == b"noscript" and self._scripting:
                return self._noscript(text, end)
            if name == b"style":
                return self._style(text, end)
            if name == b"base" and self._base is None:
                self._base = self._judge.base(text)
        # Where foreign content ends on a broken page is a guess: what does not load there is held all the same.
        judged = self._judge.tag(text, self._base)
        if name == b"iframe" and self._top and judged[0] is text and b"srcdoc" in text.lower():
            judged = self._frame(text)
        self._replace(end, *judged)
        self._place = end
        self._begin(name, foreign=foreign)
        return True

    def _begin(self, name: bytes, *, foreign: bool) -> None:
        """Go on after the start tag of *name*."""
        self._step = self._markup
        if foreign:
            return
        if name == b"plaintext":
            self._step = self._rest
        elif name == b"script":
            self._text, self._step = ScriptText(), self._script_text
        elif name in _TEXTS:
            self._name, self._step = name, self._raw

    def _script(self, text: bytes, end: int, *, foreign: bool) -> bool:
        """Read a script whose start tag is *text*, up to *end*: what it holds decides on its tag."""
        data, stop = self._data, end
        empty = foreign and Tag.read(text).closed
        if not empty:
            stop, ended = ScriptText().find(data, end)
            if not ended:
                if len(data) - end < LIMIT and not self._final:
                    return False
                stop = len(data)
        content = data[end : min(stop, end + LIMIT)]
        self._replace(end, *self._judge.script(text, content, self._before, self._base, foreign=foreign))
        self._place = end
        self._begin(b"" if empty else b"script", foreign=False)
        return True

    def _style(self, text: bytes, end: int) -> bool:
        """Read a stylesheet whose start tag is *text*, up to *end*; one that is very long stays."""
        data = self._data
        found = _end_of(b"style").search(data, end)
        if found is None and len(data) - end <= LIMIT and not self._final:
            return False
        stop = len(data) if found is None else found.start()
        if stop - end <= LIMIT:
            content = data[end:stop]
            tag, rules, trackers = self._judge.style(text, content, self._base)
            self._replace(end, tag, trackers)
            self._place = end
            self._replace(stop, rules, ())
            self._place = stop
        else:
            self._replace(end, *self._judge.tag(text, self._base))
            self._place = end
        self._name, self._step = b"style", self._raw
        return True

    def _frame(self, text: bytes) -> tuple[bytes, tuple[T, ...]]:
        """Return the start tag *text* of a frame that brings its page along, held if that loads what is held."""
        page = Tag.read(text).attributes.get("srcdoc", "").encode("utf-8", "replace")
        if not self._judge.concerns(page, marked=False):
            return text, ()
        inner = Reader(self._judge, top=False)
        inner.read(page, final=True)
        return self._judge.frame(text, inner.trackers)

    def _script_text(self) -> bool:
        self._place, ended = self._text.find(self._data, self._place)
        if ended:
            self._step = self._markup
        return ended

    def _noscript(self, text: bytes, end: int) -> bool:
        """Read what is text to a browser that runs scripts, and markup to one that does not, behind its tag *text*."""
        data = self._data
        found = _end_of(b"noscript").search(data, end)
        if found is None and len(data) - end <= LIMIT and not self._final:
            return False
        stop = len(data) if found is None else found.start()
        self._replace(end, *self._judge.tag(text, self._base))
        self._place = end
        if stop - end <= LIMIT:
            inner = Reader(self._judge, scripting=False, top=self._top)
            content = data[end:stop]
            if self._base is not None or self._judge.concerns(content, marked=True):
                inner._base = self._base
                self._replace(stop, inner.read(content, final=True), inner.trackers)
            self._place = stop
        self._name, self._step = b"noscript", self._raw
        return True

    def _raw(self) -> bool:
        found = _end_of(self._name).search(self._data, self._place)
        if found is None:
            self._place = max(self._place, len(self._data) - len(self._name) - 2)
            return False
        self._place, self._step = found.start(), self._markup
        return True

    def _rest(self) -> bool:
        self._place = len(self._data)
        return False

    def _long_tag(self) -> bool:
        """Pass over a tag too long to be held, attribute by attribute."""
        data = self._data
        place = self._place = _SOME_ATTRIBUTES.match(data, self._place).end()  # type: ignore[union-attr]
        end = _TAG_END.match(data, place)
        if end is not None:
            self._place, name = end.end(), self._name
            if name.startswith(b"/"):
                self._foreign.closed(name[1:])
                self._step = self._markup
            else:
                self._begin(name, foreign=self._foreign.opened(name, b"<" + name + b">"))
            return True
        place = self._place = _BETWEEN.match(data, place).end()  # type: ignore[union-attr]
        if len(data) - place < LIMIT:
            return False
        # This attribute alone is too long; its name may begin with "=".
        self._place += 1
        return self._passed(_NAME_END, self._long_name)

    def _long_name(self) -> bool:
        """Go on after the name of an attribute."""
        self._place = _SPACE.match(self._data, self._place).end()  # type: ignore[union-attr]
        if self._place == len(self._data):
            return False
        self._step = self._long_tag
        if self._data.startswith(b"=", self._place):
            self._place, self._step = self._place + 1, self._long_value
        return True

    def _long_value(self) -> bool:
        """Go on after the "=" of an attribute."""
        self._place = _SPACE.match(self._data, self._place).end()  # type: ignore[union-attr]
        quote = self._data[self._place : self._place + 1]
        if not quote:
            return False
        if quote in _QUOTES:
            self._place += 1
        return self._passed(_QUOTES.get(quote, _VALUE_END), self._long_tag)

    def _passed(self, end: re.Pattern[bytes], then: Callable[[], bool] | None = None) -> bool:
        """Pass over all up to *end*, and go on with *then*."""
        self._end, self._then, self._step = end, then or self._markup, self._passing
        return True

    def _passing(self) -> bool:
        found = self._end.search(self._data, self._place)
        if found is None:
            self._place = max(self._place, len(self._data) - 3)
            return False
        self._place, self._step = found.end(), self._then
        return True

    def _replace(self, end: int, text: bytes, trackers: Sequence[T]) -> None:
        """Put *text* in the place of the data up to *end*; *trackers* are held for it."""
        if text != self._data[self._place : end]:
            self.held = True
            self._out += [self._data[self._sent : self._place], text]
            self._sent = end
        self.trackers += trackers
        self._before += [one for one in trackers if one.globals and one not in self._before]
