"""Texts that nobody writes and somebody sends, each as long as asked for, and what normalising a text costs."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: By what is odd about them.
ODD: dict[str, Callable[[int], str]] = {
    "marks of two classes": lambda n: "a" + "\u0315" * (n // 2) + "\u0334" * (n // 2),
    "marks in turns": lambda n: "\u0315\u0334" * (n // 2),
    "marks without a letter": lambda n: "\u0301" * n,
    "marks that fall into two": lambda n: "\u0344" * n,
    "vowel signs of no class that fall into two of some": lambda n: "\u0f73" * n,
    "half-width voiced marks": lambda n: "カ" + "\uff9e\uff9f" * (n // 2),
    "marks with joiners between": lambda n: "a" + "\u0315\u200d\u0334\u200d" * (n // 4),
    "marks with what is not seen between": lambda n: "a" + "\u0315\u2060\u0334\u202e" * (n // 4),
    "marks with what is taken out between": lambda n: "a" + "\u0315\u0001\u0334\ufeff" * (n // 4),
    "marks beyond the first plane": lambda n: "a" + "\U0001d165\U0001d16d" * (n // 2),
    "what stands for eighteen": lambda n: "\ufdfa" * n,
    "turns of direction": lambda n: "\u202e\u2066" * (n // 2),
    "replacement characters": lambda n: "\ufffd" * n,
    "jamo": lambda n: "\u1100\u1161\u11a8" * (n // 3),
    "one letter": lambda n: "a" * n,
    "spaces": lambda n: "a" + " \u3000" * (n // 2),
    "stops": lambda n: "a." * (n // 2),
    "at signs": lambda n: "a@" * (n // 2),
    "colons": lambda n: ":" * n,
    "brackets": lambda n: "<[(" * (n // 3),
}


class Cost:
    """What a text costs to normalise: each run of marks is sorted by insertion, in the square of its length.

    *calls* are those of functions, ours and others, meanwhile.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.longest_run = 0
        self.calls = 0

    def count(self, frame: object, event: str, argument: object) -> None:
        self.calls += event in ("call", "c_call")

    def add(self, text: str) -> None:
        run = 0
        for character in _apart("NFKD", text) if text.isascii() else "".join(_apart("NFKD", one) for one in text):
            run = run + 1 if unicodedata.combining(character) else 0
            self.steps += 1 + run
            self.longest_run = max(self.longest_run, run)


_apart = unicodedata.normalize


@contextmanager
def counted() -> Iterator[Cost]:
    """Count what is normalised meanwhile, by whatever library, and what is called in this thread."""
    cost = Cost()

    def normalize(form: Any, text: str, /) -> str:
        cost.add(text)
        # What would take long is told by the count, and need not take long here.
        return _apart(form, text) if cost.longest_run < 1_000 else text

    unicodedata.normalize = normalize
    sys.setprofile(cost.count)
    try:
        yield cost
    finally:
        sys.setprofile(None)
        unicodedata.normalize = _apart
