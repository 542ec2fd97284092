from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance
from support.databases import address as address
from support.databases import database as database
from support.host import SETTINGS, create_app

# A busy machine is slow, not wrong.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")


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
