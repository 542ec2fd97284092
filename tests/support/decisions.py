"""Decisions to append, and a process that appends them: imported alone, so that it starts at once."""

from __future__ import annotations

import itertools
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compliance.ledger import Entry, Ledger, Text
from compliance.store import Database

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)
KEY = b"k" * 32
PRIVACY = Text(name="privacy", version="1.0", language="en", text="Privacy\n\nWe keep what you decide.")
COOKIES = Text(name="cookies", version="1.1", language="zh_CN", text="Cookie 政策\n\n我们使用 Cookie。")
TEXTS = {"privacy": PRIVACY.hash, "cookies": COOKIES.hash}
_NUMBERS = itertools.count()


def entry(**values: Any) -> Entry:
    given = {
        "record": f"record-{next(_NUMBERS)}",
        "before": None,
        "time": NOW,
        "policy": "1.0+1.1",
        "mode": "opt-in",
        "method": "custom",
        "choices": {"analytics": True, "advertising": False},
        "language": "zh_CN",
        "path": "/news/1",
        "texts": {},
    }
    return Entry(**given | values)


def append_some(url: str, folder: str, count: int) -> None:
    with closing(Database(url, folder=Path(folder))) as database:
        book = Ledger(database, [KEY])
        for _ in range(count):
            book.append([entry(record=f"{os.getpid()}-{next(_NUMBERS)}")], [PRIVACY, COOKIES])
