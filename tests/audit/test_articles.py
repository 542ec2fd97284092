"""What an article says of itself: labels that the rules want word by word."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.audit.checks import articles
from compliance.audit.page import Page
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue

CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 30))
FOOT = "<footer><p>违法和不良信息举报电话：12377</p></footer>"


def found(body: str, head: str = "", *, lang: str = "zh-CN") -> set[str]:
    source = f"<!DOCTYPE html><html lang={lang}><head><meta charset=utf-8>{head}</head><body>{body}{FOOT}</body></html>"
    page = Page("https://news.example/2026-11/30/content_1.html", source.encode())
    return {finding.rule.id for check in articles.PAGE for finding in check(page, CONTEXT)}


MADE = '<meta name="AIGC" content="1">'


@pytest.mark.parametrize(
    "label",
    [
        "本文由人工智能生成",
        "AI生成",
        "内容由 AI 合成",
        "本图为AI生成合成内容",
        "由大模型生成（AI）",
        "AI-generated image",
    ],
)
def test_label_of_made_content_names_the_machine_and_what_it_did(label: str) -> None:
    assert "C206" not in found(f"<article><h1>题</h1><p>{label}</p></article>", MADE)


@pytest.mark.parametrize(
    "label", ["AI辅助创作", "AI绘制", "AI配音", "AIGC", "人工智能辅助", "生成式人工智能应用大会", "chai生成"]
)
def test_words_that_say_less_are_no_label(label: str) -> None:
    assert "C206" in found(f"<article><h1>题</h1><p>{label}</p></article>", MADE)


PLACE = '<ins class="adsbygoogle"></ins>'


@pytest.mark.parametrize(
    ("label", "lang"), [("广告", "zh-CN"), ("廣告", "zh-TW"), ("Advertisement", "en"), ("Ad", "en")]
)
def test_advertisement_is_called_one(label: str, lang: str) -> None:
    assert "C207" not in found(f"<p>{label}</p>{PLACE}", lang=lang)


@pytest.mark.parametrize("label", ["推广信息", "本文由某某赞助", "Sponsored", "广告合作请联系", "推广"])
def test_other_words_for_advertising_are_no_label(label: str) -> None:
    assert "C207" in found(f"<p>{label}</p>{PLACE}")
