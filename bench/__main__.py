"""Print what injection costs, beside its goals: `make bench`; `make bench-large` for boxes and ledgers of a million.

Exit status 1 where a goal is missed; one table at the end says which.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable

from . import (
    audit,
    browsing,
    costs,
    decisions,
    editors,
    gate,
    injection,
    ledger,
    proxied,
    reading,
    scale,
    served,
    stamp,
    startup,
    store,
    stream,
    texts,
)
from .table import Row, print_table, print_verdict

Table = tuple[str, str, Callable[[], Iterable[Row]]]

TABLES: tuple[Table, ...] = (
    ("A process that starts", "beyond Flask", startup.rows),
    ("Time per page and per request", "÷ turbohtml.rewrite", injection.rows),
    ("What holding trackers adds to a request", "÷ turbohtml.rewrite", gate.rows),
    ("A page that a generator makes", "MB beside unwrapped", stream.rows),
    ("Time added to a request", "µs", served.added_rows),
    ("Requests per second under gunicorn", "÷ unwrapped", served.rows),
    ("A site behind another server", "÷ proxy_pass", proxied.rows),
    ("Folders stamped", "÷ cp -r", stamp.rows),
    ("A form of odd texts", f"÷ the time of 1/{texts.TIMES}", texts.rows),
    ("Odd input", "÷ the time of half of it", costs.rows),
    ("Messages kept a second", "÷ append and sync", store.rows),
    (f"A message kept, {store.PACE} a second", "slowest, s", store.paced_rows),
    ("Decisions a second", "÷ append and sync", ledger.rows),
    ("A reader's record", f"÷ the time of {ledger.CHAINS[0]}", ledger.record_rows),
    ("Editors at once", "failed; lost", editors.rows),
    ("Feet and heads read", "share", reading.rows),
    ("Mentions told from loads", "share of errors", reading.error_rows),
    ("Pages checked a second", "÷ lxml; MB", audit.rows),
    ("Pages opened a minute", "a minute; MB", browsing.rows),
)
LARGE: tuple[Table, ...] = (
    ("A full box", f"÷ the time of {store.SIZES[0]:,}", store.growth_rows),
    ("Pages of the console", "ms of SQL", store.console_rows),
    ("A ledger read again", "MB more than 10,000", ledger.verified_rows),
    ("Many decisions", "÷ single; s", decisions.offered_rows),
    ("Decisions that waited", "s", decisions.drained_rows),
    ("Verified while readers decide", "false alarms", decisions.alarm_rows),
    ("A ledger that grows", "as the subject says", decisions.growth_rows),
    ("A ledger of four years", "as the subject says", scale.rows),
)

begun = time.monotonic()
judged = [
    one
    for title, shared, rows in (LARGE if sys.argv[1:] == ["large"] else TABLES)
    for one in print_table(title, shared, rows())
]
sys.exit(not print_verdict(judged, time.monotonic() - begun))
