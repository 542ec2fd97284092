"""What an article says of itself: labels that the rules want word by word."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.audit.checks import articles, labels
from compliance.audit.page import Page
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue

CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 30))
FOOT = "<footer><p>违法和不良信息举报电话：12377</p></footer>"


def found(body: str, head: str = "", *, lang: str = "zh-CN") -> set[str]:
    source = f"<!DOCTYPE html><html lang={lang}><head><meta charset=utf-8>{head}</head><body>{body}{FOOT}</body></html>"
    page = Page("https://news.example/2026-11/30/content_1.html", source.encode())
    return {finding.rule.id for check in (*articles.PAGE, *labels.PAGE) for finding in check(page, CONTEXT)}


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


@pytest.mark.parametrize(
    "label", ["推广信息", "本文由某某赞助", "Sponsored", "广告合作请联系", "推广", "AD", "Advertisement"]
)
def test_other_words_for_advertising_are_no_label(label: str) -> None:
    assert "C207" in found(f"<p>{label}</p>{PLACE}")


FLOAT = '<div id="popad" class="ad" style="position:fixed;top:9px"><a href="/x">广告</a><a class="x">{}</a></div>{}'


@pytest.mark.parametrize(
    ("close", "script"),
    [
        ("× <i>5</i>秒后可关闭", ""),
        ("关闭(3s)", ""),
        ("Skip ad in 5", ""),
        ("倒计时结束后关闭", ""),
        ("×", "$('.x').click(function(){$('#popad').hide();setTimeout(function(){$('#popad').show()},6e4)})"),
        ("×", "function c(){popad.style.display='none';setInterval(function(){popad.style.display=''},9000)}"),
    ],
)
def test_advertisement_that_delays_its_close_or_comes_again_is_told(close: str, script: str) -> None:
    assert "C213" in found(FLOAT.format(close, f"<script>{script}</script>"))


@pytest.mark.parametrize(
    ("close", "script"),
    [
        ("×", ""),
        ("关闭", "$('.x').click(function(){$('#popad').hide()})"),
        ("×", "setTimeout(function(){$('#popad').show()},3000);$('.x').click(function(){$('#popad').hide()})"),
        ("× 8秒后自动关闭", "setTimeout(function(){$('#popad').hide()},8000)"),
        ("× 促销倒计时3天", ""),
        ("×", "onload=0;$('#menu').hide();setTimeout(function(){$('#menu').show()},100)"),
    ],
)
def test_advertisement_that_closes_at_once_and_for_good_is_none_of_these(close: str, script: str) -> None:
    assert "C213" not in found(FLOAT.format(close, f"<script>{script}</script>"))


STORY = f"<h1>题</h1>{{}}<p>{'江边步道沿江而行，全长六公里。' * 4}</p>{{}}"
RATED = '<meta name="rating" content="{}">'


@pytest.mark.parametrize(
    "warning",
    [
        "以下内容可能影响未成年人身心健康",
        "本文含有令人不适的内容，未满18周岁请勿浏览",
        "不适合未成年人观看",
        "未成年人应当在监护人陪同下阅读",
        "危险动作，请勿模仿",
        "The following may affect minors. Minors should read it with a guardian only.",
        "Viewer discretion advised",
    ],
)
def test_warning_to_minors_stands_before_what_it_is_about(warning: str) -> None:
    assert "C214" not in found(STORY.format(f"<p>{warning}</p>", ""), RATED.format("adult"))
    assert "C214" in found(STORY.format("", f"<p>{warning}</p>"), RATED.format("adult"))


@pytest.mark.parametrize("rating", ["adult", "mature", "RTA-5042-1996-1400-1577-RTA", "18+", "14 years"])
def test_mark_for_machines_alone_warns_nobody(rating: str) -> None:
    assert "C214" in found(STORY.format("", "<p>涉未成年人举报专区</p>"), RATED.format(rating))


@pytest.mark.parametrize("rating", ["general", "safe for kids", "", "webmaster@example.cn", "5"])
def test_page_for_everybody_needs_no_warning(rating: str) -> None:
    assert "C214" not in found(STORY.format("", ""), RATED.format(rating))
