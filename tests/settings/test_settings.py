"""The settings file: where it is found, what is accepted, how everything that is wrong is told."""

from __future__ import annotations

import json
import re
import tomllib
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

import compliance
from compliance.errors import Problem, SettingsError
from compliance.paths import TEMPLATES
from compliance.settings import Settings, find, load
from compliance.settings.schema import schema

STARTER = TEMPLATES / "compliance.toml"
STARTER_TEXT = STARTER.read_text(encoding="utf-8")
#: The starter file with every key set.
WHOLE_TEXT = re.sub(r"^#(?=\S)", "", STARTER_TEXT, flags=re.MULTILINE)
LEAST: dict[str, Any] = {
    "site": {
        "name": "iChongqing",
        "url": "https://www.ichongqing.info",
        "operator": "Chongqing International Communication Center",
        "email": "service@ichongqing.info",
        "languages": ["en", "zh_CN"],
    }
}


def typed(key: str, value: Any) -> dict[str, Any]:
    """The least settings, with *key* set to *value*."""
    data = deepcopy(LEAST)
    *tables, name = key.split(".")
    table = data
    for step in tables:
        table = table.setdefault(step, {})
    table[name] = value
    return data


def tracker(**keys: Any) -> dict[str, Any]:
    return {"host": "a.cn", "category": "necessary", **keys}


def problems(source: Any) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as refusal:
        load(source)
    return refusal.value.problems


def problem(key: str, value: Any) -> Problem:
    (only,) = problems(typed(key, value))
    return only


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "compliance.toml"


# What is accepted


def test_starter_file_holds_the_values_of_the_model_page():
    settings = load(STARTER)
    assert [licence.number for licence in settings.licences.for_host(None)] == ["渝ICP备20009753号-2", "50120220004"]
    assert settings.reporting.telephone is not None
    assert settings.reporting.telephone.printed == "+86-23-67158993"
    assert settings.reporting.telephone.uri == "tel:+862367158993"
    assert settings.site.slogan is not None
    assert settings.site.slogan.get("en") == "New Era, New Journey, New Chongqing"
    assert settings.consent.mode == "notice"
    assert settings.warnings(date(2026, 1, 1)) == ()


def test_starter_file_shows_every_key_with_a_value_that_loads(file: Path):
    file.write_text(WHOLE_TEXT, encoding="utf-8")
    (file.parent / "legal").mkdir()
    for name in ("urgent.txt", "quarantine.txt", "corrections.toml", "sources.txt"):
        (file.parent / name).touch()
    settings = load(file)
    shown = tomllib.loads(WHOLE_TEXT)
    assert {name: set(shown[name]) for name in shown} == {
        name: set(type(getattr(settings, name)).model_fields) for name in Settings.model_fields
    }
    assert settings.legal.directory == file.parent / "legal"


def test_file_may_start_with_a_byte_order_mark(file: Path):
    file.write_text(STARTER_TEXT, encoding="utf-8-sig")
    assert load(file).site.url == "https://www.ichongqing.info"


def test_settings_know_their_file(file: Path):
    file.write_text(STARTER_TEXT, encoding="utf-8")
    settings = load(file)
    assert settings.path == file
    assert settings.changed == datetime.fromtimestamp(int(file.stat().st_mtime), UTC)
    assert load(LEAST).path is load(LEAST).changed is None


def test_loaded_settings_are_taken_as_they_are():
    settings = load(LEAST)
    assert load(settings) is settings


def test_settings_are_frozen():
    settings = load(LEAST)
    with pytest.raises(ValidationError):
        settings.site.prefix = "/other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("site.url", "https://www.中国.cn:8443/news"),
        ("site.url", "http://[::1]:8000"),
        ("site.languages", ["zh-Hans-CN", "en-US"]),
        ("site.prefix", "/about/compliance"),
        ("site.email", "first.last+news@mail.example.org"),
        ("reporting.url", "https://jubao.example.org/?site=1#form"),
        ("consent.lifetime_days", 1),
        ("messages.deliver_to", ["editors@example.org", "https://robot.example.org/send?key=x"]),
        ("limits.storage", "redis+sentinel://127.0.0.1:26379/mymaster"),
        ("storage.url", "postgresql+psycopg://user:secret@db/compliance"),
        ("licences.icp", {"www.例子.cn": "渝ICP备20009753号-2"}),
    ],
)
def test_value_is_accepted(key: str, value: Any):
    load(typed(key, value))


def test_trailing_slash_of_the_home_page_is_dropped():
    assert load(typed("site.url", "https://www.ichongqing.info/")).site.url == "https://www.ichongqing.info"


# Texts


@pytest.mark.parametrize(
    ("value", "locale", "text", "language"),
    [
        ("New", None, "New", "en"),
        ("New", "zh_CN", "New", "en"),
        ({"en": "New", "zh_CN": "新"}, "zh_CN", "新", "zh_CN"),
        ({"zh-cn": "新", "en": "New"}, "zh-Hans", "新", "zh_CN"),
        ({"en": "New", "zh_CN": "新"}, "fr", "New", "en"),
        ({"zh_CN": "新"}, "en", "新", "zh_CN"),
    ],
)
def test_text_is_given_in_the_nearest_language(value: Any, locale: str | None, text: str, language: str):
    slogan = load(typed("site.slogan", value)).site.slogan
    assert slogan is not None
    assert (slogan.get(locale), slogan.language(locale)) == (text, language)


# Licences


BY_HOST = {"ichongqing.info": "渝ICP备20009753号-2", "en.ichongqing.info": ["渝ICP备20009753号-3"]}


@pytest.mark.parametrize(
    ("host", "number"),
    [
        ("ichongqing.info", "渝ICP备20009753号-2"),
        ("en.ichongqing.info", "渝ICP备20009753号-3"),
        ("EN.ichongqing.info.:8443", "渝ICP备20009753号-3"),
        ("m.en.ichongqing.info", "渝ICP备20009753号-3"),
        ("www.ichongqing.info", "渝ICP备20009753号-2"),
        ("notichongqing.info", "渝ICP备20009753号-2"),
        ("127.0.0.1:8000", "渝ICP备20009753号-2"),
        ("[::1]:8000", "渝ICP备20009753号-2"),
        (None, "渝ICP备20009753号-2"),
    ],
)
def test_host_has_its_own_numbers(host: str | None, number: str):
    (licence,) = load(typed("licences.icp", BY_HOST)).licences.for_host(host)
    assert licence.number == number


@given(st.one_of(st.text(), st.text(alphabet="ab.:[]")))
def test_no_host_that_a_request_names_is_an_error(host: str):
    (licence,) = load(typed("licences.icp", BY_HOST)).licences.for_host(host)
    assert licence.kind == "icp"


def test_host_in_chinese_characters_is_known_by_the_name_that_browsers_send():
    hosts = {"例子.cn": "渝ICP备20009753号-2", "www.例子.cn": "渝ICP备20009753号-3"}
    (licence,) = load(typed("licences.icp", hosts)).licences.for_host("www.xn--fsqu00a.cn")
    assert licence.number == "渝ICP备20009753号-3"


def test_licences_stand_in_one_order_however_they_are_typed():
    numbers = {"news": ["50120220004", "3112006001"], "telecom": "B2-20090418", "icp": BY_HOST}
    licences = load({**LEAST, "licences": numbers}).licences
    assert [licence.kind for licence in licences.for_host(None)] == ["icp", "telecom", "news", "news"]
    assert len(licences.all()) == 5


def test_licence_of_two_hosts_is_listed_once():
    settings = load(typed("licences.icp", {"a.cn": "渝ICP备20009753号", "b.cn": "渝ICP备20009753号"}))
    assert len(settings.licences.all()) == 1


def test_licence_carries_what_only_the_operator_knows():
    filing = {"number": "50120220004", "url": "https://x.example/scan", "expires": date(2025, 6, 30), "icon": "/n.png"}
    settings = load(typed("licences.news", filing))
    (licence,) = settings.licences.all()
    assert (licence.url, licence.expires, licence.icon) == (filing["url"], filing["expires"], filing["icon"])
    assert settings.warnings(date(2025, 5, 30)) == ()
    for day, told in [
        (date(2025, 5, 31), "in 30 days"),
        (date(2025, 6, 29), "in 1 day;"),
        (date(2025, 6, 30), "in 0 days"),
        (date(2025, 7, 1), "expired on 2025-06-30"),
    ]:
        (warning,) = settings.warnings(day)
        assert (warning.key, warning.value) == ("licences.news", "50120220004") and told in warning.remedy


@pytest.mark.parametrize("typed_as", ["采编发布", "互联网新闻信息采编发布服务", "采编发布服务"])
def test_news_licence_names_who_may_do_what(typed_as: str):
    filing = {"number": "50120220004", "holder": "某某中心", "services": [typed_as, "转载"]}
    (licence,) = load(typed("licences.news", filing)).licences.all()
    assert licence.holder == "某某中心"
    assert licence.services == ("互联网新闻信息采编发布服务", "互联网新闻信息转载服务")


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("licences.news", {"number": "50120220004", "services": ["直播"]}, "采编发布, 转载, 传播平台"),
        ("licences.icp", {"number": "渝ICP备20009753号", "holder": "某某中心"}, "those of a news licence"),
        ("licences.icp", {"number": "渝ICP备20009753号", "model": "某模型"}, "licences.generative"),
    ],
)
def test_what_belongs_to_another_licence_is_refused(key: str, value: Any, told: str):
    with pytest.raises(SettingsError) as refusal:
        load(typed(key, value))
    assert told in str(refusal.value)


def test_generative_service_names_its_model():
    number = "Chongqing-BaShu-202601010001"
    (bare,) = load(typed("licences.generative", number)).warnings(date(2026, 1, 1))
    assert bare.key == "licences.generative" and "model" in bare.remedy
    named = load(typed("licences.generative", {"number": number, "model": "巴蜀模型"}))
    assert named.warnings(date(2026, 1, 1)) == () and named.licences.all()[-1].model == "巴蜀模型"


def test_recipient_that_cannot_be_reached_is_warned_of():
    trackers = [
        tracker(),
        tracker(host="a.example", contact="a@a.example"),
        tracker(host="b.example", policy="https://b.example/p"),
    ]
    settings = load(typed("consent", {"mode": "opt-in", "categories": ["analytics"], "trackers": trackers}))
    assert [warning.key for warning in settings.warnings(date(2026, 1, 1))] == ["consent.trackers[0].contact"]


def test_recipient_without_a_purpose_is_warned_of():
    categories = {
        "analytics": {},
        "maps": {"name": "Maps"},
        "videos": {"name": "Videos", "description": "Plays videos."},
    }
    contact = {"contact": "a@a.example"}
    trackers = [
        tracker(**contact),
        tracker(host="a.example", category="maps", **contact),
        tracker(host="b.example", category="maps", purpose="Draws maps.", **contact),
        tracker(host="c.example", category="videos", **contact),
    ]
    settings = load(typed("consent", {"mode": "opt-in", "categories": categories, "trackers": trackers}))
    assert [warning.key for warning in settings.warnings(date(2026, 1, 1))] == ["consent.trackers[1].purpose"]


def test_texts_cannot_have_been_published_tomorrow():
    settings = load(typed("legal", {"effective": date(2026, 12, 1)}))
    assert settings.warnings(date(2026, 12, 1)) == ()
    assert [warning.key for warning in settings.warnings(date(2026, 11, 30))] == ["legal.effective"]


def test_odd_number_is_a_warning():
    settings = load(typed("licences.public_security", "京公网安备50010402001494号"))
    assert [warning.key for warning in settings.warnings(date(2026, 1, 1))] == ["licences.public_security"]


@pytest.mark.parametrize(
    ("mode", "categories", "warned"),
    [
        ("notice", ["analytics"], ["consent.mode"]),
        ("notice", [], []),
        ("opt-in", ["analytics"], []),
        ("opt-out", ["analytics"], ["consent.mode"]),
        ("opt-out", [], []),
    ],
)
def test_implied_consent_to_what_is_optional_is_warned_of(mode: str, categories: list[str], warned: list[str]):
    settings = load(typed("consent", {"mode": mode, "categories": categories}))
    warnings = settings.warnings(date(2026, 1, 1))
    assert [warning.key for warning in warnings] == warned
    assert all("PIPL art. 14" in str(warning) and "analytics" in str(warning) for warning in warnings)


def test_proof_that_ends_before_the_cookie_is_a_warning():
    settings = load(typed("retention.consents", 364))
    assert [warning.key for warning in settings.warnings(date(2026, 1, 1))] == ["retention.consents"]


# Consent


def test_a_tracker_is_known_by_the_host_that_browsers_name():
    keys = [tracker(), tracker(host="统计.cn", path="/a.js"), tracker(host="*", path="/stat.js", cookies=["_a*"])]
    trackers = load(typed("consent.trackers", keys)).consent.trackers
    assert [(one.host, one.path) for one in trackers] == [
        ("a.cn", "/"),
        ("xn--lo0a64x.cn", "/a.js"),
        ("*", "/stat.js"),
    ]


def test_categories_are_a_list_or_a_table():
    listed = load(typed("consent.categories", ["analytics", "social"]))
    assert list(listed.consent.categories) == ["analytics", "social"]
    table = load(typed("consent.categories", {"maps": {"name": "Maps"}, "analytics": {}}))
    assert list(table.consent.categories) == ["maps", "analytics"]


# What is wrong


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("site.name", 5, "5"),
        ("site.name", "", '""'),
        ("site.name", {}, "{}"),
        ("site.name", "  ", '"  "'),
        ("site.url", "www.ichongqing.info", '"www.ichongqing.info"'),
        ("site.url", "https://", '"https://"'),
        ("site.url", "https://user:secret@x.org", '"https://user:secret@x.org"'),
        ("site.url", "https://x.org:99999", '"https://x.org:99999"'),
        ("site.url", "https://x.org/?a=1", '"https://x.org/?a=1"'),
        ("site.url", "javascript:alert(1)", '"javascript:alert(1)"'),
        ("site.url", 'https://x.org/"onclick="', r'"https://x.org/\"onclick=\""'),
        ("site.email", "service", '"service"'),
        ("site.email", "a@b", '"a@b"'),
        ("site.email", "a@b.org, c@d.org", '"a@b.org, c@d.org"'),
        ("site.email", "a@b.org\nBcc: x", r'"a@b.org\nBcc: x"'),
        ("site.languages", [], "[]"),
        ("site.languages", "en", '"en"'),
        ("site.languages", ["en", "EN"], '["en", "EN"]'),
        ("site.prefix", "compliance", '"compliance"'),
        ("site.prefix", "/", '"/"'),
        ("site.prefix", "/a/", '"/a/"'),
        ("site.prefix", "/a/../b", '"/a/../b"'),
        ("site.prefix", "/<path:x>", '"/<path:x>"'),
        ("licences.news", 50120220004, "50120220004"),
        ("licences.news", [], "[]"),
        ("licences.news", "5012", '"5012"'),
        ("reporting.telephone", "67158993", '"67158993"'),
        ("reporting.telephone", 12377, "12377"),
        ("reporting.national_centre", "yes", '"yes"'),
        ("reporting.national_centre", 1, "1"),
        ("consent.mode", "optin", '"optin"'),
        ("consent.lifetime_days", 0, "0"),
        ("consent.lifetime_days", 401, "401"),
        ("consent.lifetime_days", "365", '"365"'),
        ("consent.lifetime_days", True, "true"),
        ("consent.position", "top", '"top"'),
        ("consent.cookies", "x", '"x"'),
        ("legal.directory", "nowhere", '"nowhere"'),
        ("messages.challenge", "captcha", '"captcha"'),
        ("limits.enabled", "true", '"true"'),
        ("site", "x", '"x"'),
        ("consent.categories", ["analytics", 5], '["analytics", 5]'),
    ],
)
def test_wrong_value_is_told_with_its_key(key: str, value: Any, found: str):
    wrong = problem(key, value)
    assert (wrong.key, wrong.value) == (key, found)
    assert wrong.remedy


@pytest.mark.parametrize(
    ("key", "value", "place"),
    [
        ("site.slogan", {"en": "", "zh_CN": "新"}, "site.slogan.en"),
        ("site.slogan", {"en": "New", "fr": "x"}, "site.slogan.fr"),
        ("site.slogan", {"en": "New", "klingon": "x"}, "site.slogan.klingon"),
        ("site.slogan", {"en": 5}, "site.slogan.en"),
        ("licences.icp", ["渝ICP备20009753号-2", "x"], "licences.icp[1]"),
        ("licences.icp", {"a.cn": "渝ICP备20009753号-2", "b.cn": "x"}, 'licences.icp."b.cn"'),
        ("licences.icp", {"a.cn": ["渝ICP备20009753号-2", "x"]}, 'licences.icp."a.cn"[1]'),
        ("licences.icp", {"http://a.cn": "渝ICP备20009753号-2"}, 'licences.icp."http://a.cn"'),
        ("licences.icp", {"number": "x"}, "licences.icp.number"),
        ("licences.icp", {"number": "渝ICP备20009753号", "url": "https://www.miit.gov.cn/"}, "licences.icp.url"),
        ("licences.news", {"number": "50120220004", "expires": "soon"}, "licences.news.expires"),
        ("licences.news", {"number": "50120220004", "icon": "//x.org/a.png"}, "licences.news.icon"),
        ("consent.categories", {"necessary": {"name": "Needed"}}, "consent.categories.necessary"),
        ("consent.categories", {"Maps": {"name": "Maps"}}, "consent.categories.Maps"),
        ("consent.cookies", [{"name": "x", "purpose": "y", "category": "z"}], "consent.cookies[0].category"),
        ("consent.cookies", [{"name": "x"}], "consent.cookies[0].purpose"),
        ("consent.trackers", [{"category": "necessary"}], "consent.trackers[0].host"),
        ("consent.trackers", [{"host": "a.cn"}], "consent.trackers[0].category"),
        ("consent.trackers", [tracker(category="ads")], "consent.trackers[0].category"),
        ("consent.trackers", [tracker(), tracker(host="https://a.cn")], "consent.trackers[1].host"),
        ("consent.trackers", [tracker(host="a.cn:8080")], "consent.trackers[0].host"),
        ("consent.trackers", [tracker(host="*.a.cn")], "consent.trackers[0].host"),
        ("consent.trackers", [tracker(host="*")], "consent.trackers[0]"),
        ("consent.trackers", [tracker(path="stat.js")], "consent.trackers[0].path"),
        ("consent.trackers", [tracker(path="/a?b")], "consent.trackers[0].path"),
        ("consent.trackers", [tracker(country="China")], "consent.trackers[0].country"),
        ("consent.trackers", [tracker(cookies=["a", "b;c"])], "consent.trackers[0].cookies[1]"),
        ("consent.trackers", [tracker(cookies="a")], "consent.trackers[0].cookies"),
        ("consent.trackers", [tracker(provider={"fr": "x"})], "consent.trackers[0].provider.fr"),
        ("consent.trackers", [tracker(globals=["x"])], "consent.trackers[0].globals"),
        ("consent.trackers", [tracker(), tracker(host="A.cn")], "consent.trackers"),
        ("messages.deliver_to", ["a@b.org", "http://x.org"], "messages.deliver_to[1]"),
    ],
)
def test_wrong_part_of_a_value_is_told_by_its_own_key(key: str, value: Any, place: str):
    assert problem(key, value).key == place


@pytest.mark.parametrize("name", ["maps", "necessary", "Analytics"])
def test_wrong_category_in_a_list_is_named(name: str):
    wrong = problem("consent.categories", ["social", name])
    assert wrong.key == "consent.categories"
    assert repr(name) in wrong.remedy


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("site.langauges", "'languages'"),
        ("licences.icpp", "'icp'"),
        ("consnt", "'consent'"),
        ("consent.lifetime", "'lifetime_days'"),
        ("telephone", "[reporting]"),
        ("site.telephone", "[reporting]"),
        ("xyzzy", "site, licences, reporting"),
        ("legal.xyzzy", "directory"),
    ],
)
def test_unknown_key_is_answered_with_the_nearest_known_one(key: str, remedy: str):
    wrong = problem(key, "x")
    assert wrong.key == key
    assert remedy in wrong.remedy


def test_key_of_a_mapping_that_is_no_string_is_told():
    (wrong,) = problems({**LEAST, 5: "x"})
    assert (wrong.key, wrong.remedy) == ("[5]", "a key is a string")


def test_unknown_key_of_a_licence_is_answered_with_the_nearest_known_one():
    wrong = {problem.key: problem.remedy for problem in problems(typed("licences.icp", {"nmuber": "x"}))}
    assert "'number'" in wrong["licences.icp.nmuber"]


def test_value_near_an_allowed_one_is_answered_with_it():
    assert "'opt-in'?" in problem("consent.mode", "optin").remedy


@pytest.mark.parametrize("name", ["name", "url", "operator", "email", "languages"])
def test_missing_key_is_told_with_an_example(name: str):
    data = deepcopy(LEAST)
    del data["site"][name]
    (missing,) = problems(data)
    assert (missing.key, missing.value) == (f"site.{name}", None)
    assert f"{name} = " in missing.remedy


def test_everything_is_told_at_once(file: Path):
    file.write_text(
        """
        [site]
        name = "iChongqing"
        url = "www.ichongqing.info"
        langauges = ["en"]
        [licences]
        icp = "渝ICP备2号"
        news = { number = "5", url = "x" }
        [reporting]
        telephone = "1"
        [consent]
        mode = "maybe"
        """,
        encoding="utf-8",
    )
    with pytest.raises(SettingsError) as refusal:
        load(file)
    assert refusal.value.source == str(file)
    assert {problem.key for problem in refusal.value.problems} == {
        "site.url",
        "site.langauges",
        "site.operator",
        "site.email",
        "site.languages",
        "licences.icp",
        "licences.news.number",
        "licences.news.url",
        "reporting.telephone",
        "consent.mode",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("storage.url", "postgresql:/user:secret@db"),
        ("storage.url", "user:secret@db"),
        ("storage", "postgresql://user:secret@db"),
        ("limits.storage", "redis:secret"),
        ("limits", "redis://:secret@cache"),
        ("messages.deliver_to", ["http://robot.example.org/secret"]),
        ("messages.deliver_to", "https://robot.example.org/secret"),
        ("messages.deliver_to", [{"url": "http://robot.example.org/secret"}]),
        ("mail.password", ["secret"]),
        ("storage.uri", "postgresql://user:secret@db"),
    ],
)
def test_password_is_not_repeated(key: str, value: Any):
    assert "secret" not in str(problem(key, value))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("messages.receipt_prefix", "cq", "CQ"),
        ("messages.categories.other", {"name": "Other"}, "is there already"),
        ("messages.categories.Plagiarism", {"name": "Plagiarism"}, "small letters"),
        ("messages.urgent", ["terrorism"], "there are political, terror"),
        ("messages.answer_days", 16, "at most 15"),
        ("messages.urgent_words", "none.txt", "there is no file"),
        ("messages.pictures", 6, "at most 5"),
        ("mail.security", "ssl", "'starttls'"),
    ],
)
def test_message_box_is_checked(key: str, value: Any, told: str):
    assert told in str(problem(key, value))


def test_categories_of_the_site_stand_before_the_last():
    settings = load(typed("messages.categories.plagiarism", {"name": "Plagiarism"}))
    assert settings.messages.report_categories[-2:] == ("plagiarism", "other")


def test_a_recipient_is_an_address_or_a_table():
    settings = load(typed("messages.deliver_to", ["a@example.org", {"url": "https://b.example.org/", "secret": "s"}]))
    assert [(target.url, target.secret) for target in settings.messages.deliver_to] == [
        ("a@example.org", None),
        ("https://b.example.org/", "s"),
    ]


def test_a_webhook_needs_encryption_unless_it_may_lie_next_door():
    next_door = {"deliver_to": ["http://127.0.0.1:9000/"]}
    assert "https://" in str(problem("messages", next_door))
    assert load(typed("messages", {**next_door, "private_targets": True})).messages.deliver_to


def test_password_is_not_shown():
    settings = load(typed("storage.url", "postgresql://user:secret@db/compliance"))
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[site]\nname = \n", "line 2"),
        (b"[site]\nname = 'x'\n[site]\n", "line 3"),
        (b"[licences]\n\naudio_visual = 0110516\n", "line 3"),
        ("[site]\nname = '重庆'\n".encode("gbk"), "line 2"),
        (b"[site]\nname = '''x\n", "line 2"),
        (b"\xff\xfe[\x00", "line 1"),
    ],
)
def test_file_that_is_not_toml_is_told_with_the_line(file: Path, content: bytes, line: str):
    file.write_bytes(content)
    (broken,) = problems(file)
    assert broken.key == line


def test_file_that_cannot_be_read_is_told(tmp_path: Path):
    for path in (tmp_path, tmp_path / "nowhere.toml"):
        with pytest.raises(SettingsError) as refusal:
            load(path)
        assert refusal.value.source == str(path)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.dates()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=5,
)
KEYS = [f"{table}.{key}" for table, field in tomllib.loads(WHOLE_TEXT).items() for key in field]


@given(st.sampled_from([*KEYS, *Settings.model_fields, "site.x", "x"]), JSON)
def test_any_value_is_accepted_or_told_by_its_key(key: str, value: Any):
    try:
        load(typed(key, value))
    except SettingsError as refusal:
        assert refusal.problems
        assert all(problem.key.startswith(key.split(".")[0]) for problem in refusal.problems)


# What is told of the content


def test_digest_changes_with_what_readers_see_and_with_nothing_else():
    digest = load(LEAST).digest
    assert load(deepcopy(LEAST)).digest == digest
    assert load(typed("site.slogan", "New Era")).digest != digest
    assert load(typed("licences.icp", "渝ICP备20009753号-2")).digest != digest
    # It is published: with a weak password in it, the password could be guessed from it.
    assert load(typed("storage.url", "postgresql://user:secret@db")).digest == digest


# Where settings are found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The root path of an application, with nothing in it, above it or in the working directory."""
    monkeypatch.delenv("COMPLIANCE_SETTINGS", raising=False)
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    root = tmp_path / "site" / "app"
    root.mkdir(parents=True)
    return root


def test_settings_are_the_first_that_is_there(place: Path, monkeypatch: pytest.MonkeyPatch):
    def put(path: Path) -> Path:
        path.write_text(STARTER_TEXT, encoding="utf-8")
        return path

    # From the last place that is looked at to the first.
    for folder in (Path.cwd(), place.parent, place):
        path = put(folder / "compliance.toml")
        assert find(place) == path
    named = put(place / "environment.toml")
    monkeypatch.setenv("COMPLIANCE_SETTINGS", str(named))
    assert find(place) == named
    assert find(place, config_value=put(place / "config.toml")) == place / "config.toml"
    assert find(place, config_value=LEAST) is LEAST
    assert find(place, config_value=LEAST, argument=put(place / "argument.toml")) == place / "argument.toml"
    settings = load(LEAST)
    assert find(place, config_value=LEAST, argument=settings) is settings


def test_path_that_is_not_absolute_starts_in_the_working_directory_or_beside_the_application(place: Path):
    (place / "own.toml").write_text(STARTER_TEXT, encoding="utf-8")
    assert find(place, argument="own.toml") == place / "own.toml"
    (Path.cwd() / "own.toml").write_text(STARTER_TEXT, encoding="utf-8")
    assert find(place, argument="own.toml") == Path.cwd() / "own.toml"


def test_none_found_is_told_with_every_place_that_was_looked_at(place: Path):
    with pytest.raises(SettingsError) as refusal:
        find(place)
    for folder in (place, place.parent, Path.cwd()):
        assert str(folder / "compliance.toml") in str(refusal.value)
    assert "COMPLIANCE_SETTINGS" in str(refusal.value)


@pytest.mark.parametrize("origin", ["argument", "config_value"])
def test_named_file_that_is_not_there_is_not_replaced_by_another(place: Path, origin: str):
    (place / "compliance.toml").write_text(STARTER_TEXT, encoding="utf-8")
    with pytest.raises(SettingsError, match="nowhere.toml"):
        find(place, **{origin: "nowhere.toml"})


# The schema


PUBLISHED = json.loads(Path(compliance.__file__).with_name("settings.schema.json").read_text(encoding="utf-8"))


@pytest.mark.slow  # not in `make lowest`: older versions of Pydantic know no schema of what validators read
def test_published_schema_is_that_of_the_settings():
    # python -m compliance.settings.schema > compliance/settings.schema.json
    assert schema() == PUBLISHED


def test_schema_accepts_what_loads():
    Draft202012Validator.check_schema(PUBLISHED)
    typed = json.dumps(tomllib.loads(WHOLE_TEXT), default=str)  # JSON has no dates
    Draft202012Validator(PUBLISHED).validate(json.loads(typed))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("site.langauges", ["en"]),
        ("site.name", 5),
        ("consent.mode", "maybe"),
        ("licences.icp", []),
        ("site.slogan", ""),
    ],
)
def test_schema_refuses_what_does_not_load(key: str, value: Any):
    assert not Draft202012Validator(PUBLISHED).is_valid(typed(key, value))
    assert problems(typed(key, value))


@pytest.mark.parametrize(
    ("text", "key", "table"),
    [
        ("email = 'a@example.org'", "email", "site"),
        ("mode = 'opt-in'", "mode", "consent"),
        ("url = 'x'", "url", "site"),
    ],
)
def test_a_key_at_the_top_is_told_where_it_belongs(file: Path, text: str, key: str, table: str):
    file.write_text(f"{text}\n{STARTER_TEXT}", encoding="utf-8")
    (problem,) = problems(file)
    assert (problem.key, problem.remedy) == (key, f"there is no such key here; it belongs under [{table}]")


def test_a_single_problem_is_one_line(tmp_path: Path):
    with pytest.raises(SettingsError) as refusal:
        load(tmp_path / "missing.toml")
    assert "\n" not in str(refusal.value)
    assert refusal.value.format_message() == str(refusal.value)
