"""Text in the columns of a terminal, of which a Chinese character takes two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..characters import width


def padded(text: str, columns: int) -> str:
    """Return *text* with as many spaces behind it as fill *columns*."""
    return text + " " * (columns - width(text))


def cut(text: str, columns: int) -> str:
    """Return as much of *text* as *columns* of a terminal hold."""
    if width(text) <= columns:
        return text
    text = text[:columns]
    while width(text) >= columns:
        text = text[:-1]
    return f"{text}…"


def wrapped(text: str, indent: int, columns: int) -> str:
    """Return *text* in lines of at most *columns*, all but the first moved in by *indent*."""
    return filled(_words(text) if text else (), indent, columns)


def filled(words: Iterable[str], indent: int, columns: int) -> str:
    """Return *words*, each with what stands behind it, in lines as `wrapped` does."""
    lines, line = [], ""
    for word in words:
        if line and width(line + word.rstrip()) > columns - indent:
            lines.append(line.rstrip())
            line = ""
        line += word if line else word.lstrip()
    return f"\n{' ' * indent}".join((*lines, line.rstrip()))


def _words(text: str) -> Iterator[str]:
    """Yield what stays together on a line: a word with the space after it, a Chinese character with what closes it."""
    word = ""
    for character, following in zip(text, (*text[1:], ""), strict=True):
        word += character
        wide = width(character) == 2 or width(following or " ") == 2
        if character == " " or (
            wide and following not in "，。、；：？！）》」』”’,.;:?!)]>" and character not in "（《「『“‘([<"
        ):
            yield word
            word = ""
    if word:
        yield word
