"""What stands twice or contradicts itself, beside the pages of test_audit_rules.py."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.audit.checks.doubles import by_hand, doubles, filed, of_the_site
from compliance.audit.page import Page
from compliance.audit.site import Context, Fact, SiteFacts
from compliance.page.trackers import Catalogue

CONTEXT = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
OURS = "<footer data-compliance=footer><p>渝ICP备20009753号-2 举报电话：023-67158993</p></footer>"
BANNER = "<section data-compliance=banner aria-labelledby=compliance-banner><button>同意</button></section>"


def page(body: str, url: str = "https://news.example/", *, home: bool = True) -> Page:
    return Page(url, f"<html lang=zh-CN><title>江城</title><body>{body}".encode(), home=home)


def found(body: str, *, home: bool = True) -> list[tuple[str, str]]:
    told = doubles(page(body, home=home), CONTEXT)
    return [(one.rule.id, str(one.values.get("number") or one.values["other"])) for one in told]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (f"<div class=footer>渝ICP备20009753号-2</div>{OURS}", [("C027", "渝ICP备20009753号-2")]),
        (f"<div class=footer>渝 ICP 备 20009753 号 － 2</div>{OURS}", [("C027", "渝ICP备20009753号-2")]),
        (f"<div class=footer>渝ICP备20009753号-3</div>{OURS}", [("C028", "渝ICP备20009753号-3")]),
        (f"<div class=footer>举报电话：+86 23 6715 8993</div>{OURS}", [("C027", "+86 23 6715 8993")]),
        # That of its app, a second telephone, a licence that we do not print, another site's in an article.
        (f"<div class=footer>渝ICP备20009753号-4A</div>{OURS}", []),
        (f"<div class=footer>举报电话：023-67158900</div>{OURS}", []),
        (f"<div class=footer>渝公网安备50010402001494号</div>{OURS}", []),
        (f"<article>该网站标注渝ICP备20009753号-2，经查为冒用</article>{OURS}", []),
        ("<div class=footer>渝ICP备20009753号-2 渝ICP备20009753号-2</div>", []),
        (f"{BANNER}{OURS}", []),
        (f"{BANNER}<div id=cookie-bar><button>接受</button></div>", [("C410", "cookie-bar")]),
        (f"{BANNER}<script src=https://consent.cookiebot.com/uc.js></script>", [("C410", "Cookiebot")]),
        ("<div id=cookie-bar><button>接受</button></div><div id=cookie-tip><button>接受</button></div>", []),
    ],
)
@pytest.mark.parametrize("home", [True, False], ids=["home", "elsewhere"])
def test_what_stands_twice_is_told(body: str, told: list[tuple[str, str]], home: bool) -> None:
    assert found(body, home=home) == told


def test_document_of_ours_may_name_the_numbers() -> None:
    document = "<main class=compliance-page><table><tr><td>渝ICP备20009753号-2</table></main>"
    assert found(f"{document}{OURS}", home=False) == []
    assert found(f"{document}<p>渝ICP备20009753号-2</p>{OURS}", home=False) == [("C027", "渝ICP备20009753号-2")]


def test_line_is_that_of_the_template_and_not_of_ours() -> None:
    told = list(doubles(page(f"{OURS}\n\n<div class=footer>渝ICP备20009753号-2</div>"), CONTEXT))
    assert [one.line for one in told] == [3]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["渝ICP备20009753号-2", "渝ICP备05003300号-1"], [("渝ICP备05003300号-1", "渝ICP备20009753号-2")]),
        (["渝ICP备20009753号-2", "渝ICP备20009753号-2 渝ICP备05003300号-1"], []),
        (["渝ICP备20009753号-2", "渝ICP备20009753号-5X"], []),
        (["渝ICP备20009753号-2", ""], []),
        (["渝ICP备20009753号-2", "B2-20090418", "B2-20130048"], []),
    ],
)
def test_pages_of_a_host_that_contradict_each_other_are_told(others: list[str], told: list[tuple[str, str]]) -> None:
    site = SiteFacts()
    for place, foot in enumerate(["渝ICP备20009753号-2", *others]):
        one = page(f"<footer>{foot}</footer>", f"https://news.example/{place}", home=not place)
        site.add(one.url, one.kind, [fact for fact in filed(one, CONTEXT) if isinstance(fact, Fact)])
    assert [(one.values["number"], one.values["other"]) for one in of_the_site(site, CONTEXT)] == told


def test_template_is_read_with_what_its_language_puts_between() -> None:
    template = "{% extends 'base' %}\n<p>{{ name }}\n渝ICP备20009753号-2</p>\n<p>举报电话：{# t #}023-67158993</p>"
    told = [(one.key, one.value, one.element.sourceline) for one in by_hand(page(template)) if one.element is not None]
    assert ("reporting.telephone", "023-67158993", 4) in told
