from __future__ import annotations

from typing import Any

import pytest

from compliance import Compliance, SettingsError
from compliance.languages import territory
from compliance.recipients import Recipient, doubts, held_for_good, mixed, recipients, separate, unnamed
from compliance.settings import load
from support.host import create_app


def named(settings: dict[str, Any], *trackers: dict[str, Any]) -> tuple[Recipient, ...]:
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics", "social"], "trackers": list(trackers)}
    return recipients(load(settings))


def test_only_what_the_site_names_is_listed(settings: dict[str, Any]) -> None:
    assert named(settings) == ()
    (one,) = named(settings, {"host": "stats.example.org", "category": "analytics"})
    assert (one.hosts, one.name, one.country, one.abroad) == (("stats.example.org",), None, None, None)


def test_what_the_site_leaves_out_is_taken_from_the_catalogue(settings: dict[str, Any]) -> None:
    (one,) = named(settings, {"host": "hm.baidu.com", "category": "analytics"})
    assert one.name and (one.name.get("en"), one.name.get("zh_CN")) == ("Baidu Tongji", "百度统计")
    assert (one.country, one.abroad) == ("CN", False)
    assert "HMACCOUNT" in one.cookies


def test_what_the_site_says_goes_before_the_catalogue(settings: dict[str, Any]) -> None:
    own = {
        "provider": "Counter",
        "country": "SG",
        "cookies": ["_c"],
        "policy": "https://c.example/p",
        "purpose": "Counts.",
    }
    (one,) = named(settings, {"host": "hm.baidu.com", "category": "analytics", **own})
    assert one.name and one.purpose
    assert (one.name.get(), one.country, one.cookies, one.policy, one.purpose.get()) == (
        *("Counter", "SG", ("_c",), "https://c.example/p", "Counts."),
    )


@pytest.mark.parametrize(("country", "abroad"), [("CN", False), ("US", True), ("HK", True), ("TW", True)])
def test_abroad_is_what_lies_outside_the_mainland(settings: dict[str, Any], country: str, abroad: bool) -> None:
    (one,) = named(settings, {"host": "x.example", "category": "social", "country": country})
    assert one.abroad is abroad


def test_addresses_of_one_recipient_stand_together(settings: dict[str, Any]) -> None:
    of_one = {"provider": "Counter", "country": "CN", "category": "analytics"}
    found = named(
        settings,
        {"host": "a.example", "cookies": ["_a"], **of_one},
        {"host": "other.example", "category": "analytics"},
        {"host": "b.example", "cookies": ["_a", "_b"], **of_one},
        {"host": "c.example", **of_one, "category": "social"},
        {"host": "*", "path": "/c.js", **of_one},
    )
    assert [(one.hosts, one.cookies, one.category) for one in found] == [
        (("a.example", "b.example", "/c.js"), ("_a", "_b"), "analytics"),
        (("other.example",), (), "analytics"),
        (("c.example",), (), "social"),
    ]


@pytest.mark.parametrize(
    ("code", "locale", "name"),
    [
        ("US", "en", "United States"),
        ("US", "zh_CN", "美国"),
        ("HK", "zh_CN", "中国香港特别行政区"),
        ("TW", "zh_CN", "中国台湾"),
        ("TW", "en", "Taiwan, China"),
        ("XX", "en", "XX"),
    ],
)
def test_countries_and_regions_have_names(code: str, locale: str, name: str) -> None:
    assert territory(code, locale) == name


ABROAD = {"host": "a.example", "category": "analytics", "country": "US"}
HERE = {"host": "b.example", "category": "analytics", "country": "CN", "entrusted": True}
OWN_COOKIE = {"name": "_own", "category": "analytics", "purpose": "Counts."}


@pytest.mark.parametrize(
    ("mode", "trackers", "cookies", "refused"),
    [
        ("opt-in", [ABROAD], [], False),
        ("opt-in", [HERE], [], False),
        ("opt-in", [ABROAD, HERE], [], True),
        ("opt-in", [ABROAD, {"host": "hm.baidu.com", "category": "analytics", "entrusted": True}], [], True),
        ("opt-in", [ABROAD, {"host": "hm.baidu.com", "category": "social"}], [], False),
        ("opt-in", [ABROAD, {"host": "unknown.example", "category": "analytics", "entrusted": True}], [], True),
        ("opt-in", [ABROAD], [OWN_COOKIE], True),
        ("opt-in", [ABROAD | {"category": "necessary"}, HERE], [], False),
        ("opt-out", [ABROAD, HERE], [], False),  # which is warned of
    ],
)
def test_box_that_mixes_what_goes_abroad_stops_the_start(
    settings: dict[str, Any], mode: str, trackers: list[Any], cookies: list[Any], refused: bool
) -> None:
    categories = ["analytics", "social"]
    settings["consent"] = {"mode": mode, "categories": categories, "trackers": trackers, "cookies": cookies}
    loaded = load(settings)
    assert bool(mixed(loaded)) == refused
    assert separate(loaded, "analytics") == (mode == "opt-in" and ABROAD in trackers and not refused)
    if refused:
        with pytest.raises(SettingsError) as refusal:
            Compliance(create_app(), settings=settings)
        assert [problem.key for problem in refusal.value.problems] == ["consent.trackers"]
        assert "art. 39" in str(refusal.value) and "[consent.categories.abroad]" in str(refusal.value)
    else:
        Compliance(create_app(), settings=settings)


PROVIDED = HERE | {"host": "d.example", "entrusted": False}


@pytest.mark.parametrize(
    ("mode", "trackers", "cookies", "refused"),
    [
        ("opt-in", [PROVIDED], [], []),
        ("opt-in", [PROVIDED, PROVIDED | {"host": "e.example"}], [], []),
        ("opt-in", [PROVIDED, HERE], [], ["d.example"]),
        ("opt-in", [PROVIDED, HERE | {"category": "social"}], [], []),
        ("opt-in", [PROVIDED, HERE | {"category": "necessary"}], [], []),
        ("opt-in", [PROVIDED | {"category": "necessary"}, HERE], [], []),
        ("opt-in", [PROVIDED, ABROAD], [], ["d.example", "a.example"]),
        ("opt-in", [PROVIDED], [OWN_COOKIE], ["d.example"]),
        ("opt-in", [PROVIDED], [OWN_COOKIE | {"provider": "D"}], []),
        ("opt-in", [{"host": "unknown.example", "category": "analytics"}, HERE], [], ["unknown.example"]),
        ("opt-out", [PROVIDED, HERE], [OWN_COOKIE], []),  # which is warned of
    ],
)
def test_box_that_mixes_what_is_provided_to_others_at_home_stops_the_start(
    settings: dict[str, Any], mode: str, trackers: list[Any], cookies: list[Any], refused: list[str]
) -> None:
    categories = ["analytics", "social"]
    settings["consent"] = {"mode": mode, "categories": categories, "trackers": trackers, "cookies": cookies}
    problems = mixed(load(settings))
    assert [problem.value for problem in problems] == refused
    if refused:
        assert "art. 23" in problems[0].remedy and "[consent.categories.partners]" in problems[0].remedy
        assert "entrusted = true" in problems[0].remedy
        assert ("your own cookies: _own;" in problems[0].remedy) == bool(cookies)
        with pytest.raises(SettingsError, match=r"art\. 23"):
            Compliance(create_app(), settings=settings)


def test_remedy_for_what_is_provided_to_others_is_taken(settings: dict[str, Any]) -> None:
    for change in ({"category": "partners"}, {"entrusted": True}):
        settings["consent"] = {
            "mode": "opt-in",
            "categories": {"analytics": {}, "partners": {"name": "Partners"}},
            "trackers": [PROVIDED | change, HERE],
        }
        assert mixed(load(settings)) == ()


@pytest.mark.parametrize("mode", ["notice", "opt-out"])
def test_what_takes_separate_consent_and_runs_before_anybody_is_asked_is_warned_of(
    settings: dict[str, Any], mode: str
) -> None:
    trackers = [ABROAD, HERE, PROVIDED, ABROAD | {"host": "c.example", "category": "necessary"}]
    settings["consent"] = {"mode": mode, "categories": ["analytics"], "trackers": trackers}
    told = {doubt.value: doubt.remedy for doubt in doubts(load(settings)) if doubt.key == "consent.trackers"}
    assert list(told) == ["a.example", "d.example"]
    assert "art. 39" in told["a.example"] and "art. 23" in told["d.example"]
    settings["consent"] |= {"mode": "opt-in", "trackers": [ABROAD]}
    assert doubts(load(settings)) == ()


@pytest.mark.parametrize(
    ("consent", "missing"),
    [
        ({"mode": "notice"}, []),
        ({"mode": "opt-in"}, []),
        ({"mode": "opt-out"}, []),
        ({"mode": "opt-in", "categories": ["analytics"]}, ["advertising", "functional", "social"]),
        ({"mode": "opt-in", "categories": ["functional", "analytics", "social"]}, ["advertising"]),
    ],
)
def test_what_no_reader_is_asked_about_is_told(settings: dict[str, Any], consent: Any, missing: list[str]) -> None:
    found = held_for_good(load(settings | {"consent": consent}))
    assert sorted(str(one).split("about '")[1].split("'")[0] for one in found) == missing
    if "functional" in missing:
        told = next(str(one) for one in found if "'functional'" in str(one))
        assert "cdn.bootcdn.net" in told and "cdn.staticfile.org" in told and "consent.trackers" in told


def test_a_library_that_the_site_files_itself_is_not_told(settings: dict[str, Any]) -> None:
    tracker = {"host": "cdn.bootcdn.net", "category": "necessary"}
    consent = {"mode": "opt-in", "categories": ["analytics"], "trackers": [tracker]}
    assert not any("cdn.bootcdn.net" in str(one) for one in held_for_good(load(settings | {"consent": consent})))


@pytest.mark.parametrize(
    ("provider", "trackers", "told"),
    [
        (None, [], []),
        ("Counter", [], ["_c"]),
        ("Counter", [{"host": "c.example", "category": "analytics"}], ["_c"]),
        ("Counter", [{"host": "c.example", "category": "analytics", "provider": "Counter"}], []),
        ("Counter", [{"host": "c.example", "category": "analytics", "cookies": ["_c"]}], []),
        ({"en": "Baidu", "zh_CN": "百度统计"}, [{"host": "hm.baidu.com", "category": "analytics"}], []),
    ],
)
def test_provider_of_a_cookie_that_is_no_recipient_is_told(
    settings: dict[str, Any], provider: Any, trackers: list[Any], told: list[str]
) -> None:
    cookie = OWN_COOKIE | {"name": "_c"} | ({"provider": provider} if provider else {})
    settings["site"]["languages"] = ["en", "zh_CN"]
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"], "trackers": trackers, "cookies": [cookie]}
    problems = unnamed(load(settings))
    assert [problem.value for problem in problems] == told
    assert all("Counter" in problem.remedy and "[[consent.trackers]]" in problem.remedy for problem in problems)


def test_start_says_whose_cookie_lacks_a_recipient(settings: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    cookie = {"name": "_c", "category": "analytics", "purpose": "Counts.", "provider": "Counter"}
    settings["consent"] = {"mode": "opt-in", "categories": ["analytics"], "cookies": [cookie]}
    Compliance(create_app(), settings=settings)
    assert "neither contact nor method of 'Counter'" in caplog.text
