"""What a page has in common with one that was read before: the same bytes, though they may have moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Span: TypeAlias = tuple[int, int]

_STEP = 256  # bytes that are compared first; then twice as many each time, up to a sixteenth of what there is
_SIGN = 32  # bytes by which a place is found again
_WINDOW = 4096  # bytes by which a stretch may be longer than it was
_TRIES = 4  # places at which one looks for the end of a difference
_MOST = 16  # differences; what differs in more is another page


class Block(NamedTuple):
    """*length* bytes that stand at *old* in one page and at *new* in the other."""

    old: int
    new: int
    length: int

    def ends(self, old: bytes, new: bytes, length: int) -> bool:
        """Return whether it holds the last *length* bytes of both pages."""
        return length <= self.length and self.old + self.length == len(old) and self.new + self.length == len(new)


def blocks(old: bytes, new: bytes) -> list[Block]:
    """Return what *new* has in common with *old*, in order: at most a few blocks, the rest counts as different."""
    found = [Block(0, 0, _common(old, 0, new, 0))]
    while len(found) <= _MOST:
        last = found[-1]
        here, there = last.old + last.length, last.new + last.length
        if here == len(old) or there == len(new):
            break
        resumed = _resumed(old, here, new, there)
        if resumed is None:
            break
        found.append(Block(*resumed, _common(old, resumed[0], new, resumed[1])))
    last = found[-1]
    here, there = last.old + last.length, last.new + last.length
    if (length := _common_end(old, here, new, there)) > 0:
        found.append(Block(len(old) - length, len(new) - length, length))
    return found


def spans(common: Sequence[Block], length: int) -> list[Span]:
    """Return from where to where a page of *length* bytes differs from the one that it has *common* blocks with.

    Where something was taken out that is from a place to itself.
    """
    ends = [0, *(block.new + block.length for block in common)]
    return [
        (end, start)
        for end, start in zip(ends, [*(block.new for block in common), length], strict=True)
        if end < start or 0 < start < length
    ]


def _resumed(old: bytes, here: int, new: bytes, there: int) -> tuple[int, int] | None:
    """Return where, after *here* and *there*, both may be alike again: at a tag, by its first bytes."""
    at = here
    for _ in range(_TRIES):
        at = old.find(b"<", at + 1)
        if at < 0:
            return None
        found = new.find(old[at : at + _SIGN], there, there + at - here + _WINDOW)
        if found >= 0:
            return at, found
    return None


def _common(old: bytes, here: int, new: bytes, there: int) -> int:
    """Return how many bytes from *here* and *there* on are the same."""
    most = min(len(old) - here, len(new) - there)
    length, step, longest = 0, min(most, _STEP), most // 16
    while step:
        if new.startswith(old[here + length : here + length + step], there + length):
            length += step
            step = min(2 * step if step < longest else step, most - length)
        else:
            step //= 2
            longest = 0
    return length


def _common_end(old: bytes, here: int, new: bytes, there: int) -> int:
    """Return how many bytes at the end, behind *here* and *there*, are the same."""
    most = min(len(old) - here, len(new) - there)
    length, step, longest = 0, min(most, _STEP), most // 16
    while step:
        end = len(old) - length
        if new.endswith(old[end - step : end], 0, len(new) - length):
            length += step
            step = min(2 * step if step < longest else step, most - length)
        else:
            step //= 2
            longest = 0
    return length
