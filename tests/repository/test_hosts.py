from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from compliance import Compliance
from hosts import blog, portal

SETTINGS = {
    "site": {
        "name": "Host",
        "url": "https://host.example",
        "operator": "Host Ltd",
        "email": "host@host.example",
        "languages": ["en", "zh_CN"],
    },
    "licences": {"icp": "渝ICP备20009753号-2"},
    "reporting": {"telephone": "+86-23-67158993"},
    "consent": {"mode": "notice"},
}
GBK_PAGE = "<html><head><meta charset=gbk><title>旧页</title></head><body><p>山城</p></body></html>".encode("gbk")


class Client(FlaskClient):
    """A client that reads every answer to its end, so that files are closed."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        return super().open(*args, **{"buffered": True, **kwargs})


Open = Callable[[Callable[[Path], Flask]], Client]


@pytest.fixture(params=["unwrapped", "wrapped"])
def open_host(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Make a host as it is, and again with the package around it: a test that uses it runs on both."""

    def open_host(create_app: Callable[[Path], Flask]) -> Client:
        return client_of(create_app(tmp_path), wrapped=request.param == "wrapped")

    return open_host


def client_of(app: Flask, *, wrapped: bool) -> Client:
    if wrapped:
        Compliance(app, settings=SETTINGS)
    app.test_client_class = Client
    client = app.test_client()
    assert isinstance(client, Client)
    return client


def host_page(response: TestResponse) -> BeautifulSoup:
    """The page as the host made it: less what was injected."""
    assert response.mimetype == "text/html"
    page = BeautifulSoup(response.data.decode("utf-8", "surrogateescape"), "html.parser")  # no guess at the charset
    for node in page.select("[data-compliance]"):
        node.extract()
    return page


def is_injected(response: TestResponse) -> bool:
    return b"data-compliance=" in response.data


# The blog


@pytest.fixture
def blog_client(open_host: Open) -> Client:
    return open_host(blog.create_app)


def register(client: Client, name: str = "ada", password: str = "engine") -> TestResponse:
    return client.post("/accounts/register", data={"name": name, "password": password}, follow_redirects=True)


def login(client: Client, name: str = "ada", password: str = "engine") -> TestResponse:
    return client.post("/accounts/login", data={"name": name, "password": password}, follow_redirects=True)


def publish(client: Client, title: str = "First", body: str = "\nTwo  spaces\n") -> TestResponse:
    return client.post("/posts/new", data={"title": title, "body": body}, follow_redirects=True)


def flashes(response: TestResponse) -> list[str]:
    return [node.text for node in host_page(response).select(".flash")]


def test_blog_author_registers_logs_in_and_out(blog_client: Client) -> None:
    assert flashes(register(blog_client)) == ["Welcome! Please log in."]
    assert host_page(login(blog_client)).select_one("#author").text == "ada"
    with blog_client.session_transaction() as session:
        assert session["author"] == 1
    page = host_page(blog_client.post("/accounts/logout", follow_redirects=True))
    assert page.select_one("#author") is None


@pytest.mark.parametrize(
    ("address", "data", "message"),
    [
        ("/accounts/register", {"name": "", "password": "x"}, "Name and password are required."),
        ("/accounts/register", {"name": "ada", "password": "x"}, "The name ada is taken."),
        ("/accounts/login", {"name": "ada", "password": "x"}, "Name or password is wrong."),
    ],
)
def test_blog_form_is_shown_again_with_the_reason_and_the_name(
    blog_client: Client, address: str, data: dict[str, str], message: str
) -> None:
    register(blog_client)
    response = blog_client.post(address, data=data)
    assert flashes(response) == [message]
    assert host_page(response).select_one("main input[name=name]")["value"] == data["name"]
    assert flashes(blog_client.get("/")) == []  # a message is shown once


def test_blog_post_is_written_changed_and_deleted(blog_client: Client) -> None:
    register(blog_client)
    login(blog_client)
    response = publish(blog_client)
    assert (response.request.path, flashes(response)) == ("/posts/1", ["Published."])
    assert host_page(response).pre.text.strip() == "Two  spaces"
    response = blog_client.post("/posts/1/edit", data={"title": "二", "body": "<b>"}, follow_redirects=True)
    assert (host_page(response).h1.text, host_page(response).pre.text) == ("二", "<b>")
    assert host_page(blog_client.get("/")).article.h2.text == "二"
    assert flashes(blog_client.post("/posts/1/delete", follow_redirects=True)) == ["Deleted."]
    assert blog_client.get("/posts/1").status_code == 404


def test_blog_text_area_keeps_its_leading_line(blog_client: Client) -> None:
    register(blog_client)
    login(blog_client)
    publish(blog_client, body="</body>\nlast")
    assert host_page(blog_client.get("/posts/1/edit")).textarea.text.lstrip("\n") == "</body>\nlast"


def test_blog_keeps_out_whom_it_does_not_know(blog_client: Client) -> None:
    register(blog_client)
    response = blog_client.get("/posts/new")
    assert (response.status_code, response.location) == (302, "/accounts/login")
    login(blog_client)
    publish(blog_client)
    register(blog_client, name="eve")
    login(blog_client, name="eve")
    response = blog_client.post("/posts/1/delete")
    assert (response.status_code, host_page(response).h1.text) == (403, "403 Forbidden")


def test_blog_error_page_keeps_status_and_text(blog_client: Client) -> None:
    response = blog_client.get("/posts/9")
    assert (response.status_code, host_page(response).main.p.text) == (404, "There is no post 9.")
    assert blog_client.put("/").status_code == 405
    assert blog_client.post("/accounts/login", data={}).status_code == 400


def test_blog_session_marks_its_pages_for_this_reader(blog_client: Client) -> None:
    register(blog_client)
    login(blog_client)
    assert "Cookie" in blog_client.get("/").vary


# The portal


@pytest.fixture
def portal_client(open_host: Open) -> Client:
    return open_host(portal.create_app)


def upload(client: Client, **files: bytes) -> TestResponse:
    data = {"file": [(io.BytesIO(content), name.replace("_", ".")) for name, content in files.items()]}
    return client.post("/upload", data=data, follow_redirects=True)


def test_portal_takes_files_in_and_gives_them_back(portal_client: Client) -> None:
    content = bytes(range(256)) * 8
    assert flashes(upload(portal_client, a_bin=content, b_txt=b"b")) == ["a.bin is here.", "b.txt is here."]
    response = portal_client.get("/files/a.bin")
    assert response.data == content
    assert response.content_length == len(content)
    assert response.headers["Content-Disposition"] == "attachment; filename=a.bin"


def test_portal_serves_a_part_of_a_file(portal_client: Client) -> None:
    upload(portal_client, a_bin=b"0123456789")
    response = portal_client.get("/files/a.bin", headers={"Range": "bytes=2-4"})
    assert (response.status_code, response.data) == (206, b"234")
    assert response.headers["Content-Range"] == "bytes 2-4/10"


@pytest.mark.parametrize("address", ["/files/a.bin", "/preview/page.html", "/static/help.html", "/reports/summary"])
def test_portal_does_not_send_again_what_the_reader_has(portal_client: Client, address: str) -> None:
    upload(portal_client, a_bin=b"0123456789", page_html=GBK_PAGE)
    first = portal_client.get(address)
    for validator in ({"If-None-Match": first.headers["ETag"]}, {"If-None-Match": f'"other", {first.headers["ETag"]}'}):
        again = portal_client.get(address, headers=validator)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == first.headers["ETag"]
    assert portal_client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("address", ["/", "/files/a.bin", "/static/help.html", "/reports/visits", "/api/files"])
def test_portal_answers_head_as_it_answers_get(portal_client: Client, address: str) -> None:
    upload(portal_client, a_bin=b"0123456789")
    whole, head = portal_client.get(address), portal_client.head(address)
    assert (head.status_code, head.data) == (200, b"")
    assert head.mimetype == whole.mimetype
    assert head.headers.get("ETag") == whole.headers.get("ETag")
    assert head.content_length in (None, len(whole.data))


def test_portal_length_is_the_length_of_what_is_sent(portal_client: Client) -> None:
    upload(portal_client, page_html=GBK_PAGE)
    for address in ("/", "/static/help.html", "/preview/page.html", "/reports/summary", "/nothing", "/reports/log"):
        response = portal_client.get(address)
        assert response.content_length in (None, len(response.data)), address


def test_portal_previews_a_page_in_its_own_charset(portal_client: Client) -> None:
    upload(portal_client, page_html=GBK_PAGE)
    response = portal_client.get("/preview/page.html")
    assert b"<p>" + "山城".encode("gbk") + b"</p>" in response.data


def test_portal_api_speaks_json(portal_client: Client) -> None:
    response = portal_client.put("/api/files/note.txt", json={"text": "</body>"})
    assert (response.status_code, response.location) == (201, "/files/note.txt")
    assert portal_client.get("/api/files").json == {"files": [{"name": "note.txt", "size": 7}]}
    assert portal_client.put("/api/files/note.txt", json=[]).json == {"code": 422, "error": "Unprocessable Entity"}
    response = portal_client.delete("/api/files/note.txt")
    assert (response.status_code, response.data) == (204, b"")
    assert portal_client.delete("/api/files/note.txt").json == {"code": 404, "error": "Not Found"}


def test_portal_streams_figures(portal_client: Client) -> None:
    lines = portal_client.get("/reports/visits.csv").text.splitlines()
    assert (len(lines), lines[499]) == (500, "500,250000")
    rows = host_page(portal_client.get("/reports/visits")).select("tr")
    assert (len(rows), rows[499].td.text) == (500, "250000")


def test_portal_streams_a_page_within_its_request(portal_client: Client) -> None:
    portal_client.post("/reader", data={"name": "Ada"})
    page = host_page(portal_client.get("/reports/log?unit=第"))
    assert page.h1.text == "Ada 的日志"
    assert "第 500: 250000" in page.ol.text


def test_portal_stream_starts_before_it_ends(portal_client: Client) -> None:
    response = portal_client.get("/reports/visits", buffered=False)
    pieces = iter(response.response)
    assert b"<html" in next(pieces) + next(pieces)
    assert len(list(pieces)) > 10
    response.close()


@pytest.mark.parametrize(
    ("address", "status", "name"),
    [
        ("/nothing", 404, "404 Not Found"),
        ("/reports/broken", 500, "500 LookupError"),
        ("/upload", 405, "405 Method Not Allowed"),
    ],
)
def test_portal_error_pages(portal_client: Client, address: str, status: int, name: str) -> None:
    response = portal_client.get(address)
    assert (response.status_code, host_page(response).h1.text) == (status, name)
    assert response.headers["X-Portal"] == "1"


def test_portal_refuses_what_is_too_large(portal_client: Client) -> None:
    response = upload(portal_client, a_bin=bytes(70_000))
    assert (response.status_code, host_page(response).h1.text) == (413, "413 Request Entity Too Large")


def test_portal_page_state_is_readable(portal_client: Client) -> None:
    page = host_page(portal_client.get("/"))
    assert page.select_one("#state").text == '{"end": "<\\/body>", "files": 0}'


# Both, side by side


BLOG_PAGES = ["/", "/accounts/login", "/accounts/register", "/posts/9"]
PORTAL_PAGES = [
    "/", "/preview/page.html", "/static/help.html", "/reports/visits", "/reports/log", "/reports/summary",
    "/reports/broken", "/nothing",
]  # fmt: skip
PORTAL_OTHERS = [
    "/files/page.html", "/files/a.bin", "/preview/a.bin", "/rows", "/api/files", "/api/none", "/reports/visits.csv",
    "/reports/letter.html",
]  # fmt: skip


def answers(tmp_path: Path, create_app: Callable[[Path], Flask], address: str) -> tuple[TestResponse, TestResponse]:
    """What *address* answers unwrapped and wrapped."""

    def answer(*, wrapped: bool) -> TestResponse:
        folder = tmp_path / str(wrapped)
        folder.mkdir()
        client = client_of(create_app(folder), wrapped=wrapped)
        if create_app is portal.create_app:
            upload(client, page_html=GBK_PAGE, a_bin=bytes(range(256)))
            client.get("/")  # the messages of the upload are shown
        return client.get(address)

    return answer(wrapped=False), answer(wrapped=True)


@pytest.mark.parametrize(
    ("create_app", "address"),
    [(blog.create_app, address) for address in BLOG_PAGES] + [(portal.create_app, address) for address in PORTAL_PAGES],
)
def test_page_differs_by_what_is_injected_alone(
    tmp_path: Path, create_app: Callable[[Path], Flask], address: str
) -> None:
    plain, wrapped = answers(tmp_path, create_app, address)
    assert (is_injected(plain), is_injected(wrapped)) == (False, True)
    names = {node["data-compliance"] for node in BeautifulSoup(wrapped.data, "html.parser").select("[data-compliance]")}
    assert names == {"assets", "folded", "banner", "foot", "footer", "report", "licences", "message"}
    assert wrapped.status_code == plain.status_code
    assert str(host_page(wrapped)) == str(host_page(plain))
    own = {"Content-Length", "ETag", "Accept-Ranges", "Date", "Last-Modified", "Set-Cookie"}
    ours = [("Link", value) for value in wrapped.headers.getlist("Link") if "/compliance/static/" in value]
    assert len(ours) == 1
    assert [header for header in wrapped.headers if header[0] not in own and header not in ours] == [
        header for header in plain.headers if header[0] not in own
    ]


@pytest.mark.parametrize("address", PORTAL_OTHERS)
def test_what_is_no_page_goes_out_as_it_is(tmp_path: Path, address: str) -> None:
    plain, wrapped = answers(tmp_path, portal.create_app, address)
    assert (wrapped.status_code, wrapped.data) == (plain.status_code, plain.data)
    per_file = {"Date", "Last-Modified", "ETag"}  # of two copies of a file, made one after the other
    assert [header for header in wrapped.headers if header[0] not in per_file] == [
        header for header in plain.headers if header[0] not in per_file
    ]
    assert "-c" not in wrapped.headers.get("ETag", "")
