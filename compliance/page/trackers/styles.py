"""Styles: the same rules without the addresses that are held, and with them again."""

from __future__ import annotations

from collections.abc import Callable

from ..loading import styled

#: Stands before an address that is held: with it the address is an empty one of its own, which nobody is asked for.
WITHHELD = "data:,compliance-hold:"


def withheld(style: str, leads: Callable[[str], bool]) -> str:
    """Return *style* with every address held of which *leads* says yes."""
    parts, place = [], 0
    for address, start in styled(style):
        if leads(address):
            parts += [style[place:start], WITHHELD]
            place = start
    return "".join((*parts, style[place:]))


def released(style: str) -> str:
    """Return *style* as it was before anything in it was held."""
    return style.replace(WITHHELD, "")
