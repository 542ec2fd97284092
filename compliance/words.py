"""Lists of words that mark a message.

A word is found however it is dressed up: in full-width or other compatibility forms, in any case, with invisible
characters inside, and, in Chinese, with spaces or punctuation between its characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .characters import HAN, without_invisible
from .errors import ComplianceError, Message
from .outside.text import normalised

LONGEST = 64  # characters: what is longer is a sentence, and nobody writes it the same way twice
_LONGEST_TEXT = 20_000  # characters of a text that are looked through: a message has at most a third
_BETWEEN = re.compile(rf"(?<=[{HAN}])[\W_]++(?=[{HAN}])")


def content(path: Path) -> bytes:
    """Return what is in the list at *path*, less a byte order mark; `ComplianceError` where it cannot be read."""
    try:
        return path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise ComplianceError(
            Message(
                "%(path)s: cannot be read (%(reason)s); give the path of a list", path=str(path), reason=error.strerror
            )
        ) from error


class Words:
    """A list of words, as a site keeps one.

    A word of letters or digits is found as a whole word ("ad" is not in "shade"), one of Chinese characters anywhere.
    Raises `ComplianceError` for a word that is empty or too long.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, str] = {}
        for word in words:
            self._words.setdefault(_readied(word), word)
        # The first two characters of words, and how long words are that begin so.
        lengths: dict[str, set[int]] = {}
        for word in self._words:
            lengths.setdefault(word[:2], set()).add(len(word))
        self._lengths = {start: tuple(sorted(found)) for start, found in lengths.items()}

    @classmethod
    def load(cls, path: Path) -> Words:
        """Read the list in the file *path*: UTF-8, one word a line; what begins with `#` is a comment.

        Raises `ComplianceError` that names the file and the line.
        """
        words = []
        for number, line in enumerate(content(path).splitlines(), start=1):
            try:
                word = line.decode().strip()
                if word and not word.startswith("#"):
                    _readied(word)
                    words.append(word)
            except UnicodeDecodeError as error:
                raise ComplianceError(
                    Message(
                        "%(path)s, line %(number)s: is not UTF-8; save the list as UTF-8", path=str(path), number=number
                    )
                ) from error
            except ComplianceError as error:
                raise ComplianceError(
                    Message("%(path)s, line %(number)s: %(what)s", path=str(path), number=number, what=error.args[0])
                ) from error
        return cls(words)

    def __len__(self) -> int:
        return len(self._words)

    def find(self, text: str) -> tuple[str, ...]:
        """Return the words that occur in *text*, as the list spells them, in the order of their first occurrence."""
        text = _plain(text)
        found: dict[str, None] = {}
        for place in range(len(text)):
            for start in (text[place], text[place : place + 2]):
                for length in self._lengths.get(start, ()):
                    word = text[place : place + length]
                    if word in self._words and _whole(text, place, place + length):
                        found[self._words[word]] = None
        return tuple(found)


def _plain(text: str) -> str:
    return _BETWEEN.sub("", normalised(without_invisible(text), longest=_LONGEST_TEXT, form="NFKC").casefold())


def _readied(word: str) -> str:
    plain = _plain(word).strip()
    if not 0 < len(plain) <= LONGEST:
        raise ComplianceError(
            Message(
                "%(word)s has %(count)s visible characters; give a word of 1 to %(most)s",
                word=repr(word[:LONGEST]),
                count=len(plain),
                most=LONGEST,
            )
        )
    return plain


def _whole(text: str, start: int, end: int) -> bool:
    """Return whether no word goes on before *start* or after *end*."""
    return not (
        (start > 0 and _joined(text[start - 1], text[start])) or (end < len(text) and _joined(text[end - 1], text[end]))
    )


def _joined(one: str, other: str) -> bool:
    # Scripts that know two cases put spaces between words; Chinese, Japanese or Thai does not.
    return (one.isdigit() and other.isdigit()) or (one.upper() != one.lower() and other.upper() != other.lower())
