"""Days of mourning: pages lose their colours by the clock of Shanghai, and no page in a cache changes for it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Response
from PIL import Image

from compliance import Compliance, SettingsError
from compliance.settings import Mourning, load
from support.browser import Page, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page

DAY = timedelta(days=1)


def mourning(toml: str) -> Mourning:
    return Mourning.model_validate(tomllib.loads(toml))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "begin", "end"),
    [
        ("{ first = 2026-12-13, last = 2026-12-13 }", "2026-12-12T16:00", "2026-12-13T16:00"),
        ("{ first = 2022-12-05, last = 2022-12-06 }", "2022-12-04T16:00", "2022-12-06T16:00"),
        ("{ first = 2020-04-04T10:00:00, last = 2020-04-04 }", "2020-04-04T02:00", "2020-04-04T16:00"),
        ("{ first = 2020-04-04, last = 2020-04-04T20:00:00 }", "2020-04-03T16:00", "2020-04-04T12:00"),
        ("{ first = 2020-04-04, last = 2020-04-04T20:00:00Z }", "2020-04-03T16:00", "2020-04-04T20:00"),
    ],
)
def test_a_period_is_by_the_clock_of_shanghai(period: str, begin: str, end: str) -> None:
    days = mourning(f"periods = [{{ first = 2000-01-01, last = 2000-01-01 }}, {period}]")
    moment = timedelta.resolution
    seen = [days.lasts(at) for at in (utc(begin) - moment, utc(begin), utc(end) - moment, utc(end))]
    assert seen == [False, True, True, False]
    assert days.steady(utc(begin) - DAY) == DAY
    assert days.steady(utc(begin)) == utc(end) - utc(begin)
    assert days.steady(utc(end)) > 10000 * DAY


@pytest.mark.parametrize(
    ("period", "remedy"),
    [
        ({"first": date(2026, 12, 14), "last": date(2026, 12, 13)}, "on or after 2026-12-14"),
        ({"first": date(2026, 12, 13), "last": datetime(2026, 12, 13)}, "on or after 2026-12-13"),
        ({"first": "2026-12-13", "last": date(2026, 12, 13)}, "without quotes"),
        ({"first": date(2026, 12, 13), "last": 20261213}, "without quotes"),
        ({"first": date(2026, 12, 13)}, "this is missing"),
        ({"first": date(2026, 12, 13), "last": date(2026, 12, 13), "until": 1}, "no such key"),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(settings: dict[str, Any], period: Any, remedy: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load({**settings, "mourning": {"periods": [period]}})
    [problem] = refusal.value.problems
    assert problem.key.startswith("mourning.periods[0].") and remedy in problem.remedy


def period(**days: int) -> dict[str, Any]:
    """A period whose ends are some days from now."""
    return {name: datetime.now(UTC) + count * DAY for name, count in days.items()}


NONE: list[dict[str, Any]] = []
OVER = [period(first=-2, last=-1)]
LASTING = [period(first=-1, last=1)]
COMING = [period(first=1, last=2)]
#: A moment shortly after a test begins, which may be minutes after the tests were collected.
SOON = "soon"


def create_site(settings: dict[str, Any], days: list[dict[str, Any]] | None) -> Flask:
    if days is not None:
        settings["mourning"] = {"periods": days}
    app = Flask("site")
    app.config["SECRET_KEY"] = "key"
    html = (
        "<!doctype html><html lang=en><title>News</title><link rel=stylesheet href=/site.css>"
        "<body><h1>News</h1><i id=corner></i></body></html>"
    )
    css = "html{background:#fc0}#corner{position:fixed;top:0;right:0;width:9px;height:9px;background:red}"
    app.add_url_rule("/", "home", lambda: html)
    app.add_url_rule("/site.css", "css", lambda: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))
    Compliance(app, settings=settings)
    return app


def test_page_and_tag_stay_the_same_whatever_the_day(settings: dict[str, Any]) -> None:
    answers = [create_site(settings, days).test_client().get("/") for days in (NONE, OVER, LASTING, COMING)]
    assert len({answer.data for answer in answers}) == 1
    assert len({answer.headers.get("ETag") for answer in answers}) == 1
    assert b'href="/compliance/mourning"' in answers[0].data


def test_without_the_table_pages_ask_for_nothing(settings: dict[str, Any]) -> None:
    client = create_site(settings, None).test_client()
    assert b"/mourning" not in client.get("/").data + client.get("/compliance/message").data
    assert client.get("/compliance/mourning").data == b""  # a page from a cache may ask still


@pytest.mark.parametrize(
    ("days", "grey", "kept"),
    [
        (NONE, False, 300),
        (OVER, False, 300),
        (COMING, False, 300),
        (LASTING, True, 300),
        ([{"first": date(2000, 1, 1), "last": SOON}], True, 200),
        ([{"first": SOON, "last": date(2999, 1, 1)}], False, 200),
    ],
)
def test_no_cache_keeps_colours_past_the_next_change(
    settings: dict[str, Any], days: list[dict[str, Any]], grey: bool, kept: int
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=200)
    days = [{key: soon if moment is SOON else moment for key, moment in period.items()} for period in days]
    answer = create_site(settings, days).test_client().get("/compliance/mourning")
    assert (answer.status_code, answer.mimetype, b"grayscale" in answer.data) == (200, "text/css", grey)
    assert answer.cache_control.public
    assert 0 <= answer.cache_control.max_age <= kept
    assert answer.cache_control.max_age == kept or kept < 300
    assert "ETag" not in answer.headers and "Vary" not in answer.headers


def colours(page: Page) -> set[tuple[int, ...]]:
    """The colours in a picture of *page* that are no grey."""
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    return {colour for _, colour in picture.getcolors(1 << 24) if max(colour) - min(colour) > 2}


@pytest.mark.parametrize("javascript", [True, False])
def test_a_page_from_a_cache_turns_grey_and_back(
    settings: dict[str, Any], open_page: Callable[..., Page], javascript: bool
) -> None:
    cached = create_site(settings, NONE).test_client().get("/").text
    for days, grey in ((COMING, False), (LASTING, True), (OVER, False)):
        with serving(create_site(settings, days)) as url:
            page = open_page(f"{url}/compliance/legal/about", java_script_enabled=javascript)
            assert page.eval_on_selector(":root", "root => getComputedStyle(root).filter !== 'none'") is grey
            page.route(f"{url}/", lambda route: route.fulfill(body=cached, content_type="text/html"))
            page.goto(url)
            banner = page.locator("[data-compliance=banner]").bounding_box()
            assert round(banner["y"] + banner["height"]) == page.viewport_size["height"]
            assert bool(colours(page)) is not grey
            if javascript:
                page.locator("[data-compliance=message] a").click()
                page.locator("dialog").wait_for()
                page.locator("dialog").evaluate("dialog => dialog.style.background = '#0c0'")
                assert bool(colours(page)) is not grey


def test_a_filter_of_the_site_gives_way(settings: dict[str, Any], open_page: Callable[..., Page]) -> None:
    site = create_site(settings, LASTING)
    with serving(site) as url:
        page = open_page(url)
        page.add_style_tag(content="html{filter:sepia(1)}body{filter:none}")
        assert colours(page) == set()
