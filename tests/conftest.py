from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import hypothesis
import pytest
from databases import address as address
from databases import database as database
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

SETTINGS: dict[str, Any] = {
    "site": {
        "name": "iChongqing",
        "url": "https://www.ichongqing.info",
        "operator": "Chongqing International Communication Center",
        "slogan": {"en": "New Era, New Journey, New Chongqing", "zh_CN": "新时代 新征程 新重庆"},
        "email": "service@ichongqing.info",
        "languages": ["en", "zh_CN"],
    },
    "licences": {"icp": "渝ICP备20009753号-2", "news": "50120220004"},
    "reporting": {"telephone": "+86-23-67158993", "national_centre": True},
    "consent": {"mode": "notice"},
}
PAGE = "<!doctype html><html lang={lang}><title>News</title><body><h1>News</h1></body></html>"


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    """What drives the browsers of `browser`; there may be one of it at a time."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture
def settings() -> dict[str, Any]:
    """The settings of the model page, to change at will."""
    return deepcopy(SETTINGS)


# What an application keeps lies in a folder of its own, which goes with the process.
_INSTANCES = TemporaryDirectory(prefix="compliance-", ignore_cleanup_errors=True)


def create_app(**config: Any) -> Flask:
    """A host with a page in English at `/`, one in Chinese at `/zh`, and nothing of ours."""
    # A folder of its own: the checkout's templates are not the host's.
    app = Flask("host", root_path=str(Path(__file__).parent), instance_path=mkdtemp(dir=_INSTANCES.name))
    app.config.update(SECRET_KEY="key", TESTING=True, **config)
    app.add_url_rule("/", "home", lambda: PAGE.format(lang="en"))
    app.add_url_rule("/zh", "chinese", lambda: PAGE.format(lang="zh-CN"))
    return app


@pytest.fixture
def host() -> Flask:
    """A host that is not wrapped yet."""
    return create_app()


@pytest.fixture
def app(host: Flask, settings: dict[str, Any]) -> Flask:
    """A wrapped host."""
    Compliance(host, settings=settings)
    return host


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser on the wrapped host."""
    return app.test_client()
