"""Corrections: read from the site's file, shown on their page, read again when they change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, render_template_string

from compliance import Compliance, SettingsError

ONE = """
[[corrections]]
page = "/articles/a"
title = { en = "Rivers & lakes", zh_CN = "江河" }
date = 2026-11-30
wrong = "sixteen <b>"
text = { en = "There are seventeen.", zh_CN = "应为17家。" }
"""
TWO = """
[[corrections]]
page = "/articles/b"
date = 2026-12-01
text = "Later."
"""


@pytest.fixture
def app(settings: dict[str, Any], tmp_path: Path) -> Flask:
    (tmp_path / "corrections.toml").write_text(ONE, encoding="utf-8")
    settings["site"]["languages"] = ["en", "zh_CN"]
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path / "instance"))
    app.config.update(
        TESTING=True, SECRET_KEY="k", COMPLIANCE_SETTINGS=settings | {"articles": {"corrections": "corrections.toml"}}
    )
    Compliance(app)
    return app


def shown(app: Flask, lang: str = "en") -> BeautifulSoup:
    response = app.test_client().get(f"/compliance/corrections?lang={lang}")
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser")


def test_corrections_are_public_in_the_readers_language(app: Flask) -> None:
    article = shown(app).select_one("main section")
    assert article is not None
    words = " ".join(article.get_text(" ").split())
    assert "Rivers & lakes" in words and "There are seventeen." in words and "November 30, 2026" in words
    assert [one.get_text() for one in article.select("del")] == ["sixteen <b>"]
    assert [link["href"] for link in article.select("a")] == ["/articles/a"]
    assert "应为17家。" in shown(app, "zh-CN").get_text() and "2026年11月30日" in shown(app, "zh-CN").get_text()


def test_correction_of_an_article_in_two_languages_is_one(app: Flask, tmp_path: Path) -> None:
    both = ONE.replace('"/articles/a"', '{ en = "/articles/a", zh_CN = "/zh/articles/a" }')
    (tmp_path / "corrections.toml").write_text(both, encoding="utf-8")
    for lang, path in (("en", "/articles/a"), ("zh-CN", "/zh/articles/a")):
        assert [link["href"] for link in shown(app, lang).select("main section a")] == [path]
        with app.test_request_context(path):
            assert "应为17家" in render_template_string("{{ compliance_correction(lang='zh-CN') }}")


def test_latest_correction_stands_first_without_a_new_start(app: Flask, tmp_path: Path) -> None:
    shown(app)
    (tmp_path / "corrections.toml").write_text(ONE + TWO, encoding="utf-8")
    assert [one["id"] for one in shown(app).select("main section")] == ["correction-2", "correction-1"]
    assert "/articles/b" in shown(app).select("main section")[0].get_text()


def test_file_that_was_broken_later_changes_nothing_and_is_told_once(
    app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "corrections.toml").write_text("[[corrections]]\npage = 1", encoding="utf-8")
    os.utime(tmp_path / "corrections.toml", (1, 1))
    assert "seventeen" in shown(app).get_text() and "seventeen" in shown(app).get_text()
    assert caplog.text.count("corrections.toml") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[corrections]]", "corrections.0.page"),
        (ONE.replace("/articles/a", "articles/a"), "corrections.0.page"),
        (ONE.replace("/articles/a", "//elsewhere.example/a"), "corrections.0.page"),
        (ONE + "who = 1", "corrections.0.who"),
        ("not toml", "no TOML"),
    ],
)
def test_file_that_is_wrong_stops_the_start(settings: dict[str, Any], tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "c.toml").write_text(text, encoding="utf-8")
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k", COMPLIANCE_SETTINGS=settings | {"articles": {"corrections": "c.toml"}})
    with pytest.raises(SettingsError) as refusal:
        Compliance(app)
    assert told in str(refusal.value)


def written(app: Flask, template: str, path: str = "/articles/a") -> str:
    with app.test_request_context(path):
        return render_template_string(template)


def test_articles_say_what_the_law_wants_them_to(app: Flask) -> None:
    said = written(app, "{{ compliance_ai_label(lang='zh-CN') }}{{ compliance_ai_label('suspected', lang='zh-CN') }}")
    assert "人工智能生成" in said and "疑似人工智能生成合成" in said
    assert "may affect minors" in written(app, "{{ compliance_minors_warning('conduct') }}")
    credits = written(app, "{{ compliance_credits('新华社', '<b>', editor='李明', lang='zh-CN') }}")
    assert "来源：新华社" in credits and "责任编辑：李明" in credits and "&lt;b&gt;" in credits


def test_text_is_escaped_after_markup_that_is_equal_to_it(app: Flask) -> None:
    assert "<b>A</b>" in written(app, "{{ compliance_credits('<b>A</b>'|safe) }}")
    assert "&lt;b&gt;A&lt;/b&gt;" in written(app, "{{ compliance_credits('<b>A</b>') }}")
    assert "<b>A</b>" in written(app, "{{ compliance_credits('<b>A</b>'|safe) }}")


def test_correction_stands_in_its_article_alone(app: Flask) -> None:
    assert "There are seventeen." in written(app, "{{ compliance_correction() }}")
    assert written(app, "{{ compliance_correction() }}", "/articles/z") == ""
    assert "应为17家。" in written(app, "{{ compliance_correction('/articles/a', lang='zh-CN') }}", "/")


@pytest.mark.parametrize("call", ["compliance_ai_label('none')", "compliance_minors_warning('x')"])
def test_kind_that_there_is_not_is_named(app: Flask, call: str) -> None:
    with pytest.raises(ValueError, match="write one of"):
        written(app, "{{ " + call + " }}")


def test_pages_on_which_something_was_printed_load_its_style_once(app: Flask) -> None:
    page = "<!doctype html><title>A</title><body>{}"
    printed = "{{ compliance_ai_label() }}{{ compliance_credits('A', 'B', 'C') }}"

    @app.get("/articles/<slug>")
    def article(slug: str) -> str:
        return render_template_string(page.format(printed if slug == "a" else "{{ compliance_correction() }}"))

    client = app.test_client()
    for slug, count in (("a", 1), ("z", 0), ("a", 1)):
        shown = BeautifulSoup(client.get(f"/articles/{slug}").text, "html.parser")
        styles = [link["href"] for link in shown.select("[data-compliance=assets] link")]
        assert sum("/articles." in style for style in styles) == count
        assert client.get(styles[-1]).status_code == 200
