"""What an editor of `editors` does all day, for locust: reads the queue, opens a case, writes a note or takes it."""

from __future__ import annotations

import json
import os
import random
import re
from itertools import count
from pathlib import Path

from locust import HttpUser, constant, events, task

FOLDER = Path(os.environ["COMPLIANCE_BENCH_FOLDER"])
_WAITING = json.loads((FOLDER / "editors.json").read_text("utf-8"))
_ACKNOWLEDGED: list[tuple[str, str, str]] = []  # the case, who changed it, and the text of a note, empty where taken
_NUMBERS = count()
_TAKEN, _CONFLICT = 303, 409
_TRIES = 100


class Editor(HttpUser):
    """One editor, who waits for nothing but answers."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Sit down at a browser that is signed in."""
        self.name, cookie = _WAITING.pop()
        self.client.cookies.set("compliance_console", cookie, domain="127.0.0.1", path="/")

    @task
    def work(self) -> None:
        """Change one of the cases that are listed; where somebody was faster, look again."""
        listed = self.client.get("/messages", name="queue").text
        number = random.choice(re.findall(r'href="/cases/([^"/]+)"', listed))
        text = f"note {self.name} {next(_NUMBERS)}" if random.random() < 0.5 else ""
        if any(self._changed(number, text) for _ in range(_TRIES)):
            _ACKNOWLEDGED.append((number, self.name, text))

    def _changed(self, number: str, text: str) -> bool:
        page = self.client.get(f"/cases/{number}", name="case").text
        token, version = (re.findall(f'name="{name}" value="([^"]+)"', page)[0] for name in ("csrf_token", "version"))
        form = {"text": text} if text else {"to": self.name, "version": version}
        with self.client.post(
            f"/cases/{number}/{'note' if text else 'assign'}",
            {**form, "csrf_token": token},
            name="change",
            allow_redirects=False,
            catch_response=True,
        ) as answer:
            if answer.status_code in (_TAKEN, _CONFLICT):
                answer.success()
            return answer.status_code == _TAKEN


@events.quitting.add_listener
def _keep(**_: object) -> None:
    (FOLDER / "acknowledged.json").write_text(json.dumps(_ACKNOWLEDGED), "utf-8")
