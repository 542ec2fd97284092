"""What a process of a site pays for two more lines before it has shown its first page: processor time and memory."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .table import Row

ROUNDS = 15
_ROOT = Path(__file__).resolve().parents[1]
#: Seconds and megabytes beyond Flask alone.
GOALS = {"seconds": 0.30, "MB": 25.0}
#: Seconds of what stands in it, and of the commands' help.
PARTS = {"Compliance(app)": 0.030, "first page": 0.010}
HELP = 0.2
# Memory is the process's own peak; the clock begins before Flask is read.
_SITE = """
import json, re, time
start = time.process_time()
from flask import Flask
if {wrapped}:
    from compliance import Compliance
app = Flask("site", instance_path="/")
app.secret_key = "a key of sixteen bytes or more"
app.add_url_rule("/", view_func=lambda: "<!doctype html><html lang=en><title>t</title><body><p>p</p></body></html>")
begun = time.process_time()
if {wrapped}:
    Compliance(app, settings="compliance.toml")
client, made = app.test_client(), time.process_time()
assert client.get("/").status_code == 200
end = time.process_time()
peak = int(re.findall(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[0])
told = {{"seconds": end - start, "MB": peak / 1024}}
told |= {{"Compliance(app)": made - begun, "first page": end - made}}
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
    for what, goal in PARTS.items():
        more = statistics.median(wrapped[what] - bare[what] for bare, wrapped in zip(*taken.values(), strict=True))
        yield Row(page="seconds", subject=what, measured=f"{more * 1000:.1f} ms", share=more, goal=goal)
    helped = statistics.median(_helped() for _ in range(ROUNDS))
    yield Row(page="seconds", subject="--help", measured=f"{helped * 1000:.0f} ms", share=helped, goal=HELP)


def _helped() -> float:
    """Return the seconds of the processor that the commands' help takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "compliance", "--help"], cwd=_ROOT, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _started(wrapped: bool) -> dict[str, float]:
    command = [sys.executable, "-c", _SITE.format(wrapped=wrapped)]
    told: dict[str, float] = json.loads(subprocess.check_output(command, cwd=_ROOT))
    return told
