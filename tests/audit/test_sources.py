"""Where an article comes from, and whether the site may reprint it from there."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_audit_rules import CONTEXT, check

from compliance.audit.checks import articles
from compliance.audit.page import Page
from compliance.audit.site import Context
from compliance.audit.sources import Sources, is_central, reprinted
from compliance.errors import ComplianceError

FOOT = "<footer><p>江城新闻网版权所有 主办：江城日报社 违法和不良信息举报电话：12377</p></footer>"


def page(credits: str, headline: str = "步道沿江开放") -> Page:
    markup = f"<html lang=zh-CN><title>{headline}</title><h1>{headline}</h1><p>2026-11-24 {credits}</p>{FOOT}"
    return Page("https://news.example/2026/11/24/1.html", markup.encode())


def ids(credits: str, headline: str = "步道沿江开放") -> set[str]:
    return {one.rule.id for one in check(page(credits, headline))[0]}


@pytest.mark.parametrize(
    ("credits", "source"),
    [
        ("来源：新华社　作者：王芳", "新华社"),
        ("来源:人民日报客户端 责任编辑：李明", "人民日报客户端"),
        ("稿源丨中国新闻网", "中国新闻网"),
        ("（来源：央视网）", "央视网"),
        ("Source: China Daily Editor: Li Ming", "China Daily"),
        ("Source: People's Daily Online", "People's Daily Online"),
        # The site's own.
        ("来源：江城日报", None),
        ("来源：江城新闻网", None),
        ("来源：本网", None),
        ("来源：本报讯", None),
        ("来源：本站原创", None),
        ("来源：原创", None),
        ("Source: This site", None),
        # Nothing.
        ("来源：　作者：王芳", None),
        ("来源：2026-11-24", None),
        ("", None),
    ],
)
def test_source_is_somebody_elses_or_the_sites_own(credits: str, source: str | None) -> None:
    assert reprinted(page(credits)) == source


@pytest.mark.parametrize(
    "name", ["新华社", "《人民日报》", "新华社客户端", "人民日报微信公众号", "综合新华社、人民日报"]
)
def test_source_counts_by_its_name_and_its_accounts(name: str) -> None:
    assert name in Sources(["新华社", "人民日报"])


@pytest.mark.parametrize("name", ["新华社会", "人民", "新华社、江城资讯号", "华社", ""])
def test_name_that_is_like_one_of_the_list_is_not_in_it(name: str) -> None:
    assert name not in Sources(["新华社", "人民日报"])


def test_list_is_one_name_a_line(tmp_path: Path) -> None:
    file = tmp_path / "sources.txt"
    file.write_bytes("\ufeff# 名单\n\n 新华社 \r\nChina Daily\n".encode())
    listed = Sources.load(file)
    assert len(listed) == 2 and "新华社" in listed and "china daily" in listed
    file.write_bytes("新华社".encode("gbk"))
    with pytest.raises(ComplianceError, match=r"sources\.txt: is not UTF-8"):
        Sources.load(file)


def test_reprint_from_outside_the_list_is_told_where_there_is_a_list() -> None:
    assert "C209" in ids("来源：江边资讯号 作者：王芳")
    assert "C209" not in ids("来源：新华社 作者：王芳")
    unasked = Context(catalogue=CONTEXT.catalogue, today=CONTEXT.today)
    assert "C209" not in {one.rule.id for one in articles.reprints(page("来源：江边资讯号"), unasked)}


def test_reprint_lacks_its_author_more_gravely_than_own_work_does() -> None:
    assert {"C210", "C203"} & ids("来源：新华社") == {"C210"}
    assert {"C210", "C203"} & ids("来源：江城日报") == {"C203"}
    assert not {"C210", "C203"} & ids("来源：新华社 作者：王芳")


def test_headline_of_a_reprint_is_for_a_person_to_compare() -> None:
    assert "C211" in ids("来源：新华社 作者：王芳")
    assert "C211" not in ids("来源：新华社 作者：王芳 原标题：江边步道开放")
    assert "C211" not in ids("来源：江城日报 作者：王芳")


@pytest.mark.parametrize("headline", ["东部战区位台岛周边组织演训", "歼-20 列装新部队", "人民海军某部实弹射击"])
def test_military_news_comes_from_central_and_military_media(headline: str) -> None:
    assert "C212" in ids("来源：江边资讯号 作者：王芳", headline)
    assert "C212" not in ids("来源：解放军报 作者：王芳", headline)
    assert "C212" not in ids("来源：央视军事 作者：王芳", headline)


@pytest.mark.parametrize(
    "headline", ["解放军老兵义务修车", "征兵季来了", "大学生军训首日", "军事题材电影上映", "象棋大战"]
)
def test_what_only_speaks_of_soldiers_is_no_military_news(headline: str) -> None:
    assert "C212" not in ids("来源：江边资讯号 作者：王芳", headline)


@pytest.mark.parametrize(
    ("source", "central"),
    [
        *(
            (name, True)
            for name in ("新华社", "人民日报", "解放军报", "中国军网", "央视新闻", "国防部网站", "东部战区")
        ),
        *((name, False) for name in ("江城日报", "铁血网", "军事迷", "新华社、铁血网")),
    ],
)
def test_central_and_military_media_are_known_by_name(source: str, central: bool) -> None:
    assert is_central(source) is central
