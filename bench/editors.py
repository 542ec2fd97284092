"""Fifty editors at once in the console, whom locust plays: how fast it answers, and whether a change is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from compliance.cases import Kind
from compliance.console import create_console
from compliance.console.queue.search import SHOWN
from compliance.console.state import NAME, Console
from compliance.ledger import Acts, verify_acts
from compliance.messages import Submission
from compliance.staff import Role, Stage

from .injection import SETTINGS
from .ledger import _database
from .served import gunicorn
from .table import Row

KINDS = ("sqlite", "postgresql")
EDITORS = 50
SECONDS = 20
CASES = 40
WORKERS, THREADS = 2, 8
_KEY = "a key of sixteen bytes or more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it: *requests* a second, what 95 of 100 took at most in milliseconds, answers that were none.

    *changes* were acknowledged, of which so many are *lost*: not in the case, or not in the audit log.
    """

    requests: float
    slow: float
    faults: int
    changes: int
    lost: int


def rows() -> Iterator[Row]:
    """Let all of them work at once; the share is how much of it failed."""
    for kind in KINDS:
        with _database(kind) as url, TemporaryDirectory() as folder:
            outcome = together(url, Path(folder), editors=EDITORS, seconds=SECONDS)
        yield Row(
            page=f"{EDITORS} editors",
            subject=f"no answer, {kind}",
            measured=f"{outcome.requests:.0f} req/s",
            share=outcome.faults,
            goal=0,
        )
        yield Row(
            page=f"{outcome.changes} changes",
            subject=f"lost, {kind}",
            measured=f"95%: {outcome.slow:.0f} ms",
            share=outcome.lost,
            goal=0,
        )


def served() -> Flask:
    """Return the console that the editors work in, for a server."""
    return _console(os.environ["COMPLIANCE_BENCH_URL"], Path(os.environ["COMPLIANCE_BENCH_FOLDER"]))


def together(url: str, folder: Path, *, editors: int, seconds: int) -> Outcome:
    """Let so many *editors* work in a console on the database at *url* for some *seconds*, and look what came of it."""
    here: Console = _console(url, folder).extensions[NAME]
    told = {"COMPLIANCE_BENCH_URL": url, "COMPLIANCE_BENCH_FOLDER": str(folder)}
    numbers = [_sent(here, place) for place in range(CASES)]
    (folder / "editors.json").write_text(json.dumps([_signed_in(here, place) for place in range(editors)]), "utf-8")
    with gunicorn("bench.editors:served()", workers=WORKERS, threads=THREADS, told=told) as port:
        command = [sys.executable, "-m", "locust", "--locustfile", str(Path(__file__).with_name("editing.py"))]
        command += [
            "--headless",
            "--only-summary",
            "--json",
            "--host",
            f"http://127.0.0.1:{port}",
            "--loglevel",
            "ERROR",
        ]
        command += ["--users", str(editors), "--spawn-rate", str(editors), "--run-time", f"{seconds}s"]
        command += ["--stop-timeout", "30", "--exit-code-on-error", "0"]
        done = subprocess.run(command, env={**os.environ, **told}, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    begun, ended = (
        at(one[name] for one in measured) for at, name in ((min, "start_time"), (max, "last_request_timestamp"))
    )
    acknowledged = [tuple(one) for one in json.loads((folder / "acknowledged.json").read_text("utf-8"))]
    outcome = Outcome(
        requests=sum(one["num_requests"] for one in measured) / (ended - begun),
        slow=_percentile(measured),
        faults=sum(one["num_failures"] for one in measured),
        changes=len(acknowledged),
        lost=_lost(here, numbers, acknowledged),
    )
    here.store.database.close()
    return outcome


def _percentile(measured: list[dict[str, Any]]) -> float:
    """Return what 95 of 100 answers took at most, in milliseconds."""
    taken = sorted((float(time), count) for one in measured for time, count in one["response_times"].items())
    left = sum(count for _, count in taken) * 0.05
    while len(taken) > 1 and taken[-1][1] <= left:
        left -= taken.pop()[1]
    return taken[-1][0] if taken else 0.0


def at_work(url: str, folder: Path) -> tuple[Flask, str]:
    """Return a console on the database at *url* with more cases than a page has, and the cookie of an editor in it."""
    app = _console(url, folder)
    here: Console = app.extensions[NAME]
    for place in range(SHOWN + 1):
        _sent(here, place)
    return app, _signed_in(here, 0)[1]


def _lost(here: Console, numbers: list[str], acknowledged: list[tuple[str, ...]]) -> int:
    """Return how many changes are missing in the cases or the audit log, and how many cases are not what they say."""
    kept, broken = Counter[tuple[str, ...]](), 0
    for number in numbers:
        case = here.store.box.cases.get(number, opened=False)
        changes = [event for event in case.events if event.kind in ("noted", "assigned")]
        kept.update((number, event.actor_name, event.text if event.kind == "noted" else "") for event in changes)
        owners = [event.text for event in changes if event.kind == "assigned"]
        broken += case.assignee != (owners or [""])[-1] or case.version != len(case.events)
    logged = Counter[tuple[str, ...]]()
    for act in here.trail.latest(Acts(), limit=1_000_000):
        logged[act.about, act.actor, act.action] += 1
    said = Counter((number, name, "case_noted" if text else "case_assigned") for number, name, text in acknowledged)
    missing = (Counter(acknowledged) - kept).total() + (said - logged).total()
    return missing + broken + len(list(verify_acts(here.trail)))


def _console(url: str, folder: Path) -> Flask:
    return create_console({**SETTINGS, "storage": {"url": url}}, secret_key=_KEY, folder=folder)


def _sent(here: Console, place: int) -> str:
    told = Submission(
        kind=Kind.MESSAGE, language="zh_CN", body=f"第{place}封来信：{'地铁口的牌子写错了，请改正。' * 10}"
    )
    return here.store.box.intake.accept(told, key=None, proof=None, source=f"{place}", now=datetime.now(UTC)).number


def _signed_in(here: Console, place: int) -> tuple[str, str]:
    """Return the name of a new editor, and the cookie of a browser in which they are signed in."""
    name, now = f"editor{place}", datetime.now(UTC)
    here.accounts.add(name, Role.HANDLER, now=now)
    key = here.sessions.begin(here.accounts.get(name), Stage.FULL, agent="Mozilla/5.0", network="127.0.0.0/24", now=now)
    app = Flask("cookies")
    app.secret_key = here.store.vault.keys("console")[0]
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return name, serializer.dumps({"_user_id": key})
