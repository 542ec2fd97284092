"""What the Nu HTML checker says: of a wrapped page nothing that it does not say of the host's, of our own nothing."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

import demo
from compliance import Compliance
from compliance.paths import TRANSLATIONS
from hosts import blog, portal
from support.frameworks import PACKAGES, PAGE
from support.host import SETTINGS
from support.vendors import VENDORS

pytestmark = pytest.mark.slow

CHECKER = PACKAGES / "vnu-jar" / "build" / "dist" / "vnu.jar"
if shutil.which("java") is None:
    pytest.skip("Java is not installed (apt-get install default-jre-headless)", allow_module_level=True)
MODES = ("notice", "opt-in", "opt-out")
DEMO = ("/", "/articles/consuls-general-two-sessions", "/zh/search?q=a", "/nothing", "/archive/hill-city.html")
LANGUAGES = sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())
WITHOUT = "Element “img” is missing one or more of the following attributes: “src”"
ARTICLE = "<h1>News</h1><p>The river rose."
#: Pages as they are found: right but for what is left out, old, wrong.
MESSY = {
    "bare": ARTICLE,
    "left out": f"<!doctype html><html lang=en><title>News</title>{ARTICLE}",
    "quirks": "<html><head><title>News</title></head><body bgcolor=white>"
    f"<center><font size=2>{ARTICLE}</font></center></body>",
    "xhtml": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
    '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">'
    f'<html xmlns="http://www.w3.org/1999/xhtml" lang="en"><head><title>News</title></head>'
    f"<body>{ARTICLE}</p><br /></body></html>",
    "open": f"<!doctype html><html lang=en><title>News</title><main><div><section>{ARTICLE}<table><tr><td>1",
    "footers": f"<!doctype html><html lang=en><title>News</title><header>News</header><main>{ARTICLE}</main>"
    "<footer><h2 id=contact>Contact</h2><nav aria-label=Legal><a href=/a>About</a></nav></footer>",
    "after": f"<!doctype html><html lang=en><title>News</title><body>{ARTICLE}</body></html><p>And more.",
    "trackers": "<!doctype html><html lang=en><head><title>News</title>"
    + "".join(vendor.head for vendor in VENDORS)
    + f"</head><body>{ARTICLE}"
    + "".join(vendor.body for vendor in VENDORS)
    + "</body></html>",
    "pictures": f"<!doctype html><html lang=en><title>News</title>{ARTICLE}"
    "<img src=https://www.google-analytics.com/collect?v=1 alt='' width=1 height=1>"
    "<iframe src=https://www.youtube.com/embed/1 title=Film></iframe>"
    "<script src=https://hm.baidu.com/hm.js async></script>",
}


def wrapped(app: Flask, mode: str) -> FlaskClient:
    settings = deepcopy(SETTINGS)
    settings["site"]["languages"] = LANGUAGES
    settings["consent"] = {"mode": mode, "categories": ["analytics", "advertising", "social"]}
    settings["limits"] = {"enabled": False}
    settings["messages"] = {"challenge": "none"}
    settings["mourning"] = {}
    Compliance(app, settings=settings)
    return app.test_client()


def hosts(folder: Path) -> Iterator[tuple[str, Flask, tuple[str, ...]]]:
    """Name every host, make it, and say which of its pages are looked at."""
    yield "demo", demo.create_app(), DEMO
    messy = Flask("messy", instance_path=str(folder / "messy"))
    pages = {**MESSY, **{lang: PAGE.format(lang=lang.replace("_", "-")) for lang in LANGUAGES}}
    for number, html in enumerate(pages.values()):
        messy.add_url_rule(f"/{number}", str(number), html.__str__)
    yield "messy", messy, tuple(f"/{number}" for number in range(len(pages)))
    for host, paths in ((blog, ("/", "/accounts/login")), (portal, ("/", "/nothing"))):
        place = folder / host.__name__
        place.mkdir(parents=True)
        yield host.__name__, host.create_app(place), paths


def own_pages(client: FlaskClient, language: str) -> Iterator[tuple[str, bytes]]:
    """Every kind of page of ours in *language*, as a reader comes to see it."""

    def get(path: str) -> bytes:
        return client.get(f"/compliance/{path}{'&' if '?' in path else '?'}lang={language}").data

    def post(path: str, **data: Any) -> bytes:
        answer = client.post(f"/compliance/{path}", data={"lang": language, **data}, follow_redirects=True)
        return answer.data

    for path in ("consent", "message", "report", "nothing", "legal/nothing", "legal/privacy"):
        yield path, get(path)
    yield "no record", get("record")
    for name in ("cookies", "terms", "about", "contact"):
        yield name, get(f"legal/{name}")
    yield "chosen", post("consent", choice="custom", category="analytics")
    yield "record", get("record")
    yield "no choice", post("consent", choice="nothing")
    yield "no message", post("message")
    yield "no report", post("report", category="nothing")
    yield "message sent", post("message", body="The year is wrong.")
    yield "no case", post("receipt", number="1", code="2")


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """What is wrong with every page, by the name of its file: all in one run of the checker."""
    folder = tmp_path_factory.mktemp("pages")

    def keep(name: str, html: bytes) -> None:
        assert b"<" in html, name
        file = folder / (re.sub(r"\W+", "-", name) + ".html")
        assert not file.exists()
        # The checker takes a file for UTF-8, whatever it says of itself.
        file.write_bytes(html.decode("gbk").encode().replace(b"gb2312", b"utf-8") if b"gb2312" in html else html)

    for host, app, paths in hosts(tmp_path_factory.mktemp("unwrapped")):
        for path in paths:
            keep(f"bare {host} {path}", app.test_client().get(path, buffered=True).data)
    for mode in MODES:
        for host, app, paths in hosts(tmp_path_factory.mktemp(mode)):
            app.secret_key, app.instance_path = "key", str(tmp_path_factory.mktemp(f"{mode}-{host}"))
            client = wrapped(app, mode)
            for path in paths:
                keep(f"{mode} {host} {path}", client.get(path, buffered=True).data)
            if host == "messy":
                for language in LANGUAGES if mode == "opt-in" else ("en", "ar"):
                    for name, html in own_pages(app.test_client(), language.replace("_", "-")):
                        keep(f"ours {mode} {language} {name}", html)
    # Started once for a few hundred pages: to compile what it runs with care costs more than it saves.
    quick = ("-Xss16m", "-XX:TieredStopAtLevel=1")
    command = ["java", *quick, "-jar", CHECKER, "--format", "json", "--stdout", "--exit-zero-always", folder]
    answer = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, Counter[str]] = {file.stem: Counter() for file in folder.iterdir()}
    for message in json.loads(answer.stdout)["messages"]:
        # What is held has no address while it waits; where the tag is long, the checker shows its end alone.
        held = "data-compliance-hold" in message.get("extract", "") or message["message"].startswith(WITHOUT)
        if message["type"] == "error" and not held:
            found[Path(message["url"]).stem][message["message"]] += 1
    return found


def test_wrapping_adds_no_error(errors: dict[str, Counter[str]]) -> None:
    added = {}
    for name, found in errors.items():
        mode, _, page = name.replace("opt-", "opt").partition("-")
        if mode not in ("bare", "ours") and (more := found - errors[f"bare-{page}"]):
            added[name] = more
    assert added == {}


def test_our_own_pages_have_no_error(errors: dict[str, Counter[str]]) -> None:
    ours = {name: found for name, found in errors.items() if name.startswith("ours-")}
    assert len(ours) > 100
    assert {name: found for name, found in ours.items() if found} == {}
