"""`flask compliance check`: which pages it reads, and who reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask, Response, redirect, request

from compliance.audit.runner import Audit
from compliance.audit.site import Context
from compliance.audit.sitemaps import addresses
from compliance.audit.website import Website
from compliance.cli import compliance
from compliance.page.trackers import Catalogue
from support.browser import serving

HEAD = "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>新闻</title><body>"
#: In which language, and by what, the home page was asked for.
SEEN: list[tuple[str, str]] = []
LIST = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{0}/hidden</loc></url></urlset>"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(compliance, ["check", "--delay", "0", "--format", "json", *arguments])


def pages(result: Result) -> set[str]:
    """The paths that were read."""
    assert result.exit_code in (0, 1), result.output
    return {page["url"].split("/", 3)[3] for page in json.loads(result.stdout)["pages"]}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """A site with a page that no link leads to, and one for those who have signed in."""
    app = Flask("reach")

    @app.get("/")
    def home() -> str:
        SEEN.append((request.headers.get("Accept-Language", ""), request.headers["User-Agent"]))
        return f"{HEAD}<a href=/linked>linked</a> <a href=/members>members</a> <a href=/logout>out</a>"

    for name in ("linked", "hidden"):
        app.add_url_rule(f"/{name}", name, lambda: HEAD)

    @app.get("/robots.txt")
    def robots() -> Response:
        return Response(f"Sitemap: {request.host_url}maps.xml", mimetype="text/plain")

    @app.get("/maps.xml")
    def maps() -> Response:
        index = f"<sitemapindex><sitemap><loc>{request.host_url}map.xml</loc></sitemap></sitemapindex>"
        return Response(index, mimetype="application/xml")

    app.add_url_rule("/map.xml", "map", lambda: Response(LIST.format(request.host_url[:-1]), mimetype="text/xml"))

    @app.route("/login", methods=["GET", "POST"])
    def login() -> str | Response:
        if request.form.get("word") == "open sesame":
            answer = redirect("/members")
            answer.set_cookie("session", "known")
            return answer
        return f"{HEAD}<form method=post><input id=word name=word><button>Enter</button></form>"

    @app.get("/members")
    def members() -> str | tuple[str, int]:
        known = request.cookies.get("session") == "known"
        return f"{HEAD}<h1>Welcome</h1><a href=/inside>inside</a>" if known else ("", 403)

    app.add_url_rule("/inside", "inside", lambda: HEAD if request.cookies.get("session") else ("", 403))

    @app.get("/logout")
    def logout() -> Response:
        answer = Response(HEAD, mimetype="text/html")
        answer.delete_cookie("session")
        return answer

    with serving(app) as url:
        yield url


def test_only_listed_addresses_are_read(site: str, tmp_path: Path) -> None:
    listed = tmp_path / "urls.txt"
    listed.write_text(f"# two of them\n/linked\n\n{site}/hidden\nhttps://other.test/\n", encoding="utf-8")
    assert pages(check(site, "--urls", str(listed))) == {"linked", "hidden"}


def test_only_listed_files_are_read(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.html").write_text(HEAD, encoding="utf-8")
    listed = tmp_path / "urls.txt"
    listed.write_text("c.html\na.html\n", encoding="utf-8")
    told = json.loads(check(str(tmp_path), "--urls", str(listed)).stdout)
    assert [page["url"] for page in told["pages"]] == ["c.html", "a.html"]


@pytest.mark.parametrize("content", ["", "# nothing\n", None])
def test_a_list_without_addresses_is_refused(content: str | None, tmp_path: Path) -> None:
    listed = tmp_path / "urls.txt"
    if content is not None:
        listed.write_text(content, encoding="utf-8")
    result = check(str(tmp_path), "--urls", str(listed))
    assert result.exit_code == 2 and "urls.txt" in result.stderr


def test_sitemaps_are_read_where_wanted(site: str) -> None:
    assert "hidden" not in pages(check(site))
    assert "hidden" in pages(check(site, "--sitemap"))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"https://a.cn/1\nhttps://a.cn/2\nno address\n", ["https://a.cn/1", "https://a.cn/2"]),
        (
            b"<urlset><url><loc> https://a.cn/1 </loc></url><url><loc>https://a.cn/2",
            ["https://a.cn/1", "https://a.cn/2"],
        ),
        (b"\x1f\x8bno gzip", []),
        (b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&e;</loc></url></urlset>", []),
        (b"", []),
    ],
)
def test_a_sitemap_is_read_as_far_as_it_goes(content: bytes, expected: list[str]) -> None:
    assert list(addresses({"s": content}.get, ["s", "gone"])) == expected


def test_sitemaps_that_list_each_other_end() -> None:
    index = b"<sitemapindex><sitemap><loc>s</loc></sitemap><sitemap><loc>t</loc></sitemap></sitemapindex>"
    assert list(addresses({"s": index, "t": index}.get, ["s"])) == []


def test_several_sites_are_read_at_once(site: str) -> None:
    told = json.loads(check(site, f"{site}/linked", "--language", "zh_CN").stdout)
    assert [one["target"] for one in told] == [site, f"{site}/linked"]


def test_a_site_that_is_gone_does_not_end_the_others(site: str) -> None:
    result = check(site, "http://127.0.0.1:9/", "--limit", "1")
    assert result.exit_code == 2 and "127.0.0.1:9" in result.stderr
    assert json.loads(result.stdout)["target"] == site


def run(*arguments: str) -> Result:
    """Run the command where no other browser is driven: a thread drives one at a time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(check, *arguments).result()


STEPS = """[[steps]]
open = "/login"
[[steps]]
fill = "#word"
variable = "SITE_WORD"
[[steps]]
press = "button"
[[steps]]
wait = "h1"
"""


@pytest.mark.browser
@pytest.mark.slow
def test_readers_sign_in_first_and_do_not_sign_out(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text(STEPS, encoding="utf-8")
    monkeypatch.setenv("SITE_WORD", "open sesame")
    arguments = ("--browser", "--steps", str(steps), "--telephone", "--reader-language", "de")
    result = run(site, *arguments, "--browser-argument=--mute-audio")
    assert pages(result) == {"", "linked", "members", "inside"}
    assert json.loads(result.stdout)["unread"] == []
    assert any(language.startswith("de") and "Mobile" in agent for language, agent in SEEN)


@pytest.mark.browser
def test_a_step_that_cannot_be_done_is_named(site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from compliance.audit.browser import steps as module

    monkeypatch.setattr(module, "_PATIENCE", 500)
    steps = tmp_path / "steps.toml"
    steps.write_text('[[steps]]\nopen = "/"\n[[steps]]\npress = "#nowhere"\n', encoding="utf-8")
    result = run(site, "--browser", "--steps", str(steps))
    assert (result.exit_code, result.stdout) == (2, "") and "step 2" in result.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("steps = []", "no list of steps"),
        ('[[steps]]\nopen = "/"\npress = "x"', "one of open, fill, press and wait"),
        ('[[steps]]\nfill = "x"', "fill has a value"),
        ("[[steps", "no list of steps"),
        ('[[steps]]\nfill = "x"\nvariable = "NOWHERE_SET"', "NOWHERE_SET"),
    ],
)
def test_steps_that_make_no_sense_are_refused(content: str, told: str, site: str, tmp_path: Path) -> None:
    steps = tmp_path / "steps.toml"
    steps.write_text(content, encoding="utf-8")
    result = check(site, "--browser", "--steps", str(steps))
    assert result.exit_code == 2 and told in result.stderr
    assert "--browser" in check(site, "--steps", str(steps)).stderr


def test_what_is_left_is_known_while_pages_are_read(site: str) -> None:
    audit = Audit(
        Website(site, delay=0, connections=1), Context(catalogue=Catalogue(), today=date(2026, 11, 24)), limit=3
    )
    left = [audit.left for _ in audit]
    assert left[0] > 0 and left[-1] == 0 and left == sorted(left, reverse=True)
