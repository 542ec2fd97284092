"""Rows of the ledger as records for others: for an authority, a spreadsheet, a program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from ..errors import Message
from .chain import DECISION, Link

COLUMNS = (
    Message("number"),
    Message("time"),
    Message("record"),
    Message("before"),
    Message("decision"),
    Message("choices"),
    Message("policy"),
    Message("mode"),
    Message("language"),
    Message("path"),
    Message("texts"),
)
HASHES = (Message("hash"), Message("previous"), Message("content_hash"), Message("salt"))


def within(links: Iterable[Link], first: datetime | None, end: datetime | None) -> Iterator[Link]:
    """Return those of *links* from *first* on and before *end*."""
    return (link for link in links if (not first or link.at >= first) and (not end or link.at < end))


def record_of(link: Link) -> dict[str, Any]:
    """Return *link* as a record of `COLUMNS` and `HASHES`, and the *source* where there is one."""
    said = link.said
    names = ("record", "before", "choices", "language", "path", "texts", "source")
    decision = said.get("method") or ("erased" if link.kind == DECISION else f"erasure of {said.get('erased')}")
    return {
        "number": link.sequence,
        "time": link.at,
        "decision": decision,
        "policy": link.policy,
        "mode": link.mode,
        **{name: said.get(name) for name in names},
        **{name: getattr(link, name) for name in HASHES},
    }


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return *record* for a table: what holds several values is one text."""
    return {name: pairs(value) if isinstance(value, dict) else value for name, value in record.items()}


def pairs(value: dict[str, Any]) -> str:
    """Return what *value* says of each of its names, in one line."""
    words = {True: "yes", False: "no"}
    return " ".join(f"{name}={words.get(part, part)}" for name, part in value.items())
