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

_SERVERS = set(SERVERS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser, and as slow that, what builds packages, signs in or speaks to a database server.

    What takes about a second for another reason is marked where it stands.
    """
    for item in items:
        needed = getattr(item, "fixturenames", ())
        folder = item.path.parent.parts
        if "playwright" in needed or "browser" in folder or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
        elif "cluster" in folder:
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.slow)
        elif {"repository", "console"} & set(folder) or "release" in needed or _speaks_to_a_server(item):
            item.add_marker(pytest.mark.slow)


def _speaks_to_a_server(item: pytest.Item) -> bool:
    params = getattr(getattr(item, "callspec", None), "params", {})
    return any(isinstance(value, str) and value in _SERVERS for value in params.values())


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
