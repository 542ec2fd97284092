"""The demo's console: a first account, and what readers wrote and decided within a month. `make demo` starts it."""

from __future__ import annotations

import base64
import sys
import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from compliance.cases import Kind, State
from compliance.console.application import beside
from compliance.console.state import NAME, Console
from compliance.deadlines import SHANGHAI, day
from compliance.messages import Submission
from compliance.messages.listing import Filter, count
from compliance.staff import Role, StaffError
from compliance.staff.second_factor import code_of
from compliance.views import SiteState

from . import decisions

LETTERS = Path(__file__).parent / "letters.toml"
ACCOUNT = "demo"
_STEP = timedelta(seconds=30)  # a code is good for so long
_EDITOR = "demo"


def open_console(site: SiteState, *, now: datetime) -> Any:
    """Return the console of *site*, with the account, the letters and the decisions of the demo in it."""
    app = beside(site)
    here: Console = app.extensions[NAME]
    if not count(site.database, Filter(states=frozenset(State)), now=now):
        fill(site, now=now)
    if not site.ledger.length():
        decisions.fill(site, now=now)
    try:
        here.accounts.get(ACCOUNT)
    except StaffError:
        here.accounts.add(ACCOUNT, Role.ADMINISTRATOR, now=now)
        account = here.accounts.get(ACCOUNT)
        here.accounts.set_password(account, password(site))
        # Known by the code before this one: the one that is shown now is still good.
        before = now - _STEP
        here.accounts.set_second_factor(account, secret(site), code_of(secret(site), now=before), now=before)
    return app


def password(site: SiteState) -> str:
    """Return the password of the account: one for each installation of the demo, made of its key."""
    return "-".join(site.vault.digest("demo password", "")[start : start + 5] for start in (0, 5, 10))


def secret(site: SiteState) -> str:
    """Return the key of the account's telephone, made likewise."""
    return base64.b32encode(site.vault.key("demo telephone")[:20]).decode()


def fill(site: SiteState, *, now: datetime) -> None:
    """Put the letters into the box of *site*, the oldest first, and what became of them."""
    letters = tomllib.loads(LETTERS.read_text(encoding="utf-8"))["letter"]
    for number, letter in enumerate(letters):
        sent = _moment(now, letter["days"], letter["hour"])
        accepted = site.box.intake.accept(
            _submission(site, letter), key=None, proof=None, doubts=letter.get("held", ()), source=f"{number}", now=sent
        )
        if "end" in letter or letter.get("taken"):
            cases, taken = site.box.cases, sent + timedelta(hours=3)
            cases.assign(accepted.number, by=_EDITOR, to=_EDITOR, now=taken)
            cases.move(accepted.number, State.IN_PROGRESS, by=_EDITOR, now=taken)
            if "end" in letter:
                end, text = State(letter["end"]), letter["answer"]
                cases.move(accepted.number, end, by=_EDITOR, text=text, now=sent + timedelta(hours=26))


def _submission(site: SiteState, letter: dict[str, Any]) -> Submission:
    prefix = "zh/" if letter["language"] == "zh_CN" else ""
    page = f"{site.settings.site.url}/{prefix}articles/{letter['page']}" if "page" in letter else ""
    names = ("category", "excerpt", "relation", "name", "contact")
    return Submission(
        kind=Kind(letter["kind"]),
        language=letter["language"],
        body=letter["body"],
        page=page,
        **{name: letter[name] for name in names if name in letter},
    )


def _moment(now: datetime, days: int, hour: int) -> datetime:
    """Return the *hour* of China, *days* before *now*."""
    return datetime.combine(day(now) - timedelta(days=days), time(hour), SHANGHAI).astimezone(UTC)


def main(port: int | None) -> None:
    """Serve the console at *port*, and say how to sign in; without a port, print the code of this moment alone."""
    from wsgi import app

    site: SiteState = app.extensions["compliance"]
    now = datetime.now(UTC)
    if port is None:
        print(code_of(secret(site), now=now))
        return
    from waitress import serve

    console = open_console(site, now=now)
    print(
        f"The console is at http://127.0.0.1:{port}/. Sign in as {ACCOUNT} with the password {password(site)}; the code"
        f" comes from `make demo-code`, or from an app on your telephone with the key {secret(site)}.",
        flush=True,
    )
    serve(console, host="127.0.0.1", port=port, ident=None, _quiet=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
