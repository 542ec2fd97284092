from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.trackers import Catalogue, Tracker
from compliance.trackers.expressions import addresses, cookies

CATEGORIES = ("functional", "analytics", "advertising", "social")
HOSTS = ["a.test", "b.a.test", "c.b.a.test", "xa.test", "*"]
PATHS = ["/", "/tr", "/tr/", "/tr/x.js", "/x.js", "/a+b(c)"]


def tracker(host: str, path: str, category: str) -> Tracker:
    return Tracker(host=host, path=path, category=category, provider={})


def found(pairs: list[tuple[str, str]], host: str, path: str) -> str:
    """What a browser finds: the first expression that fits."""
    return next((category for category, pattern in pairs if re.search(pattern, host + path, re.ASCII)), "")


def told(catalogue: Catalogue, host: str, path: str) -> str:
    match = catalogue.match(f"https://{host}{path}")
    return match.category if match and match.category in CATEGORIES else ""


def test_browser_finds_the_categories_of_the_catalogue() -> None:
    catalogue = Catalogue()
    pairs = addresses(catalogue, CATEGORIES)
    for one in catalogue.trackers:
        for host in (one.host, f"www.{one.host}", f"x{one.host}"):
            host = host.replace("*", "any.test")
            for path in (one.path, f"{one.path}x", f"/x{one.path}", "/"):
                assert found(pairs, host, path) == told(catalogue, host, path), (host, path)


@given(
    st.lists(
        st.builds(tracker, st.sampled_from(HOSTS), st.sampled_from(PATHS), st.sampled_from((*CATEGORIES, "necessary"))),
        unique_by=lambda one: (one.host, one.path),
        max_size=8,
    ),
    st.sampled_from(["a.test", "b.a.test", "c.b.a.test", "d.c.b.a.test", "xa.test", "any.test"]),
    st.sampled_from([*PATHS, "/travel", "/tr/x.jsp", "/y/x.js", "/y/tr"]),
)
def test_browser_finds_what_the_site_says_of_its_own(own: list[Tracker], host: str, path: str) -> None:
    catalogue = Catalogue(own)
    assert found(addresses(catalogue, CATEGORIES), host, path) == told(catalogue, host, path)


def test_what_nobody_is_asked_about_is_not_listed() -> None:
    listed = "".join(pattern for _, pattern in addresses(Catalogue(), ["analytics"]))
    assert "baidu" in listed and "youtube" not in listed and "jsdelivr" not in listed


@pytest.mark.parametrize(
    ("name", "category"),
    [("_ga", "analytics"), ("_ga_ABC", "analytics"), ("x_ga", None), ("a.b", "social"), ("axb", None), ("a*b", None)],
)
def test_cookies_are_known_by_their_names(name: str, category: str | None) -> None:
    pairs = cookies({"analytics": ["_ga", "_ga_*"], "advertising": [], "social": ["a.b"]})
    assert [key for key, _ in pairs] == ["analytics", "social"]
    assert next((key for key, pattern in pairs if re.search(pattern, name)), None) == category
