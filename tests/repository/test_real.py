"""Some of the applications of `make real`, those that are installed within seconds: the same with us as without us."""

from __future__ import annotations

import pytest

from real.applications import APPLICATIONS, Application
from real.comparison import differences
from support.browser import Browser
from support.browser import chromium as chromium

QUICK = [application for application in APPLICATIONS if application.name in ("flasgger", "flask-admin")]


@pytest.mark.parametrize("application", QUICK, ids=lambda application: application.name)
def test_an_application_of_others_is_the_same_with_us(chromium: Browser, application: Application) -> None:
    assert differences(chromium, application) == []
