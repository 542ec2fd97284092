"""What a process of a site pays for two more lines before it has shown its first page: processor time and memory."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .table import Row

ROUNDS = 15
#: Seconds and megabytes beyond Flask alone.
GOALS = {"seconds": 0.30, "MB": 25.0}
# Memory is the process's own peak; the clock begins before Flask is read.
_SITE = """
import json, resource, time
start = time.process_time()
from flask import Flask
if {wrapped}:
    from compliance import Compliance
app = Flask("site", instance_path="/")
app.secret_key = "a key of sixteen bytes or more"
app.add_url_rule("/", view_func=lambda: "<!doctype html><html lang=en><title>t</title><body><p>p</p></body></html>")
if {wrapped}:
    Compliance(app, settings="compliance.toml")
assert app.test_client().get("/").status_code == 200
told = {{"seconds": time.process_time() - start, "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}
print(json.dumps(told))
"""


def rows() -> Iterator[Row]:
    """Start both sites in turns; the share is the median over the rounds of what the wrapped one took more."""
    taken: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for number in range(ROUNDS + 1):
        for wrapped in sorted(taken, reverse=bool(number % 2)):
            told = _started(wrapped)
            if number:  # the first round compiles what is read
                taken[wrapped].append(told)
    for what, goal in GOALS.items():
        pairs = zip(taken[False], taken[True], strict=True)
        more = statistics.median(wrapped[what] - bare[what] for bare, wrapped in pairs)
        whole = statistics.median(told[what] for told in taken[True])
        yield Row(page="a first page", subject=what, measured=f"{whole:.2f} in all", share=more, goal=goal)


def _started(wrapped: bool) -> dict[str, float]:
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", _SITE.format(wrapped=wrapped)]
    told: dict[str, float] = json.loads(subprocess.check_output(command, cwd=root))
    return told
