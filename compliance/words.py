"""Lists of words that mark a message."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from .errors import ComplianceError


class Words:
    """A list of words, found in a text whatever their width and case, and whatever stands between Han characters."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(filter(None, map(_plain, words)))
        self._lengths: dict[str, set[int]] = {}
        for word in self._words:
            self._lengths.setdefault(word[:1], set()).add(len(word))

    @classmethod
    def load(cls, path: Path) -> Words:
        """Read a file, UTF-8, one word a line, `#` before comments. Raises `ComplianceError` naming the file."""
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ComplianceError(f"{path}: the list of words cannot be read as UTF-8") from error
        return cls(line for line in lines if not line.startswith("#"))

    def find(self, text: str) -> tuple[str, ...]:
        """Return the words that occur in *text*, each once."""
        plain = _plain(text)
        found = (
            plain[start : start + length]
            for start, character in enumerate(plain)
            for length in self._lengths.get(character, ())
        )
        return tuple(dict.fromkeys(word for word in found if word in self._words))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(?<=[\u3400-\u9fff])[\W_]+(?=[\u3400-\u9fff])|[\u200b-\u200f\u2060\ufeff]", "", folded).strip()
