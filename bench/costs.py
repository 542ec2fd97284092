"""What odd input costs as it grows: how many times as long twice as much of it takes, two where the cost is linear."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from io import BytesIO
from statistics import median
from time import process_time

from PIL import Image

from compliance.audit.checks import PAGE
from compliance.audit.hotlines import hotlines
from compliance.audit.numbers import found
from compliance.audit.page import Page
from compliance.audit.runner import examine
from compliance.audit.site import Context
from compliance.audit.statements import missing
from compliance.consent import Decisions
from compliance.middleware.validators import Suffix
from compliance.outside.hosts import host_of
from compliance.outside.mailboxes import mailbox
from compliance.page.change import Change
from compliance.page.injection import Markup, Memory, inject
from compliance.page.trackers import Catalogue, Gate
from compliance.pictures import clean
from compliance.words import Words

from .injection import FOOT, HEAD, duration
from .table import Row

TIMES = 8
ROUNDS = 9
TURN_SECONDS = 0.02
GOAL = 2.2  # of twice as much: two, and some for a busy machine
_CATALOGUE = Catalogue()
_GATE = Gate(_CATALOGUE, frozenset({"functional", "analytics", "advertising", "social"}))
_DECISIONS = Decisions(keys=["key"], categories=("analytics",), mode="opt-in", lifetime=timedelta(days=365))
_CONTEXT = Context(catalogue=_CATALOGUE, today=date(2026, 11, 30))
_NOW = datetime(2026, 11, 30, tzinfo=UTC)
_PIECE = 1_024


def rows() -> Iterator[Row]:
    """Measure each input at a length and at eight times it, in turns."""
    for subject, (length, made) in INPUTS.items():
        short, long = _medians([made(length * times) for times in (1, TIMES)])
        share = (long / short) ** (1 / math.log2(TIMES))
        yield Row(page=f"{length * TIMES:,}", subject=subject, measured=duration(long), share=share, goal=GOAL)


def _medians(calls: list[Callable[[], object]]) -> list[float]:
    """Return the median seconds of the processor that one of each of *calls* takes: what waits meanwhile counts not."""
    taken: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for seconds, call in zip(taken, calls, strict=True):
            start, count = process_time(), 0
            while (spent := process_time() - start) < TURN_SECONDS:
                call()
                count += 1
            seconds.append(spent / count)
    return list(map(median, taken))


def _gated(page: bytes) -> Callable[[], object]:
    return partial(_GATE.whole, page)


def _streamed(page: bytes) -> Callable[[], object]:
    pieces = [page[at : at + _PIECE] for at in range(0, len(page), _PIECE)]

    def call() -> None:
        change = Change(
            lambda *_: Markup(head=HEAD, foot=FOOT),
            gate=_GATE,
            memory=Memory(),
            label="utf-8",
            coding=None,
            reports=_Silent(),
        )
        for piece in pieces:
            change.feed(piece)
        change.finish()

    return call


class _Silent:
    """Lets faults through, and says nothing of a page that stays."""

    def fault(self, what: str) -> None:
        """Raise what is being handled."""
        raise

    def tell(self, cause: str) -> None:
        """Say nothing."""

    def bare(self, name: str) -> None:
        """Say nothing."""


def _cookies(length: int) -> Callable[[], object]:
    one = f"compliance_consent={'a' * 70}.b.{'c' * 43}; "
    return partial(_DECISIONS.read, one * (length // len(one)), policy=None, now=_NOW)


def _png(side: int, tall: int, parts: int = 0) -> bytes:
    """Return a picture of one colour that deflates to next to nothing, with so many *parts* that are no pixels."""
    lines = zlib.compress((b"\0" + b"\x7f" * side) * tall, 9)
    head = struct.pack(">IIBBBBB", side, tall, 8, 0, 0, 0, 0)
    remark = (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(10_000), 9))
    chunks = ((b"IHDR", head), *(remark for _ in range(parts)), (b"IDAT", lines), (b"IEND", b""))
    written = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def _jpeg(pixels: int) -> bytes:
    kept = BytesIO()
    Image.new("RGB", (1_000, pixels // 1_000), "#789").save(kept, "JPEG", progressive=True)
    return kept.getvalue()


def _packed(parts: int, part: bytes) -> bytes:
    """Return a small JPEG with *part* so many times behind its first two bytes."""
    kept = BytesIO()
    Image.new("RGB", (8, 8), "#789").save(kept, "JPEG")
    return kept.getvalue()[:2] + part * parts + kept.getvalue()[2:]


def _checked(text: str) -> Callable[[], object]:
    content = f"<!doctype html><html lang=zh-CN><title>a</title><body><footer>{text}</footer></body></html>".encode()
    return lambda: examine(Page("https://news.example/", content, home=True), _CONTEXT, PAGE)


def _words(length: int) -> Callable[[], object]:
    """Return a call that looks for ten thousand words in a text that is made of their beginnings."""
    characters = [chr(0x4E00 + number) for number in range(100)]
    words = Words(a + b + c for number, a in enumerate(characters) for b in characters for c in characters[number % 7])
    return partial(words.find, "".join(characters[(number * number) % 97] for number in range(length)))


def _read(text: str) -> Callable[[], object]:
    return lambda: (
        hotlines.__wrapped__(text),
        found.__wrapped__(text),
        list(missing(text)),
        mailbox(text),
        host_of(f"//{text}"),
    )


#: By what is odd about it: the shorter length, in bytes, characters or pixels, and what makes a call of a length.
INPUTS: dict[str, tuple[int, Callable[[int], Callable[[], object]]]] = {
    "a script that names no end of hosts": (
        32_000,
        lambda n: _gated(b"<!doctype html><script>google-analytics.com " + b"a." * (n // 2) + b"</script>"),
    ),
    "a host of marks": (
        4_000,
        lambda n: _gated(b"<img src='https://www.google-analytics.com." + "\u0315\u0334".encode() * (n // 4) + b"/x'>"),
    ),
    "addresses in a script": (8_000, lambda n: _gated(b"<script>" + b"'//hm.baidu.com/'+" * (n // 18) + b"</script>")),
    "a state that names addresses": (
        8_000,
        lambda n: _gated(
            b"<script>window.__STATE__={" + b'"a":"https://www.youtube.com/",' * (n // 31) + b"}</script>"
        ),
    ),
    "a style of many addresses": (
        8_000,
        lambda n: _gated(b"<style>" + b"a{background:url(//hm.baidu.com/)}" * (n // 34)),
    ),
    "a srcset without end": (8_000, lambda n: _gated(b"<img srcset='" + b"//hm.baidu.com/a 1x, " * (n // 21) + b"'>")),
    "elements that nothing closes": (
        8_000,
        lambda n: partial(inject, b"<!doctype html>" + b"<b><i>" * (n // 6), HEAD, FOOT),
    ),
    "a head in pieces": (
        40_000,
        lambda n: _streamed(b"<!doctype html><head>" + b"<meta name=a content=b>" * (n // 23) + b"<body>a</body>"),
    ),
    "a comment in a head in pieces": (
        40_000,
        lambda n: _streamed(b"<!doctype html><!--" + b"a - b " * (n // 6) + b"-->"),
    ),
    "an unfinished tag in pieces": (40_000, lambda n: _streamed(b"<!doctype html><body><p title='" + b"> " * (n // 2))),
    "cookies": (95_000, _cookies),
    "a picture of one colour": (500_000, lambda n: partial(clean, _png(500, n // 500))),
    "a progressive picture": (500_000, lambda n: partial(clean, _jpeg(n))),
    "texts in a picture": (1_200, lambda n: partial(clean, _png(8, 8, n))),
    "profiles in a picture": (
        1_200,
        lambda n: partial(clean, _packed(n, b"\xff\xe2\x00\x20ICC_PROFILE\0\x01\xff" + b"a" * 16)),
    ),
    "comments in a picture": (1_200, lambda n: partial(clean, _packed(n, b"\xff\xfe\x00\x08remark"))),
    "filler in a picture": (1_200, lambda n: partial(clean, _packed(n, b"\xff"))),
    "entity tags": (
        40_000,
        lambda n: partial(Suffix("0123456789ab").strip, '"x-c0123456789ab", W/"' * (n // 21), None),
    ),
    "ten thousand words looked for": (4_000, _words),
    "digits checked": (4_000, lambda n: _checked("举报电话：" + "0" * n)),
    "marks checked": (4_000, lambda n: _checked("渝ICP备\u0315\u0334" * (n // 7))),
    "brackets checked": (4_000, lambda n: _checked("（" * n)),
    "words for reports read": (4_000, lambda n: _read("举报" * (n // 2))),
    "labels read": (4_000, lambda n: _read("举报电话：" * (n // 5))),
    "spaces and colons read": (4_000, lambda n: _read("举报 ：" * (n // 4))),
    "at signs read": (4_000, lambda n: _read("a@" * (n // 2))),
}
