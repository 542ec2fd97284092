"""Print what injection costs, beside its goals: `make bench`. Exit status 1 where a goal is missed."""

from __future__ import annotations

import sys

from . import audit, costs, gate, injection, ledger, reading, served, stamp, startup, store, stream, texts
from .table import print_table

met = [
    print_table("A process that starts", "beyond Flask", startup.rows()),
    print_table("Time per page and per request", "÷ turbohtml.rewrite", injection.rows()),
    print_table("What holding trackers adds to a request", "÷ turbohtml.rewrite", gate.rows()),
    print_table("A page that a generator makes", "MB beside unwrapped", stream.rows()),
    print_table("Requests per second under gunicorn", "÷ unwrapped", served.rows()),
    print_table("Folders stamped", "÷ cp -r", stamp.rows()),
    print_table("A form of odd texts", f"÷ the time of 1/{texts.TIMES}", texts.rows()),
    print_table("Odd input", "÷ the time of half of it", costs.rows()),
    print_table("Messages kept a second", "÷ append and sync", store.rows()),
    print_table(f"A message kept, {store.PACE} a second", "slowest, s", store.paced_rows()),
    print_table("A full box", f"÷ the time of {store.SIZES[0]:,}", store.growth_rows()),
    print_table("Decisions a second", "÷ append and sync", ledger.rows()),
    print_table("A reader's record", f"÷ the time of {ledger.CHAINS[0]}", ledger.record_rows()),
    print_table("Feet and heads read", "share", reading.rows()),
    print_table("Mentions told from loads", "share of errors", reading.error_rows()),
    print_table("Pages checked a second", "÷ lxml; MB", audit.rows()),
    print_table("A ledger read again", "MB more than 10,000", ledger.verified_rows()),
]
sys.exit(not all(met))
