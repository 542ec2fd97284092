"""Pages that are changed: what comes out, and that the way back leads to what there was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from compliance.page import charsets
from compliance.page.change import Change
from compliance.page.codings import BrokenBody, coding
from compliance.page.injection import Markup, Memory, inject, original
from compliance.page.policies import nonces, nonces_in
from compliance.page.trackers import Catalogue, Gate, released

from . import soup
from .target import Target

CATEGORIES = frozenset({"functional", "analytics", "advertising", "social"})
CATALOGUE = Catalogue()
GATE = Gate(CATALOGUE, CATEGORIES)
HEAD = b'<div data-compliance="assets"><link></div><div data-compliance="banner">b</div>'
FOOT = b'<footer data-compliance="footer">f</footer>'
CODINGS = ("gzip", "deflate", "br", "zstd")
_CUTS = st.lists(st.integers(0, 90), max_size=12)
_LABELS = st.sampled_from([None, *soup.CHARSETS, "klingon", ""])


class Loud:
    """Lets every fault through."""

    def fault(self, what: str) -> None:
        """Raise what is being handled."""
        raise

    def tell(self, cause: str) -> None:
        """Say nothing of a page that stays."""

    def bare(self, name: str) -> None:
        """Say nothing of a page without a place for a footer."""


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield *data* in pieces of *sizes*, then the rest."""
    for size in sizes:
        yield data[:size]
        data = data[size:]
    yield data


def packed(data: bytes, name: str) -> bytes:
    """Return *data* in the content coding *name*."""
    coder = coding(name)
    return coder.encode(data) + coder.finish()


def _change(made: tuple[bytes, str | None, str | None, bool, list[int], bytes]) -> None:
    body, label, packing, gated, sizes, end = made

    def change() -> Change:
        coder = None if packing is None else coding(packing)
        gate, memory = GATE if gated else None, Memory()
        markup = Markup(head=HEAD, foot=FOOT)
        return Change(lambda *_: markup, gate=gate, memory=memory, label=label, coding=coder, reports=Loud())

    sent = body if packing is None else packed(body, packing)
    whole = change().whole(sent)
    results = []
    for pieces in ([sent], cut(sent, sizes), cut(sent, [1] * 40)):
        one = change()
        results.append(b"".join([*map(one.feed, pieces), one.finish()]))
        if not one.changed:
            assert results[-1] == sent
    plain = [result if packing is None else _unpacked(result, packing) for result in results]
    assert plain[0] == plain[1] == plain[2]
    if whole is None and packing is None:
        assert HEAD not in plain[0].replace(HEAD, b"", body.count(HEAD)) or HEAD in body or label == "utf-16"
    if packing is not None and end:  # cut short or strewn
        broken = change()
        b"".join([*map(broken.feed, cut(sent[: len(sent) // 2] + end, sizes)), broken.finish()])
        change().whole(sent[: len(sent) // 2] + end)


def _unpacked(data: bytes, name: str) -> bytes:
    coder = coding(name)
    plain = b"".join(coder.decode(data))
    coder.end()
    return plain


def _gate(made: tuple[bytes, list[int]]) -> None:
    page, sizes = made
    held = GATE.whole(page)
    for pieces in (cut(page, sizes), cut(page, [1] * 60)):
        stream = GATE.stream()
        assert b"".join([*map(stream.feed, pieces), stream.close()]) == held
    assert GATE.whole(held) == held
    if b"data-compliance" not in page:
        assert released(held) == page
    nonces_in(page)


def _placed(page: bytes) -> None:
    changed = inject(page, HEAD, FOOT)
    if b"data-compliance" not in page:
        before = original(changed)
        # What was open at the end may be what was closed there: both come out as the same page.
        assert changed == page if before is None else inject(before, HEAD, FOOT) == changed


def _charset(made: tuple[bytes, str | None, str]) -> None:
    body, label, text = made
    charset = charsets.sniff(body[: charsets.PRESCAN], label)
    if charset is None:
        return
    assert isinstance(charsets.encode(text, charset), bytes)
    if recoder := charsets.recoder(charset):
        assert recoder.outward(recoder.inward(body)) + recoder.rest() == body


def _coding(made: tuple[bytes, bytes, str, list[int], float]) -> None:
    body, strewn, name, sizes, at = made
    sent = packed(body, name)
    coder = coding(name)
    assert b"".join(piece for part in cut(sent, sizes) for piece in coder.decode(part)) == body
    coder.end()
    place = int(at * len(sent))
    for broken in (sent[:place] + strewn + sent[place:], sent[:place] + strewn, strewn):
        coder = coding(name)
        try:
            length = sum(len(piece) for part in cut(broken, sizes) for piece in coder.decode(part))
            coder.end()
        except BrokenBody:
            continue
        assert length <= 50_000_000


def _policy(made: list[str]) -> None:
    found: Any = nonces(made)
    assert b"\n" not in found.on(HEAD)


_TEXT = soup.texts()
TARGETS = [
    Target(
        name="change",
        inputs=st.tuples(
            soup.bodies(), _LABELS, st.sampled_from([None, *CODINGS]), st.booleans(), _CUTS, st.binary(max_size=4)
        ),
        test=_change,
    ),
    Target(name="gate", inputs=st.tuples(soup.bodies(), _CUTS), test=_gate),
    Target(name="injection", inputs=soup.bodies(), test=_placed),
    Target(name="charsets", inputs=st.tuples(soup.bodies(), _LABELS, st.text(max_size=60)), test=_charset),
    Target(
        name="codings",
        inputs=st.tuples(soup.bodies(), st.binary(max_size=30), st.sampled_from(CODINGS), _CUTS, st.floats(0, 1)),
        test=_coding,
    ),
    Target(
        name="policies",
        inputs=st.lists(st.one_of(_TEXT, st.text("script-src 'nonce;,=\"<\n", max_size=60)), max_size=3),
        test=_policy,
    ),
]
