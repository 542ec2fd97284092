from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance
from support.databases import SERVERS
from support.databases import address as address
from support.databases import database as database
from support.examples import examples
from support.host import SETTINGS, create_app

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("patient", deadline=None, max_examples=examples(100))
hypothesis.settings.load_profile("patient")

_SLOW_FIXTURES = {"playwright", "release"}
_SERVERS = set(SERVERS)
_SLOW_FOLDERS = {"browser", "repository"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what opens a browser, starts servers, builds packages or speaks to a database server.

    What takes about a second for another reason is marked where it stands.
    """
    for item in items:
        needed = set(getattr(item, "fixturenames", ()))
        params = getattr(getattr(item, "callspec", None), "params", {})
        if needed & _SLOW_FIXTURES or _SLOW_FOLDERS & set(item.path.parts) or _SERVERS & set(map(str, params.values())):
            item.add_marker(pytest.mark.slow)


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
