"""What a text of a reader costs as it grows: the time of one eight times as long, over that of the shorter one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

from compliance.cases import Kind
from compliance.messages import SubmissionError, read

from .injection import duration
from .measure import medians
from .table import Row

SHORT, TIMES = 3_750, 8  # characters; the longer ones fill the body that a form may have
GOAL = 10.0  # eight, and some for a busy machine
TEXTS: dict[str, Callable[[int], str]] = {
    "Chinese": lambda n: "新闻网站" * (n // 4),
    "marks of two classes": lambda n: "a" + "\u0315" * (n // 2) + "\u0334" * (n // 2),
    "marks with joiners between": lambda n: "a" + "\u0315\u200d\u0334\u200d" * (n // 4),
    "turns of direction": lambda n: "\u202e\u2066" * (n // 2),
    "spaces": lambda n: " \u3000" * (n // 2),
}


def rows() -> Iterator[Row]:
    """Measure what every field costs, each text at n and at 8 n, in turns."""
    for subject, text in TEXTS.items():
        taken = medians({str(length): _call(text(length)) for length in (SHORT, SHORT * TIMES)})
        short, long = taken.values()
        yield Row(
            page=f"{SHORT * TIMES:,} characters",
            subject=subject,
            measured=duration(long),
            share=long / short,
            goal=GOAL,
        )


def _call(text: str) -> Callable[[], object]:
    form = {"body": text, "page": "/news/1", "page_title": text, "excerpt": text, "contact": text}

    def call() -> None:
        with suppress(SubmissionError):
            read(
                form,
                kind=Kind.MESSAGE,
                language="zh_CN",
                categories=(),
                hosts=frozenset({"example.org"}),
                home="https://www.example.org",
            )

    return call
