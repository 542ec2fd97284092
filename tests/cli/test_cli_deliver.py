"""`flask compliance deliver`, and the way of an answer from the command line to the sender's mailbox."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from compliance import Compliance
from compliance.cases import State
from compliance.cli import compliance
from compliance.messages import Box
from support.delivery import EDITORS, started, until
from support.delivery import mail as mail
from support.proxy import Proxy
from support.served import KEY
from support.smtp import MailServer


@pytest.fixture
def app(host: Flask, settings: dict[str, Any], mail: MailServer) -> Iterator[Flask]:
    """A site that asks for no proof, tells its editors and has a mail server."""
    settings["messages"] = {"challenge": "none", "deliver_to": [EDITORS], "receipt_prefix": "CQ"}
    settings["mail"] = {"host": "127.0.0.1", "port": mail.port}
    Compliance(host, settings=settings)
    yield host
    host.extensions["compliance"].database.close()


def box(app: Flask) -> Box:
    found: Box = app.extensions["compliance"].box
    return found


def deliver(app: Flask, *arguments: str, status: int = 0) -> Result:
    result = app.test_cli_runner().invoke(args=["compliance", "deliver", *arguments])
    assert result.exit_code == status, result.output
    return result


def listed(app: Flask, *arguments: str, status: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(deliver(app, *arguments, "--format", "json", status=status).output)
    return found


def send(app: Flask) -> str:
    """Report a page as a reader does; return the receipt number."""
    form = {"category": "rumour", "page": "/zh", "body": "数字没有出处。", "truth": "on", "contact": "wang@example.cn"}
    headers = {"Sec-Fetch-Site": "same-origin", "Accept": "application/json"}
    response = app.test_client().post("/compliance/report?lang=zh-CN", data=form, headers=headers)
    assert response.status_code == 201, response.text
    return str(response.json["receipt"])


def test_an_answer_reaches_its_sender(app: Flask, mail: MailServer):
    number = send(app)
    assert deliver(app).output == "1 sent, 0 to be tried again, 0 given up.\n"
    [told] = mail.received
    assert told.recipients == (EDITORS,)
    assert number in str(told.message.get_content())
    box(app).cases.move(number, State.RESOLVED_ACTION, text="已删除。", now=datetime.now(UTC))
    assert deliver(app).output.startswith("1 sent")
    letter = mail.received[1]
    assert letter.recipients == ("wang@example.cn",)
    said = str(letter.message.get_content())
    [link] = re.findall(r"https://\S+", said)
    assert link == f"https://www.ichongqing.info/compliance/receipt/{number}"
    assert "已删除" not in said
    assert app.test_client().get(link.removeprefix("https://www.ichongqing.info")).status_code == 200
    assert deliver(app).output.startswith("0 sent")


def test_status_tells_how_much_waits_since_when(app: Flask):
    send(app)
    editors, senders = listed(app, "--status")
    assert editors["target"] == "messages.deliver_to[0]"
    assert (editors["waiting"], editors["dead"], senders["waiting"]) == (1, 0, 0)
    assert datetime.now(UTC).year == datetime.fromisoformat(editors["oldest"]).year
    assert senders["target"] == "sender" and senders["oldest"] is None
    assert deliver(app, "--status").output.split()[:3] == ["target", "waiting", "oldest"]


@pytest.mark.slow
def test_what_was_given_up_is_listed_and_tried_again(app: Flask, mail: MailServer):
    mail.refuse["RCPT"] = f"550 5.1.1 no {EDITORS}"
    number = send(app)
    assert deliver(app, "--dead").output.split() == ["id", "number", "target", "attempts", "reason", "created", "died"]
    assert "1 given up" in deliver(app, status=1).output
    [letter] = listed(app, "--dead", status=1)
    assert (letter["number"], letter["reason"], letter["attempts"]) == (number, "recipient", 1)
    assert "example.org" not in deliver(app, "--dead", status=1).output
    assert listed(app, "--status", status=1)[0]["dead"] == 1
    mail.refuse.clear()
    deliver(app, "--retry", "01890000-0000-7000-8000-000000000000", status=2)
    assert deliver(app, "--retry", letter["id"]).output == "1 will be tried again.\n"
    assert listed(app, "--dead") == []
    deliver(app)
    assert len(mail.received) == 1
    assert deliver(app, "--retry", "all").output == "0 will be tried again.\n"


def test_what_failed_is_told_and_not_given_up(app: Flask, mail: MailServer):
    mail.refuse["MAIL"] = "451 4.3.2 later"
    send(app)
    assert deliver(app, status=1).output == "0 sent, 1 to be tried again, 0 given up.\n"
    assert listed(app, "--status")[0]["reason"] == "sender"


@pytest.mark.parametrize(
    "arguments", [["--watch", "--dead"], ["--status", "--retry", "all"], ["--retry", "x"], ["--interval", "0"]]
)
def test_what_makes_no_sense_cannot_run(arguments: list[str], app: Flask):
    deliver(app, *arguments, status=2)


def test_without_an_application_it_cannot_run():
    result = CliRunner().invoke(compliance, ["deliver"])
    assert (result.exit_code, result.stdout) == (2, "")


def test_without_a_database_it_cannot_run(host: Flask, settings: dict[str, Any]):
    settings["storage"] = {"url": "postgresql+psycopg://postgres@127.0.0.1:1/none"}
    Compliance(host, settings=settings)
    result = deliver(host, status=2)
    assert "Traceback" not in result.output and "database" in result.stderr


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.slow
def test_a_worker_that_watches_sends_what_it_has_and_ends(
    name: signal.Signals, host: Flask, settings: dict[str, Any], mail: MailServer, tmp_path: Path
):
    with Proxy("127.0.0.1", mail.port) as proxy:
        settings["messages"] = {"challenge": "none", "deliver_to": [EDITORS]}
        settings["mail"] = {"host": "127.0.0.1", "port": proxy.port}
        settings["storage"] = {"url": f"sqlite:///{tmp_path / 'site.db'}"}
        host.config["SECRET_KEY"] = KEY
        Compliance(host, settings=settings)
        send(host)
        proxy.hang()
        with started(tmp_path, settings, "--watch", "--interval", "600") as process:
            until(lambda: proxy.accepted)
            process.send_signal(name)
            proxy.restore()
            _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")
    assert len(mail.received) == 1
    assert listed(host, "--status")[0]["waiting"] == 0
    host.extensions["compliance"].database.close()
