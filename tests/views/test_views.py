from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from blinker import Signal
from flask import Flask, Response, request
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import EnvironBuilder, run_wsgi_app

from compliance import Compliance, consent_given, consent_withdrawn
from compliance.consent import COOKIE
from compliance.views import safe_path

OPT_IN = {"mode": "opt-in", "categories": ["analytics", "advertising"]}
URL = "/compliance/consent"
AS_SCRIPT = {"Accept": "application/json"}


@contextmanager
def sent(signal: Signal, app: Flask) -> Iterator[list[Any]]:
    """Collect the records that *signal* is sent with."""
    records: list[Any] = []

    def receive(sender: Flask, record: Any) -> None:
        assert sender is app
        records.append(record)

    with signal.connected_to(receive, sender=app):
        yield records


@pytest.fixture
def settings(settings: dict[str, Any]) -> dict[str, Any]:
    return settings | {"consent": OPT_IN}


def stored(client: FlaskClient) -> dict[str, Any]:
    """Return the record that the client's cookie holds, as the server reads it."""
    record: dict[str, Any] = client.get("/compliance/record", headers=AS_SCRIPT).get_json()["decision"]
    return record


# Decisions


def test_form_is_answered_with_the_cookie_and_the_way_back(client: FlaskClient) -> None:
    response = client.post(URL, data={"choice": "accept", "next": "/zh?page=2"})
    assert (response.status_code, response.location) == (303, "/zh?page=2")
    assert response.cache_control.no_store
    assert stored(client)["choices"] == {"analytics": True, "advertising": True}


def test_script_is_answered_without_a_page(client: FlaskClient) -> None:
    response = client.post(URL, data={"choice": "reject"}, headers=AS_SCRIPT)
    assert (response.status_code, response.data) == (204, b"")
    assert stored(client)["choices"] == {"analytics": False, "advertising": False}


def test_custom_choice_keeps_the_categories_that_were_ticked(client: FlaskClient) -> None:
    client.post(URL, data={"choice": "custom", "category": ["analytics", "necessary"]})
    assert stored(client)["choices"] == {"analytics": True, "advertising": False}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookie_has_the_attributes_of_the_contract(client: FlaskClient, scheme: str) -> None:
    response = client.post(URL, data={"choice": "accept"}, base_url=f"{scheme}://localhost")
    name, *attributes = response.headers["Set-Cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=") and len(name) < 400
    expected = {"Max-Age=31536000", "Path=/", "SameSite=Lax"} | ({"Secure"} if scheme == "https" else set())
    assert {part for part in attributes if not part.startswith("Expires=")} == expected


@pytest.mark.parametrize(
    ("headers", "location"),
    [
        ({"Referer": "http://localhost/zh?page=2"}, "/zh?page=2"),
        ({"Referer": "http://localhost"}, "/"),
        ({}, "/"),
        ({"Referer": "http://localhost//evil.example/"}, "/"),
    ],
)
def test_without_next_the_way_back_is_the_page_of_the_form(
    client: FlaskClient, headers: dict[str, str], location: str
) -> None:
    assert client.post(URL, data={"choice": "accept"}, headers=headers).location == location


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example/",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/a\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "evil.example",
        " /",
        "/a\\..\\b",
    ],
)
def test_next_never_leaves_the_site(client: FlaskClient, target: str) -> None:
    response = client.post(URL, data={"choice": "accept", "next": target})
    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers


@given(target=st.text() | st.text(alphabet="/\\:.@?# \tehttps"))
@example("/%2f/evil.example")
@example("/.//evil.example")
def test_safe_path_has_no_host(target: str) -> None:
    if safe_path(target):
        # What a browser does first: it drops tabs and line ends, and takes a backslash for a slash.
        seen = urlsplit(re.sub("[\t\r\n]", "", target).replace("\\", "/"))
        assert (seen.scheme, seen.netloc, seen.path[:1]) == ("", "", "/")


@pytest.mark.parametrize("form", [{}, {"choice": "yes"}, {"choice": "custom", "category": "weather"}])
def test_wrong_forms_are_refused_with_the_reason(client: FlaskClient, form: dict[str, str]) -> None:
    response = client.post(URL, data=form, headers=AS_SCRIPT)
    assert (response.status_code, response.mimetype) == (400, "application/problem+json")
    problem = response.get_json()
    assert (problem["status"], problem["title"], problem["type"]) == (400, "Bad Request", "about:blank")
    assert problem["detail"]
    assert "Set-Cookie" not in response.headers


def test_reason_is_told_in_the_language_asked_for(client: FlaskClient) -> None:
    english, chinese = (
        client.post(f"{URL}?lang={lang}", data={}, headers=AS_SCRIPT).get_json()["detail"] for lang in ("en", "zh-CN")
    )
    assert english.isascii()
    assert not chinese.isascii()


def test_reason_is_plain_text_for_scripts(host: Flask, settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "compliance").mkdir()
    (tmp_path / "compliance" / "reason.txt").write_text("{{ _('Don\\'t & won\\'t') }}")
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    Compliance(host, settings=settings)
    assert host.test_client().post(URL, headers=AS_SCRIPT).get_json()["detail"] == "Don't & won't"


def test_reason_is_told_to_people_on_a_page(client: FlaskClient) -> None:
    response = client.post(f"{URL}?lang=zh-CN", data={})
    assert (response.status_code, response.mimetype) == (400, "text/html")
    assert '<html lang="zh-CN"' in response.text
    assert response.cache_control.no_store


def test_agreement_to_a_text_of_the_past_asks_again(client: FlaskClient) -> None:
    assert client.post(URL, data={"choice": "accept", "policy": "past"}).status_code == 409
    assert client.post(URL, data={"choice": "reject", "policy": "past"}).status_code == 303


@pytest.mark.parametrize(
    ("query", "fields", "headers", "lang"),
    [
        ("", {}, {}, "en"),
        ("", {}, {"Referer": "http://localhost/compliance/consent?lang=zh-CN"}, "zh-CN"),
        ("", {"lang": "zh-CN"}, {}, "zh-CN"),
        ("", {"lang": "zh-CN"}, {"Referer": "http://localhost/"}, "zh-CN"),
        ("?lang=en", {"lang": "zh-CN"}, {"Referer": "http://localhost/?lang=zh-CN"}, "en"),
        ("", {}, {"Referer": "http://localhost/?lang=xx"}, "en"),
        ("", {}, {"Referer": "https://evil.example/?lang=zh-CN"}, "en"),
        ("", {"lang": "zh-CN"}, {"Sec-Fetch-Site": "cross-site"}, "en"),
        ("", {}, {"Referer": "http://[localhost/?lang=zh-CN"}, "en"),
    ],
)
def test_refused_form_is_answered_in_the_language_of_its_page(
    client: FlaskClient, query: str, fields: dict[str, str], headers: dict[str, str], lang: str
) -> None:
    response = client.post(URL + query, data={"choice": "maybe", **fields}, headers=headers)
    assert response.status_code in (400, 403)
    assert f'<html lang="{lang}"' in response.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "consent", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("POST", "legal/privacy", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "static/compliance.css", {"GET", "HEAD", "OPTIONS"}),
        ("TRACE", "record", {"GET", "HEAD", "POST", "OPTIONS"}),
    ],
)
def test_method_that_an_address_does_not_take_is_refused_as_anything_else(
    client: FlaskClient, method: str, path: str, allowed: set[str]
) -> None:
    page = client.open(f"/compliance/{path}?lang=zh-CN", method=method)
    assert (page.status_code, set(page.allow), page.mimetype) == (405, allowed, "text/html")
    assert '<html lang="zh-CN"' in page.text and "该地址不支持这种请求方法。" in page.text
    assert page.headers["X-Content-Type-Options"] == "nosniff" and page.cache_control.no_store
    told = client.open(f"/compliance/{path}", method=method, headers=AS_SCRIPT)
    assert (told.status_code, set(told.allow), told.mimetype) == (405, allowed, "application/problem+json")
    assert told.get_json()["title"] == "Method Not Allowed"


def test_methods_of_the_host_are_refused_by_the_host(client: FlaskClient) -> None:
    response = client.put("/", headers=AS_SCRIPT)
    assert (response.status_code, response.mimetype) == (405, "text/html")
    assert "X-Content-Type-Options" not in response.headers
    assert client.options(URL).allow.as_set() == {"get", "head", "post", "options"}


def answer(app: Flask, method: str, path: str, host: str) -> int:
    """Return the status of the answer to a form sent to *host*, which the test client itself could not read."""
    environ = EnvironBuilder(path, method=method, data={"choice": "accept"} if method == "POST" else None).get_environ()
    _, status, _ = run_wsgi_app(app, {**environ, "HTTP_HOST": host, "HTTP_REFERER": "http://localhost/"}, buffered=True)
    return int(status[:3])


@pytest.mark.parametrize(
    "named", ["xn--", "[", "[::1", "]", "a b", "a/b", "a@b", "a:b", "a:99999", ":80", "a\\b", "\xff", "a..b", "a" * 99]
)
def test_malformed_host_is_a_bad_request(app: Flask, named: str) -> None:
    for method, path in [("POST", "consent"), ("GET", "consent"), ("GET", "legal/privacy"), ("GET", "static/x.css")]:
        assert answer(app, method, f"/compliance/{path}", named) == 400, path


def test_no_host_whatsoever_is_a_fault_of_ours(app: Flask) -> None:
    @given(st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40))
    @example("xn--a")
    def try_host(named: str) -> None:
        assert answer(app, "POST", URL, named) in (303, 400, 403)

    try_host()


@pytest.mark.parametrize("declared", [True, False])
def test_huge_form_is_refused_before_it_is_read(client: FlaskClient, declared: bool) -> None:
    body = BytesIO(b"choice=accept&next=/" + b"a" * 10_000_000)
    length = {"content_length": 10_000_020} if declared else {"environ_overrides": {"wsgi.input_terminated": True}}
    response = client.post(
        URL, input_stream=body, content_type="application/x-www-form-urlencoded", headers=AS_SCRIPT, **length
    )
    assert (response.status_code, response.mimetype) == (413, "application/problem+json")
    assert body.tell() < 100_000


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Origin": "https://localhost"}, 303),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "https://evil.example", "Referer": "http://localhost/"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[evil"}, 403),
        ({"Referer": "http://localhost/zh"}, 303),
        ({"Referer": "https://evil.example/http://localhost/"}, 403),
        ({"Origin": "https://www.ichongqing.info"}, 303),
    ],
)
def test_forms_of_other_sites_are_refused(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    response = client.post(URL, data={"choice": "accept"}, headers=headers)
    assert response.status_code == status
    assert ("Set-Cookie" in response.headers) is (status == 303)


def test_behind_a_proxy_the_outer_host_counts(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_host=1, x_proto=1, x_prefix=1)  # type: ignore[method-assign]
    forwarded = {
        "X-Forwarded-Host": "news.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/en",
        "Origin": "https://news.example",
    }
    response = app.test_client().post(URL, data={"choice": "accept"}, headers=forwarded)
    assert (response.status_code, response.location) == (303, "/en/")
    assert "Secure" in response.headers["Set-Cookie"]


@pytest.mark.slow
def test_prefix_from_a_client_does_not_become_a_host(app: Flask) -> None:
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1)  # type: ignore[method-assign]
    response = app.test_client().post(URL, data={"choice": "accept"}, headers={"X-Forwarded-Prefix": "//evil.example"})
    assert response.location == "/evil.example/"


def test_signals_carry_the_record(app: Flask, client: FlaskClient) -> None:
    with sent(consent_given, app) as given, sent(consent_withdrawn, app) as withdrawn:
        for choice in ("reject", "accept", "withdraw", "accept", "reject"):
            client.post(URL, data={"choice": choice})
    assert [record.method for record in given] == ["accept", "accept"]
    assert [record.method for record in withdrawn] == ["withdraw", "reject"]


def test_agreement_by_browsing_on_is_withdrawn_too(app: Flask, client: FlaskClient) -> None:
    with sent(consent_withdrawn, app) as withdrawn:
        client.post(URL, data={"choice": "withdraw"})
    assert [record.given for record in withdrawn] == [False]


# Preferences and the record


def test_preference_page_withdraws_with_one_click(client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    page = client.get(URL)
    assert (page.status_code, page.cache_control.no_store) == (200, True)
    assert re.search(r'<button[^>]*name="choice"[^>]*value="withdraw"', page.text)
    client.post(URL, data={"choice": "withdraw"}, headers={"Referer": f"http://localhost{URL}"})
    assert stored(client)["given"] is False


def test_preference_page_asks_once(client: FlaskClient) -> None:
    page = client.get(URL).text
    assert 'data-compliance="banner"' not in page
    assert 'data-compliance="footer"' in page


@pytest.mark.parametrize("category", ["analytics", "advertising"])
@pytest.mark.slow
def test_preference_page_shows_every_category_as_it_stands(client: FlaskClient, category: str) -> None:
    client.post(URL, data={"choice": "custom", "category": category})
    boxes = re.findall(r'<input[^>]*name="category"[^>]*>', client.get(URL).text)
    ticked = [re.search('value="([^"]*)"', box)[1] for box in boxes if " checked" in box]  # type: ignore[index]
    assert {"analytics", "advertising"} & set(ticked) == {category}


def test_record_is_that_of_the_cookie(client: FlaskClient) -> None:
    client.post(URL, data={"choice": "accept"})
    record = stored(client)
    assert record.keys() == {"id", "policy", "method", "given", "choices", "time", "until"}
    assert (record["method"], record["given"]) == ("accept", True)
    page = client.get("/compliance/record")
    assert record["id"] in page.text
    assert page.cache_control.no_store


@pytest.mark.parametrize("value", [None, "garbled", "a.b.c", "=; \\", "x" * 50_000])
def test_without_a_valid_cookie_there_is_no_record(app: Flask, value: str | None) -> None:
    cookies = {"Cookie": f"{COOKIE}={value}"} if value else {}
    client = app.test_client(use_cookies=False)
    assert client.get("/compliance/record", headers=cookies | AS_SCRIPT).status_code == 404
    assert client.get("/compliance/record", headers=cookies).status_code == 404
    assert client.get("/", headers=cookies).status_code == 200


# Legal documents and the ways to the editors


@pytest.mark.parametrize("name", ["privacy", "cookies", "terms", "about", "contact"])
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_legal_document_is_in_the_language_asked_for(client: FlaskClient, name: str, lang: str) -> None:
    response = client.get(f"/compliance/legal/{name}?lang={lang}")
    assert (response.status_code, response.headers["Content-Language"]) == (200, lang)
    assert f'<html lang="{lang}"' in response.text
    assert "iChongqing" in response.text


def test_legal_document_may_be_cached_and_asked_for_again(client: FlaskClient) -> None:
    first = client.get("/compliance/legal/privacy")
    assert first.cache_control.public
    assert "Set-Cookie" not in first.headers
    assert "Vary" not in first.headers
    by_tag = client.get("/compliance/legal/privacy", headers={"If-None-Match": first.headers["ETag"]})
    by_time = client.get("/compliance/legal/privacy", headers={"If-Modified-Since": first.headers["Last-Modified"]})
    assert (by_tag.status_code, by_time.status_code) == (304, 304)


def test_language_of_the_browser_does_not_split_the_cache(client: FlaskClient) -> None:
    response = client.get("/compliance/legal/privacy", headers={"Accept-Language": "zh-CN"})
    assert '<html lang="en"' in response.text


def test_earlier_version_stays_at_its_address(client: FlaskClient, app: Flask) -> None:
    version = app.extensions["compliance"].documents.versions("privacy", "en")[0].version
    assert client.get(f"/compliance/legal/privacy/{version}").status_code == 200


@pytest.mark.parametrize("path", ["legal/nothing", "legal/privacy/0.0", "static/nothing.css", "legal/..%2fprivacy"])
def test_what_is_not_there_is_404(client: FlaskClient, path: str) -> None:
    assert client.get(f"/compliance/{path}").status_code == 404


@pytest.mark.parametrize(
    ("page", "way"), [("message", "mailto:service@ichongqing.info"), ("report", "tel:+862367158993")]
)
def test_ways_to_the_editors_work_without_a_form(client: FlaskClient, page: str, way: str) -> None:
    response = client.get(f"/compliance/{page}")
    assert response.status_code == 200
    assert way in response.text
    assert response.cache_control.no_store


# Assets and policies


@pytest.mark.parametrize("mimetype", ["text/css", "text/javascript"])
def test_asset_is_immutable_under_its_own_hash_only(client: FlaskClient, mimetype: str) -> None:
    pattern = 'href="([^"]*[.]css)"' if mimetype == "text/css" else 'src="([^"]*[.]js)"'
    url = re.search(pattern, client.get("/").text)[1]  # type: ignore[index]
    response = client.get(url)
    assert (response.status_code, response.mimetype) == (200, mimetype)
    assert (response.cache_control.immutable, response.cache_control.max_age) == (True, 31536000)
    older = client.get(re.sub(r"(?<=[./])[0-9a-f]{10}(?=[./])", "0123456789", url))
    assert older.data == response.data
    assert older.cache_control.no_cache and not older.cache_control.immutable


@pytest.mark.parametrize("path", ["consent", "record", "legal/privacy", "message", "report", "static/compliance.css"])
def test_our_pages_carry_policies_of_their_own(client: FlaskClient, path: str) -> None:
    headers = client.get(f"/compliance/{path}").headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")


def test_pages_of_the_host_keep_their_own_policy(client: FlaskClient) -> None:
    assert "Content-Security-Policy" not in client.get("/").headers


@pytest.mark.parametrize("path", ["consent", "legal/privacy", "message", "report"])
def test_our_pages_have_no_inline_script_or_style(client: FlaskClient, path: str) -> None:
    page = client.get(f"/compliance/{path}").text
    assert not re.search(
        r"<style|<script(?![^>]*\s(?:src=|type=\"application/ld\+json\"))|\sstyle=|\son[a-z]+=|<[^>]*javascript:", page
    )


def test_site_replaces_a_template(host: Flask, settings: dict[str, Any], tmp_path: Path) -> None:
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    (tmp_path / "compliance").mkdir()
    (tmp_path / "compliance" / "message_page.html").write_text("<!doctype html><p>{{ site.name }} of {{ ours }}")
    host.context_processor(lambda: {"ours": "the host", "site": "not this"})
    Compliance(host, settings=settings)
    assert "<p>iChongqing of the host" in host.test_client().get("/compliance/message").text


def test_site_replaces_the_frame(host: Flask, settings: dict[str, Any], tmp_path: Path) -> None:
    host.jinja_loader.searchpath.insert(0, str(tmp_path))  # type: ignore[union-attr]
    (tmp_path / "compliance").mkdir()
    frame = "<!doctype html><title>{{ title }} of {{ ours }}</title>{% block main %}{% endblock %}"
    (tmp_path / "compliance" / "page.html").write_text(frame)
    host.context_processor(lambda: {"ours": "the host"})
    Compliance(host, settings=settings)
    assert " of the host</title>" in host.test_client().get("/compliance/message").text


@pytest.mark.parametrize(
    ("path", "caching"),
    [
        ("consent", "no-store"),
        ("legal/privacy", "public, max-age=300"),
        ("static/compliance.css", "no-cache"),
        ("record", "no-store"),
    ],
)
def test_hooks_of_the_host_do_not_change_how_long_our_pages_are_kept(
    host: Flask, settings: dict[str, Any], path: str, caching: str
) -> None:
    @host.after_request
    def keep(response: Response) -> Response:
        response.cache_control.public = True
        response.cache_control.max_age = 60
        response.cache_control.no_store = None
        return response

    Compliance(host, settings=settings)
    assert host.test_client().get(f"/compliance/{path}").headers["Cache-Control"] == caching


def test_pages_do_not_depend_on_the_hosts_template_context(host: Flask, settings: dict[str, Any]) -> None:
    @host.context_processor
    def fails() -> dict[str, Any]:
        raise LookupError(f"no such page: {request.endpoint}")

    Compliance(host, settings=settings)
    assert host.test_client().get("/compliance/legal/privacy").status_code == 200
    assert host.test_client().get("/compliance/nowhere").status_code == 404
