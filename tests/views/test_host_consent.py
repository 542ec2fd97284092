"""A host decides on the server what it does with a reader's consent (the Python interface)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, stream_with_context
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from compliance import Compliance
from compliance.consent import COOKIE
from hosts.counter import SEEN, create_app
from support.host import create_app as create_plain

pytestmark = pytest.mark.slow

ARTICLE = "/articles/hotpot"
CATEGORIES = ["functional", "analytics"]
Counting = Callable[..., FlaskClient]


@pytest.fixture
def counting(settings: dict[str, Any], tmp_path: Path) -> Counting:
    """A reader of the host that counts, which asks in *mode*."""

    def counting(mode: str = "opt-in", key: str = "key") -> FlaskClient:
        compliance = Compliance(settings=settings | {"consent": {"mode": mode, "categories": CATEGORIES}})
        app = create_app(compliance, tmp_path, key)
        compliance.init_app(app)
        return app.test_client()

    return counting


def decide(client: FlaskClient, choice: str, *categories: str) -> None:
    assert client.post("/compliance/consent", data={"choice": choice, "category": list(categories)}).status_code == 303


def is_counted(client: FlaskClient, **headers: str) -> bool:
    page = client.get(ARTICLE, headers={name.replace("_", "-"): value for name, value in headers.items()})
    said = "Your visit is counted." in page.text
    assert said is (SEEN in page.headers.get("Set-Cookie", "") and "Max-Age=86400" in page.headers["Set-Cookie"])
    return said


@pytest.mark.parametrize(
    ("mode", "fresh", "with_signal"), [("opt-in", False, False), ("opt-out", True, False), ("notice", True, False)]
)
def test_before_a_decision_the_mode_and_the_browsers_signal_decide(
    counting: Counting, mode: str, fresh: bool, with_signal: bool
) -> None:
    assert is_counted(counting(mode)) is fresh
    assert is_counted(counting(mode), Sec_GPC="1") is with_signal


@pytest.mark.parametrize("mode", ["opt-in", "opt-out", "notice"])
def test_decision_counts_whatever_the_mode_and_the_browser_say(counting: Counting, mode: str) -> None:
    client = counting(mode)
    decide(client, "reject")
    assert not is_counted(client)
    decide(client, "accept")
    assert is_counted(client, Sec_GPC="1")
    decide(client, "custom", "functional")
    assert not is_counted(client)
    decide(client, "custom", "analytics")
    assert is_counted(client)


def test_withdrawing_takes_away_the_cookie_and_what_was_counted(counting: Counting) -> None:
    client = counting()
    decide(client, "accept")
    for _ in range(3):
        client.get(ARTICLE)
    seen = client.get_cookie(SEEN)
    assert seen is not None and seen.value == "3"
    assert list(client.application.config["VISITS"].values()) == [3]
    decide(client, "withdraw")
    assert client.application.config["VISITS"] == {}
    client.get(ARTICLE)
    assert client.get_cookie(SEEN) is None


def test_signal_carries_the_record_that_views_then_see(counting: Counting) -> None:
    client = counting()
    decide(client, "accept")
    reader = client.get("/reader").get_json()
    assert client.application.config["AGREED"] == [reader["record_id"]]
    assert reader["choices"] == {"functional": True, "analytics": True}
    assert reader["given"] is True and reader["policy"]


def test_reader_without_a_decision_has_no_record(counting: Counting) -> None:
    reader = counting("opt-out").get("/reader").get_json()
    choices = {"functional": True, "analytics": True}
    assert reader == {"given": False, "choices": choices, "policy": None, "record_id": None}


@pytest.mark.parametrize("value", ["garbled", "eyJjaG9pY2VzIjp7ImFuYWx5dGljcyI6dHJ1ZX19.aaaaaa.bbbb", ""])
def test_forged_cookie_allows_nothing(counting: Counting, value: str) -> None:
    client = counting()
    client.set_cookie(COOKIE, value)
    assert not is_counted(client)


def test_cookie_of_another_site_allows_nothing(counting: Counting) -> None:
    theirs, ours = counting(), counting(key="another")
    decide(theirs, "accept")
    held = theirs.get_cookie(COOKIE)
    assert held is not None and is_counted(theirs)
    ours.set_cookie(COOKIE, held.value)
    assert not is_counted(ours)


@pytest.mark.parametrize(
    ("path", "vary"), [(ARTICLE, {"cookie", "sec-gpc"}), ("/maps/hall", {"cookie", "sec-gpc"}), ("/about", set())]
)
def test_page_that_asked_anywhere_is_for_this_reader_alone(counting: Counting, path: str, vary: set[str]) -> None:
    assert counting().get(path).vary.as_set() == vary


def test_stream_that_asks_too_late_is_told(settings: dict[str, Any], tmp_path: Path) -> None:
    compliance = Compliance(settings=settings)
    app = create_app(compliance, tmp_path)

    @app.get("/stream/<when>")
    def stream(when: str) -> Iterator[str]:
        if when == "early":
            _ = compliance.consent
        return stream_with_context(f"{compliance.consent.given}" for _ in range(2))

    compliance.init_app(app)
    early = app.test_client().get("/stream/early")
    assert (early.text, early.vary.as_set()) == ("FalseFalse", {"cookie", "sec-gpc"})
    with pytest.raises(RuntimeError, match="read it in the view"):
        app.test_client().get("/stream/late")


def test_page_for_this_reader_alone_leaves_out_the_banner_that_is_done_with(counting: Counting) -> None:
    client = counting()
    banner = 'data-compliance="banner"'
    assert banner in client.get("/maps/hall").text
    decide(client, "custom", "functional")
    page = client.get("/maps/hall").text
    assert banner not in page and 'src="/maps/hall.html"' in page
    assert banner in client.get("/about").text  # the same for all readers


@pytest.mark.parametrize("path", ["/maps/hall", "/about"])
@pytest.mark.parametrize("name", ["banner", "footer", "report", "message", "licences"])
def test_what_a_template_places_is_there_once(counting: Counting, path: str, name: str) -> None:
    page = BeautifulSoup(counting().get(path).text, "html.parser")
    outermost = [
        node for node in page.select(f"[data-compliance={name}]") if node.find_parent(attrs=node.attrs) is None
    ]
    assert len(outermost) == 1


def test_one_instance_answers_for_the_application_of_the_request(settings: dict[str, Any], tmp_path: Path) -> None:
    compliance = Compliance(settings=settings | {"consent": {"mode": "opt-in", "categories": CATEGORIES}})
    apps = [create_app(compliance, tmp_path / key, key) for key in ("one", "two")]
    for app in apps:
        compliance.init_app(app)
    one, two = (app.test_client() for app in apps)
    decide(one, "accept")
    decide(two, "reject")
    assert (is_counted(one), is_counted(two)) == (True, False)
    assert [len(app.config["AGREED"]) for app in apps] == [1, 0]


def test_consent_is_read_while_a_page_is_made_not_kept_for_the_next(counting: Counting) -> None:
    client = counting()
    other = client.application.test_client()
    decide(client, "accept")
    assert [is_counted(reader) for reader in (client, other, client)] == [True, False, True]


def test_import_and_setup_leave_the_classes_of_flask_alone(tmp_path: Path) -> None:
    script = """
import flask, jinja2, werkzeug.wrappers
owners = [flask.Flask, flask.Request, flask.Response, flask.Blueprint, jinja2.Environment, werkzeug.wrappers.Response]
before = [dict(vars(owner)) for owner in owners]
import compliance
site = {"name": "N", "url": "https://n.example", "operator": "O", "email": "o@n.example", "languages": ["en"]}
app = flask.Flask("host")
app.secret_key = "a long random value"
compliance.Compliance(app, settings={"site": site})
app.test_client().get("/")
print([{name for name in old.keys() | vars(owner).keys() if old.get(name) is not vars(owner).get(name)}
       for old, owner in zip(before, owners)])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (run.stderr, run.stdout) == ("", f"{[set()] * 6}\n")


@pytest.mark.parametrize("mounts", [("/news", "/photos"), ("", "/photos")])
def test_applications_beside_one_another_leave_each_others_decisions_alone(
    settings: dict[str, Any], mounts: tuple[str, str]
) -> None:
    settings["consent"] = {"mode": "opt-in", "categories": CATEGORIES}
    apps = [wrapped(settings, key) for key in ("the key of one site", "the key of another")]
    first, second = (Client(DispatcherMiddleware(apps[0], dict(zip(mounts, apps, strict=True)))) for _ in range(2))
    for client, order in ((first, mounts), (second, mounts[::-1])):
        # The first to decide is overwritten once at most, where it lies above the other.
        for choice in ("reject", "accept", "reject"):
            for mount in order:
                decided = client.post(f"{mount}/compliance/consent", data={"choice": choice})
                assert decided.status_code == 303
        client.post(f"{order[0]}/compliance/consent", data={"choice": "accept"})
        assert [(kept["given"], kept["decided"]) for kept in (known(client, mount) for mount in order)] == [
            (True, True),
            (False, True),
        ]
    # One that lies alone below a path has the whole host, and one that does again takes back what it had for itself.
    client = Client(DispatcherMiddleware(Flask("outer"), {"/photos": apps[1]}))
    client.set_cookie(COOKIE, "foreign", path="/")
    client.post("/photos/compliance/consent", data={"choice": "reject"})
    client.delete_cookie(COOKIE, path="/")
    client.post("/photos/compliance/consent", data={"choice": "accept"})
    assert [cookie.path for cookie in client._cookies.values()] == ["/"]
    assert known(client, "/photos")["given"]


def wrapped(settings: dict[str, Any], key: str) -> Flask:
    app = create_plain()
    app.secret_key = key
    consent = Compliance(app, settings=settings)

    @app.get("/known")
    def known() -> dict[str, bool]:
        return {"given": consent.consent.given, "decided": consent.consent.record_id is not None}

    return app


def known(client: Client, mount: str) -> dict[str, bool]:
    found: dict[str, bool] = client.get(f"{mount}/known").get_json()
    return found
