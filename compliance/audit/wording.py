"""A text in the languages of the rules, where one is wanted."""

from __future__ import annotations

from typing import Any


class Wording(str):
    """A text that is itself in English, and `told` in any language of the rules."""

    words: dict[str, str]

    def __new__(cls, *, en: str, **others: str) -> Wording:
        wording = super().__new__(cls, en)
        wording.words = {"en": en, **others}
        return wording

    def told(self, language: str) -> str:
        """Return the text in *language*."""
        return self.words[language]

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.words,)


def _again(words: dict[str, str]) -> Wording:
    return Wording(**words)
