from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]  # ships no types
import pytest
from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient

from compliance import Compliance, assets
from compliance.licences import KINDS
from compliance.paths import STATIC

PAGE = "<!doctype html><html lang={lang}><title>News</title><body><h1>News</h1></body></html>"
VOID = {"input", "img", "link", "meta", "br", "hr"}
OWN_PAGES = ["consent", "legal/privacy", "legal/terms", "message", "report"]
# Inside a page's unclosed elements these would end or swallow what is around them (HTML standard, section 13.2.6).
UNSAFE_AT_END = {"form", "button", "table", "select", "option", "li", "dd", "dt", "svg", "math", "template"}


def wrap(settings: dict[str, Any]) -> FlaskClient:
    app = Flask("host")
    app.config.update(SECRET_KEY="key", TESTING=True)
    app.add_url_rule("/", "home", lambda: PAGE.format(lang="en"))
    app.add_url_rule("/zh", "chinese", lambda: PAGE.format(lang="zh-CN"))
    Compliance(app, settings=settings)
    return app.test_client()


def element(client: FlaskClient, name: str, page: str = "/") -> Tag:
    found = BeautifulSoup(client.get(page).text, "html.parser").find(attrs={"data-compliance": name})
    assert isinstance(found, Tag)
    return found


def text(node: Tag) -> str:
    return " ".join(node.get_text(" ").split())


class Nesting(HTMLParser):
    """Fails where an element is closed in another order than it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        source = self.get_starttag_text() or ""
        assert not re.search(r"\s(on\w+|style)\s*=", source), source
        assert len(re.findall('="[^"<>]*"', source)) == len(attrs), source
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("mode", ["notice", "opt-in", "opt-out"])
@pytest.mark.parametrize("page", ["/", "/zh"])
def test_what_is_injected_is_closed_nested_quoted_and_without_inline_code(
    settings: dict[str, Any], mode: str, page: str
) -> None:
    settings["consent"] = {"mode": mode}
    html = wrap(settings).get(page).text
    for start, end in (("<div data-compliance", "</template>"), ("<footer data-compliance", "</footer>")):
        markup = html[html.index(start) : html.rindex(end) + len(end)]
        parser = Nesting()
        parser.feed(markup)
        parser.close()
        assert parser.open == []
        assert all(tag["src"] for tag in BeautifulSoup(markup, "html.parser").find_all("script"))


def test_footer_holds_nothing_that_could_disturb_the_page_around_it(client: FlaskClient) -> None:
    footer = element(client, "footer")
    assert not footer.find_all(lambda tag: tag.name in UNSAFE_AT_END)
    assert not footer.select("a a")


def test_footer_of_the_model_page(client: FlaskClient) -> None:
    footer = element(client, "footer")
    said = text(footer)
    assert "New Era, New Journey, New Chongqing" in said
    assert (
        "Internet illegal and undesirable information can be reported by calling this telephone number: +86-23-67158993"
        in said
    )
    assert "For any inquiries, please email service@ichongqing.info" in said
    assert "渝ICP备20009753号-2" in said
    assert "互联网新闻信息服务许可证号:50120220004" in said
    links = {text(link): str(link["href"]) for link in footer.find_all("a")}
    assert links["+86-23-67158993"] == "tel:+862367158993"
    assert links["渝ICP备20009753号-2"] == "https://beian.miit.gov.cn/"
    assert links["service@ichongqing.info"] == "mailto:service@ichongqing.info"
    assert links["Leaving a message"].startswith("/compliance/message")
    assert links["About Us"].startswith("/compliance/legal/about")
    assert links["Contact Us"].startswith("/compliance/legal/contact")
    assert links["Cookie settings"].startswith("/compliance/consent")


def test_chinese_footer_names_the_report_line_once(settings: dict[str, Any]) -> None:
    said = text(element(wrap(settings), "report", "/zh"))
    assert said.count("违法和不良信息举报") == 1 and "网上举报" in said
    settings["reporting"] = {"email": "report@example.org"}
    assert text(element(wrap(settings), "report", "/zh")) == "违法和不良信息举报"


def test_parts_of_the_footer_carry_their_names(client: FlaskClient) -> None:
    footer = element(client, "footer")
    names = [part["data-compliance"] for part in footer.find_all(attrs={"data-compliance": True})]
    assert names == ["report", "licences", "message"]


def test_national_centre_is_linked_only_where_it_is_enabled(settings: dict[str, Any]) -> None:
    assert element(wrap(settings), "report").find("a", href="https://www.12377.cn/")
    settings["reporting"]["national_centre"] = False
    assert not element(wrap(settings), "report").find("a", href="https://www.12377.cn/")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_licence_is_shown_in_chinese_with_its_number(settings: dict[str, Any], kind: str) -> None:
    number = KINDS[kind].examples[0]
    settings["licences"] = {kind: number}
    licences = element(wrap(settings), "licences")
    chinese = licences.find(lang="zh-CN")
    assert isinstance(chinese, Tag)
    shown = text(chinese)
    assert re.search("[一-鿿]", shown)
    assert number in shown or kind == "conac"  # the badge's number is for the link alone
    assert (chinese.name == "a") == bool(KINDS[kind].link)
    meaning = licences.find("small")
    assert meaning is not None and re.fullmatch(r"\([A-Z].+\)", text(meaning))


def test_chinese_pages_do_not_translate_the_licences(client: FlaskClient) -> None:
    assert element(client, "licences", "/zh").find("small") is None


@pytest.mark.parametrize(
    ("mode", "buttons"),
    [("notice", ["I Agree"]), ("opt-in", ["I Agree", "Decline"]), ("opt-out", ["I Agree", "Decline"])],
)
def test_declining_stands_beside_agreeing_wherever_there_is_something_to_decline(
    settings: dict[str, Any], mode: str, buttons: list[str]
) -> None:
    settings["consent"] = {"mode": mode}
    assert [text(button) for button in element(wrap(settings), "banner").find_all("button")] == buttons


def test_banner_says_what_the_model_page_says(client: FlaskClient) -> None:
    banner = element(client, "banner")
    assert (
        "By continuing to browse our site you agree to our use of cookies, revised Privacy Policy and Terms of Use. "
        "You can change your cookie settings through your browser." in text(banner)
    )
    assert "Our Privacy Statement & Cookie Policy" in [text(link) for link in banner.find_all("a")]


def test_text_of_the_site_is_escaped(settings: dict[str, Any]) -> None:
    settings["consent"]["text"] = "Cookies & <b>tea</b>"
    assert "Cookies & <b>tea</b>" in text(element(wrap(settings), "banner"))


def test_banner_is_a_named_region_with_a_heading_and_no_dialog(client: FlaskClient) -> None:
    banner = element(client, "banner")
    heading = banner.find(id=banner["aria-labelledby"])
    assert banner.name == "section" and isinstance(heading, Tag) and heading.name == "h2"
    assert not banner.find(attrs={"role": "dialog"}) and "role" not in banner.attrs


@pytest.mark.parametrize(("position", "fixed"), [("bottom", True), ("flow", False)])
def test_position_of_the_banner(settings: dict[str, Any], position: str, fixed: bool) -> None:
    settings["consent"]["position"] = position
    assert ("data-compliance-fixed" in element(wrap(settings), "banner").attrs) is fixed


@pytest.mark.parametrize(("page", "lang"), [("/", "en"), ("/zh", "zh-CN")])
def test_elements_say_their_language_and_direction(client: FlaskClient, page: str, lang: str) -> None:
    for name in ("banner", "footer", "report", "licences", "message"):
        found = element(client, name, page)
        assert (found["lang"], found["dir"]) == (lang, "ltr")


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
@pytest.mark.parametrize("path", OWN_PAGES)
def test_own_pages_have_one_main_one_first_heading_a_title_and_a_language(
    client: FlaskClient, path: str, lang: str
) -> None:
    response = client.get(f"/compliance/{path}?lang={lang}")
    page = BeautifulSoup(response.text, "html.parser")
    assert response.status_code == 200
    assert page.html is not None and page.html["lang"] == lang
    assert len(page.find_all("main")) == len(page.find_all("h1")) == 1
    assert page.title is not None and page.h1 is not None and text(page.h1) in text(page.title)
    assert not page.find_all(style=True) and not page.select("script:not([src], [type='application/ld+json'])")


@pytest.mark.parametrize("path", OWN_PAGES)
def test_own_pages_repeat_no_id(client: FlaskClient, path: str) -> None:
    page = BeautifulSoup(client.get(f"/compliance/{path}").text, "html.parser")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("reason", ["choice", "category", "next"])
def test_refusals_say_why_and_lead_on(client: FlaskClient, reason: str) -> None:
    form = {"choice": {"choice": "maybe"}, "category": {"choice": "custom", "category": "x"}}.get(
        reason, {"choice": "accept", "next": "//evil.example"}
    )
    response = client.post("/compliance/consent", data=form)
    page = BeautifulSoup(response.text, "html.parser")
    assert response.status_code == 400
    assert page.main is not None and page.main.find(role="alert") and page.main.find("a", href="/")


def test_what_a_reader_downloads_stays_light() -> None:
    sent = assets.load(STATIC)
    assert sum(len(brotli.compress(sent[name].content)) for name in ("compliance.css", "compliance.js")) <= 2000


def test_template_of_the_site_goes_before_ours(settings: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "compliance"
    folder.mkdir(parents=True)
    (folder / "message.html").write_text('<p data-compliance="message">Write!</p>')
    host = Flask("own", root_path=str(tmp_path))
    host.config["SECRET_KEY"] = "key"
    host.add_url_rule("/", "home", lambda: PAGE.format(lang="en"))
    Compliance(host, settings=settings)
    assert text(element(host.test_client(), "message")) == "Write!"
