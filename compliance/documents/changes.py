"""What changed between two versions of a document: by section, passage, sentence, and word or Chinese character."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bs4.element import PageElement, Tag

from ..characters import HAN, KANA

ChangeKind = Literal["same", "removed", "added"]
_HEADING = re.compile("h[1-6]")
_CONTAINERS = {"ul", "ol", "blockquote", "div", "table", "thead", "tbody", "p", "li", "pre", "tr"}
# A sentence ends after 。 at once, after a full stop where a space follows: 1.5 is one number.
_SENTENCE = re.compile(r".+?(?:[。！？；]+[”’」』）]*|[.!?;]+[\"'”’)]*(?=\s)|\Z)\s*", re.DOTALL)
_TOKEN = re.compile(rf"[^\W{HAN}{KANA}]+|\s+|.", re.DOTALL)
#: What the text of a heading begins with among blocks, which have no other line ends.
_HEADS = "\n"
#: What is less alike is not called a change of one into the other.
_ALIKE = 0.3
#: Letters, a Chinese character for two, that must stand between two changes to keep them apart.
_APART = 5
#: The most pairs that are looked at for their likeness; a text that was written anew has no need of it.
_MOST_PAIRS = 40_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Words that stand in both versions, or in one."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A heading, a paragraph, an item of a list, a row of a table."""

    pieces: tuple[Piece, ...]

    @property
    def kind(self) -> Literal["same", "removed", "added", "changed"]:
        """What became of the passage as a whole."""
        kinds = {piece.kind for piece in self.pieces}
        return kinds.pop() if len(kinds) == 1 else "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A *heading*, none before the first one, and what stands under it, in runs of passages that changed or did not."""

    heading: Passage | None
    runs: tuple[tuple[Passage, ...], ...]

    @property
    def changed(self) -> bool:
        """Whether anything in it did."""
        passages = [passage for run in self.runs for passage in run]
        return any(passage.kind != "same" for passage in (*passages, *([self.heading] if self.heading else [])))


@lru_cache(maxsize=64)
def compare(old: str, new: str) -> tuple[Section, ...]:
    """Return the sections that differ between two documents, *old* and *new* HTML of `shape`.

    Words are compared, and where links to other sites lead; how words are set is not.
    """
    sections: list[tuple[Passage | None, list[Passage]]] = [(None, [])]
    for is_heading, passage in _passages(tuple(_blocks(old)), tuple(_blocks(new))):
        if is_heading:
            sections.append((passage, []))
        else:
            sections[-1][1].append(passage)
    grouped = (
        Section(
            heading=heading,
            runs=tuple(tuple(run) for _, run in groupby(passages, key=lambda passage: passage.kind == "same")),
        )
        for heading, passages in sections
    )
    return tuple(section for section in grouped if section.changed)


def _passages(old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[tuple[bool, Passage]]:
    for before, after in _aligned(old, new):
        is_heading = (after or before or "").startswith(_HEADS)
        before, after = (before or "").removeprefix(_HEADS), (after or "").removeprefix(_HEADS)
        yield is_heading, Passage(pieces=tuple(pieces(before, after)))


def pieces(old: str, new: str) -> Iterator[Piece]:
    """Return the pieces of *old* and *new*, what was removed before what was added in its place."""
    for kind, run in groupby(_settled(old, new), key=lambda piece: piece.kind):
        yield Piece(kind=kind, text="".join(piece.text for piece in run))


def _settled(old: str, new: str) -> Iterator[Piece]:
    """Return pieces in which what was removed stands before what was added, up to the next that stayed."""
    waiting: list[Piece] = []
    for before, after in _aligned(tuple(_SENTENCE.findall(old)), tuple(_SENTENCE.findall(new))):
        for piece in _words(before or "", after or ""):
            if piece.kind == "same":
                yield from sorted(waiting, key=_order)
                waiting = []
                yield piece
            elif piece.text:
                waiting.append(piece)
    yield from sorted(waiting, key=_order)


def _order(piece: Piece) -> bool:
    return piece.kind == "added"


def _words(old: str, new: str) -> Iterator[Piece]:
    """Return the pieces of two sentences that are alike; what stayed by chance between two changes changed, too."""
    if old == new:
        yield Piece(kind="same", text=new)
        return
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    matched = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for place, (tag, i, j, k, m) in enumerate(matched):
        removed, added = "".join(before[i:j]), "".join(after[k:m])
        between = 0 < place < len(matched) - 1
        if tag == "equal" and not (between and _weight(added) < _APART):
            yield Piece(kind="same", text=added)
        else:
            yield Piece(kind="removed", text=removed)
            yield Piece(kind="added", text=added)


def _weight(text: str) -> int:
    return len(text.strip()) + len(re.findall(f"[{HAN}{KANA}]", text))


def _aligned(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """Return what of *old* became what of *new*, in order: equals, those alike, and what has no counterpart."""
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(old[i:j], new[k:m], strict=True)
        else:
            yield from _matched(old[i:j], new[k:m])


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str | None, str | None]]:
    """Return pairs with the greatest likeness in total, in the order of both (a longest common subsequence)."""
    rows, columns = len(old), len(new)
    gain = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    like: dict[tuple[int, int], float] = {}
    if rows * columns <= _MOST_PAIRS:
        olds, news = [_pairs(text) for text in old], [_pairs(text) for text in new]
        for i in reversed(range(rows)):
            for j in reversed(range(columns)):
                of_a_kind = old[i].startswith(_HEADS) == new[j].startswith(_HEADS)
                likeness = _likeness(olds[i], news[j]) if of_a_kind else 0.0
                like[i, j] = likeness
                paired = gain[i + 1][j + 1] + likeness if likeness >= _ALIKE else 0
                gain[i][j] = max(gain[i + 1][j], gain[i][j + 1], paired)
    i = j = 0
    while i < rows or j < columns:
        if i < rows and j < columns and like.get((i, j), 0) >= _ALIKE and gain[i][j] == gain[i + 1][j + 1] + like[i, j]:
            yield old[i], new[j]
            i, j = i + 1, j + 1
        elif i < rows and (j == columns or gain[i][j] == gain[i + 1][j]):
            yield old[i], None
            i += 1
        else:
            yield None, new[j]
            j += 1


def _pairs(text: str) -> Counter[str]:
    """Return how often which two characters follow each other."""
    return Counter(map("".join, zip(text, text[1:], strict=False))) or Counter([text])


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Return how much two texts have in common, from 0 to 1 (Sørensen and Dice)."""
    return 2 * (one & other).total() / (one.total() + other.total())


def _blocks(html: str) -> Iterator[str]:
    from bs4 import BeautifulSoup  # read when versions are compared: most processes never do

    soup = BeautifulSoup(html, "html.parser")
    for link in soup.select("a.compliance-permalink"):
        link.decompose()
    for link in soup.select("a[rel~=noopener]"):  # those that leave the site
        if link["href"] != link.get_text():
            link.append(f" ({link['href']})")
    for picture in soup.find_all("img"):
        picture.replace_with(f"{picture.get('alt') or ''} ({picture.get('src')})")
    yield from _walk(soup)


def _walk(node: Tag) -> Iterator[str]:
    """Return the blocks in *node*, the text of its own included."""
    from bs4.element import Tag

    inline: list[PageElement] = []
    for child in node.children:
        if not isinstance(child, Tag) or not (child.name in _CONTAINERS or _HEADING.fullmatch(child.name)):
            inline.append(child)
            continue
        yield from _block(inline)
        inline = []
        if child.name == "tr":
            cells = (" ".join(cell.get_text().split()) for cell in child.find_all(["th", "td"]))
            yield " | ".join(cells)
        elif _HEADING.fullmatch(child.name):
            yield from _block([child], is_heading=True)
        else:
            yield from _walk(child)
    yield from _block(inline)


def _block(inline: Sequence[PageElement], *, is_heading: bool = False) -> Iterator[str]:
    text = " ".join("".join(part.get_text() for part in inline).split())
    if text:
        yield f"{_HEADS}{text}" if is_heading else text
