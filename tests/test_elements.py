from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask, Response, render_template_string, stream_with_context
from flask.testing import FlaskClient
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from compliance import Compliance
from compliance.cli import STARTER

BY_HAND = "<!doctype html><html lang=en><title>News</title><body>{placed}<h1>News</h1></body></html>"


def names(page: str) -> list[str]:
    """The elements of *page*, as often as they stand there, nested ones within theirs once.

    The banner in <noscript> is the one for readers without scripts, and what loads the footer's style stands before it.
    """
    page = re.sub(r"(?s)<noscript.*?</noscript>", "", page)
    return re.findall(r'<(?:div|section|footer|p) data-compliance="(?!foot")(\w+)"', page)


def by_hand(app: Flask, *placed: str) -> Flask:
    """Give *app* a page at `/by-hand` that places elements itself."""
    template = BY_HAND.format(placed="".join(f"{{{{ compliance_{name}() }}}}" for name in placed))
    app.add_url_rule("/by-hand", "by_hand", lambda: render_template_string(template))
    return app


def test_page_has_every_element_once(client: FlaskClient) -> None:
    assert names(client.get("/").text) == ["assets", "banner", "footer", "report", "licences", "message"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", ["I Agree", "New Era, New Journey, New Chongqing", "Leaving a message"]),
        ("/zh", ["我同意", "新时代 新征程 新重庆", "留言"]),
    ],
)
def test_elements_are_in_the_language_of_the_page(client: FlaskClient, path: str, words: list[str]) -> None:
    page = client.get(path).text
    assert [word for word in words if word not in page] == []
    assert f'data-compliance="footer" role="none" lang="{"zh-CN" if path == "/zh" else "en"}"' in page


def test_links_and_forms_stay_in_the_window_whatever_the_base_of_the_page_says(
    host: Flask, settings: dict[str, Any], tmp_path: Path
) -> None:
    corrections = tmp_path / "corrections.toml"
    corrections.write_text('[[corrections]]\npage = "/by-hand"\ndate = 2026-01-01\ntext = "It was 8,600."\n')
    settings |= {"consent": {"mode": "opt-in"}, "articles": {"corrections": str(corrections)}}
    Compliance(host, settings=settings)
    soup = BeautifulSoup(by_hand(host, "correction").test_client().get("/by-hand").text, "html.parser")
    found = soup.select("a, form")
    assert {node.name for node in found} == {"a", "form"} and soup.aside is not None
    assert [str(node) for node in found if node.get("target") != "_self"] == []


def test_footer_names_licences_and_reporting_contact(client: FlaskClient) -> None:
    page = client.get("/").text
    assert '<a href="https://beian.miit.gov.cn/"' in page
    numbers = ["渝ICP备20009753号-2", "50120220004", "+86-23-67158993", "tel:+862367158993", "service@ichongqing.info"]
    assert [number for number in numbers if number not in page] == []


@pytest.mark.parametrize(
    ("number", "name"),
    [
        ("(京)网药械信息备字(2025)第00153号", "互联网药品医疗器械信息服务备案编号:"),
        ("(湘)-经营性-2014-0005", "互联网药品信息服务资格证书:"),
    ],
)
def test_filing_of_drug_information_is_no_certificate(
    host: Flask, settings: dict[str, Any], number: str, name: str
) -> None:
    settings["licences"]["drug_information"] = number
    Compliance(host, settings=settings)
    page = BeautifulSoup(host.test_client().get("/").text, "html.parser")
    assert f"{name}{number}" in page.get_text()


@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_links_keep_the_language_of_the_page(client: FlaskClient, lang: str) -> None:
    page = client.get("/zh" if lang == "zh-CN" else "/").text
    links = [link for link in re.findall(r'(?:href|action)="(/compliance/[^"]*)"', page) if "/static/" not in link]
    assert links
    for link in links:
        assert f'<html lang="{lang}"' in client.get(link).text


def test_links_name_the_language_where_the_host_chooses_one(host: Flask, settings: dict[str, Any]) -> None:
    Compliance(host, settings=settings)
    Babel(host, locale_selector=lambda: "zh_CN")
    link = re.search(r'href="(/compliance/consent[^"]*)"', host.test_client().get("/").text)[1]  # type: ignore[index]
    assert '<html lang="en"' in host.test_client().get(link).text


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        (["banner"], ["assets", "banner", "footer", "report", "licences", "message"]),
        (["footer"], ["assets", "banner", "footer", "report", "licences", "message"]),
        (["report"], ["assets", "banner", "report", "footer", "licences", "message"]),
        (["message_box", "report"], ["assets", "banner", "message", "report", "footer", "licences"]),
        (["banner", "banner"], ["assets", "banner", "footer", "report", "licences", "message"]),
        (["footer", "report"], ["assets", "banner", "footer", "report", "licences", "message"]),
    ],
)
def test_element_placed_by_hand_stands_once(app: Flask, placed: list[str], expected: list[str]) -> None:
    assert names(by_hand(app, *placed).test_client().get("/by-hand").text) == expected


def test_stream_whose_banner_has_left_gets_no_second_one_by_hand(app: Flask) -> None:
    def pieces() -> Iterator[str]:
        yield "<!doctype html><html lang=en><title>News</title><body><h1>News</h1>" + "<p>news</p>" * 10_000
        yield render_template_string("{{ compliance_banner() }}")

    app.add_url_rule("/stream", "stream", lambda: Response(stream_with_context(pieces())))
    assert names(app.test_client().get("/stream").text).count("banner") == 1


def test_element_placed_by_hand_takes_the_language_of_the_host(host: Flask, settings: dict[str, Any]) -> None:
    Babel(host, locale_selector=lambda: "zh_CN")
    Compliance(host, settings=settings)
    assert "我同意" in by_hand(host, "banner").test_client().get("/by-hand").text


def test_element_placed_by_hand_takes_a_language_as_argument(app: Flask) -> None:
    with app.test_request_context():
        assert "我同意" in render_template_string("{{ compliance_banner('zh-CN') }}")


def test_element_can_be_rendered_without_a_request(app: Flask) -> None:
    with app.app_context():
        assert "tel:+862367158993" in render_template_string("{{ compliance_report() }}")


def test_mounted_application_links_to_its_own_endpoints(app: Flask) -> None:
    mount = "/新闻".encode().decode("latin-1")  # as WSGI writes it (PEP 3333)
    client = Client(DispatcherMiddleware(Flask("outer"), {mount: app}))
    page = client.get("/新闻/").text
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page)
    assert links
    for link in links:
        assert link.startswith("/%E6%96%B0%E9%97%BB/compliance/")
        assert client.get(link).status_code == 200


def test_prefix_from_a_proxy_cannot_make_a_link_leave(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    page = app.test_client().get("/", headers={"X-Forwarded-Prefix": '//evil.example"><script>'}).text
    assert '"//' not in page
    assert "<script>" not in page


def test_licences_follow_the_host_name(host: Flask, settings: dict[str, Any]) -> None:
    numbers = {"www.ichongqing.info": "渝ICP备20009753号-2", "en.ichongqing.info": "渝ICP备20009753号-3"}
    settings["licences"]["icp"] = numbers
    Compliance(host, settings=settings)
    for name, number in numbers.items():
        page = host.test_client().get("/", base_url=f"https://{name}").text
        assert [number for number in numbers.values() if number in page] == [number]


def tagged(host: Flask) -> Flask:
    """Give *host* a page at `/tagged` with validators of its own."""

    def page() -> Response:
        response = Response("<!doctype html><title>News</title><body>")
        response.set_etag("page")
        response.last_modified = datetime(2020, 1, 1, tzinfo=UTC)
        return response

    host.add_url_rule("/tagged", "tagged", page)
    return host


@pytest.mark.parametrize("what", ["nothing", "settings", "numbers of another host", "template"])
def test_etag_changes_with_anything_that_is_injected(settings: dict[str, Any], tmp_path: Path, what: str) -> None:
    settings["licences"]["icp"] = {"www.example.org": "渝ICP备20009753号-2", "en.example.org": "渝ICP备20009753号-3"}
    tags = []
    for turn in range(2):
        app = Flask("host", root_path=str(tmp_path))
        app.config.update(SECRET_KEY="key", TESTING=True)
        if turn and what == "settings":
            settings["site"]["slogan"] = "Another slogan"
        if turn and what == "numbers of another host":
            settings["licences"]["icp"]["en.example.org"] = "渝ICP备20009753号-4"
        if turn and what == "template":
            (tmp_path / "templates" / "compliance").mkdir(parents=True)
            (tmp_path / "templates" / "compliance" / "message.html").write_text("<p>Write to us</p>")
        Compliance(app, settings=settings)
        tags.append(tagged(app).test_client().get("/tagged").headers["ETag"])
    assert (tags[0] == tags[1]) is (what == "nothing")


def test_page_counts_as_changed_when_the_settings_did(host: Flask, tmp_path: Path) -> None:
    changed = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    file = tmp_path / "compliance.toml"
    file.write_text(STARTER.read_text(encoding="utf-8"), encoding="utf-8")
    os.utime(file, (changed.timestamp(), changed.timestamp()))
    Compliance(host, settings=file)
    client = tagged(host).test_client()
    assert client.get("/tagged").last_modified == changed
    assert client.get("/compliance/legal/privacy").last_modified == changed


def test_reader_with_a_decision_sees_no_banner_on_a_private_page(app: Flask) -> None:
    def private() -> Any:
        response = app.make_response("<!doctype html><title>News</title><body>")
        response.cache_control.private = True
        return response

    app.add_url_rule("/private", "private", private)
    client = app.test_client()
    assert "banner" in names(client.get("/private").text)
    client.post("/compliance/consent", data={"choice": "reject"})
    assert "banner" not in names(client.get("/private").text)
    assert "banner" in names(client.get("/").text)


@pytest.mark.parametrize(
    "options",
    [
        {"variable_start_string": "[[", "variable_end_string": "]]"},
        {"block_start_string": "{{", "block_end_string": "}}", "variable_start_string": "<<"},
        {"line_statement_prefix": "<", "line_comment_prefix": "{{"},
        {"undefined": StrictUndefined},
        {"autoescape": False},
        {"extensions": ["jinja2.ext.i18n"]},
    ],
)
@pytest.mark.slow
def test_templates_render_whatever_syntax_the_host_chose(settings: dict[str, Any], options: dict[str, Any]) -> None:
    app = Flask("host")
    app.jinja_options = options
    app.config.update(SECRET_KEY="key", TESTING=True)
    app.add_url_rule("/", "home", lambda: "<!doctype html><title>News</title><body>")
    settings["site"]["slogan"] = "New & <old>"
    Compliance(app, settings=settings)
    client = app.test_client()
    assert names(client.get("/").text) == ["assets", "banner", "footer", "report", "licences", "message"]
    assert "New &amp; &lt;old&gt;" in client.get("/compliance/consent").text


def test_site_replaces_an_element(host: Flask, settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "compliance").mkdir()
    text = '<footer data-compliance="footer">Ours: {{ site.operator }}</footer>'
    (tmp_path / "compliance" / "footer.html").write_text(text, encoding="utf-8")
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    Compliance(host, settings=settings)
    assert "Ours: Chongqing International Communication Center" in host.test_client().get("/").text


@pytest.mark.parametrize("mode", ["opt-in", "opt-out"])
@pytest.mark.parametrize("categories", [[], ["analytics"]])
def test_banner_names_what_there_is_to_choose_and_nothing_else(
    host: Flask, settings: dict[str, Any], mode: str, categories: list[str]
) -> None:
    Compliance(host, settings=settings | {"consent": {"mode": mode, "categories": categories}})
    banner = host.test_client().get("/").text.partition('data-compliance="banner"')[2].partition("</section>")[0]
    assert ("Optional cookies (Analytics)" in banner) == bool(categories)
    assert ("Declining does not" in banner) == bool(categories)


@pytest.mark.parametrize("policy", [None, "script-src 'self' 'nonce-abc'; style-src 'nonce-xyz'"])
@pytest.mark.parametrize("mode", ["notice", "opt-in"])
def test_a_page_that_changes_tells_early_which_style_it_loads(
    host: Flask, settings: dict[str, Any], mode: str, policy: str | None
) -> None:
    fields = {"Link": "</theirs.css>; rel=preload; as=style"} | ({"Content-Security-Policy": policy} if policy else {})
    host.add_url_rule("/page", "page", lambda: ("<!doctype html><html lang=en><body><p>a</p></body>", fields))
    host.add_url_rule("/data", "data", lambda: ({"a": 1}, fields))
    Compliance(host, settings=settings | {"consent": {"mode": mode}})
    client = host.test_client()
    response = client.get("/page")
    assert response.headers.getlist("Link") == client.head("/page").headers.getlist("Link")
    theirs, ours = response.headers.getlist("Link")
    assert theirs == fields["Link"] and client.get("/data").headers.getlist("Link") == [theirs]
    (style,) = set(re.findall(r'href="(/[^"]+/static/compliance\.[^"]+\.css)"', response.text))
    assert ours == f"<{style}>; rel=preload; as=style" + ('; nonce="xyz"' if policy else "")
