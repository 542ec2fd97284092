from __future__ import annotations

import asyncio
import importlib
import logging
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from urllib.request import urlopen

import httpx
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.test import Client

from compliance import SettingsError

ROOT = Path(__file__).parents[2]
ARTICLE = "/articles/consuls-general-two-sessions"
SITE = """
    from flask import Flask

    app = Flask(__name__)
    app.secret_key = "own"
    keyless = Flask(__name__)
    text = "no application"

    @app.get("/")
    def home():
        return "<!doctype html><html><title>A site</title><body>Home</body></html>"

    def create_app():
        return app

    def create_for(config):
        return app

    def create_nothing():
        return None

    def plain(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html")])
        return [b"<!doctype html><html><title>A site</title><body>Home</body></html>"]

    def create_plain():
        return plain

    async def spoken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
        await send({"type": "http.response.body", "body": b"<!doctype html><html><title>A site</title><body>Home"})
"""

Load = Callable[[Mapping[str, str]], ModuleType]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Load]:
    """Import `wsgi` anew under the environment given, with the sites of a folder at hand."""
    (tmp_path / "newspaper").mkdir()
    (tmp_path / "newspaper" / "__init__.py").touch()
    (tmp_path / "newspaper" / "site.py").write_text(dedent(SITE), encoding="utf-8")
    (tmp_path / "newspaper" / "faulty.py").write_text("import a_library_that_is_missing\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(ROOT)  # where its settings are

    def load(environment: Mapping[str, str]) -> ModuleType:
        for name in ("COMPLIANCE_SITE", "SECRET_KEY", "COMPLIANCE_SETTINGS"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        sys.modules.pop("wsgi", None)
        return importlib.import_module("wsgi")

    yield load
    for name in [name for name in sys.modules if name == "wsgi" or name.split(".")[0] == "newspaper"]:
        del sys.modules[name]


def elements(page: bytes) -> set[str]:
    return {node["data-compliance"] for node in BeautifulSoup(page, "html.parser").select("[data-compliance]")}


@pytest.mark.parametrize("environment", [{}, {"COMPLIANCE_SITE": ""}])
def test_demo_is_served_by_default(load: Load, environment: dict[str, str]) -> None:
    app = load({"SECRET_KEY": "k", **environment}).app
    response = app.test_client().get(ARTICLE)
    assert "By YAN DENG|Jan 14,2023" in BeautifulSoup(response.data, "html.parser").text
    assert elements(response.data) == {"assets", "folded", "banner", "foot", "footer", "report", "licences", "message"}


@pytest.mark.parametrize("name", ["app", "create_app"])
def test_site_named_by_the_environment_is_wrapped(load: Load, name: str) -> None:
    app = load({"COMPLIANCE_SITE": f"newspaper.site:{name}"}).app
    page = app.test_client().get("/").data
    assert BeautifulSoup(page, "html.parser").title.text == "A site"
    assert elements(page) >= {"banner", "footer"}


@pytest.mark.parametrize("name", ["plain", "create_plain", "spoken"])
def test_site_that_is_not_flasks_is_wrapped(load: Load, name: str) -> None:
    app = load({"COMPLIANCE_SITE": f"newspaper.site:{name}", "SECRET_KEY": "k"}).app
    if name == "spoken":
        transport = httpx.ASGITransport(app=app)

        async def get() -> bytes:
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return (await client.get("/")).content

        page = asyncio.run(get())
    else:
        page = Client(app).get("/").data
    assert BeautifulSoup(page, "html.parser").title.text == "A site"
    assert elements(page) >= {"banner", "footer"}


@pytest.mark.parametrize(
    ("site", "remedy"),
    [
        ("newspaper.site", "such as 'package.module:app'"),
        (":app", "such as 'package.module:app'"),
        ("newspaper.site:", "such as 'package.module:app'"),
        (".site:app", "such as 'package.module:app'"),
        ("../newspaper:app", "such as 'package.module:app'"),
        ("magazine.site:app", "no module 'magazine'"),
        ("newspaper.pages:app", "no module 'newspaper.pages'"),
        ("newspaper.site:application", "no 'application'"),
        ("newspaper.site:text", "of type str"),
        ("newspaper.site:create_for", "without arguments"),
        ("newspaper.site:create_nothing", "gave a NoneType"),
    ],
)
def test_wrong_name_of_a_site_is_told_with_the_remedy(load: Load, site: str, remedy: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"COMPLIANCE_SITE": site, "SECRET_KEY": "k"})
    (problem,) = caught.value.problems
    assert (problem.key, problem.value) == ("COMPLIANCE_SITE", repr(site))
    assert remedy in problem.remedy


def test_error_in_the_site_itself_is_its_own(load: Load) -> None:
    with pytest.raises(ModuleNotFoundError, match="a_library_that_is_missing"):
        load({"COMPLIANCE_SITE": "newspaper.faulty:app"})


def test_key_comes_from_the_environment_where_the_site_has_none(load: Load) -> None:
    assert load({"COMPLIANCE_SITE": "newspaper.site:keyless", "SECRET_KEY": "k"}).app.secret_key == "k"


def test_site_keeps_its_own_key(load: Load) -> None:
    assert load({"COMPLIANCE_SITE": "newspaper.site:app", "SECRET_KEY": "k"}).app.secret_key == "own"


def test_site_without_a_key_is_told_so(load: Load) -> None:
    with pytest.raises(SettingsError) as caught:
        load({"COMPLIANCE_SITE": "newspaper.site:keyless"})
    assert "SECRET_KEY" in str(caught.value)


def test_key_of_the_demo_is_made_once_for_all_workers(
    load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wsgi = load({"SECRET_KEY": "a long random value"})
    folder = tmp_path / "instance"
    with caplog.at_level(logging.WARNING), ThreadPoolExecutor(8) as workers:
        keys = set(workers.map(lambda _: wsgi.demo_key(Flask("demo", instance_path=str(folder))), range(16)))
    (key,) = keys
    assert len(key) == 64
    assert [path.name for path in folder.iterdir()] == ["secret_key"]
    assert (folder / "secret_key").stat().st_mode & 0o077 == 0
    assert [record.message.count(str(folder)) for record in caplog.records] == [1]


def test_key_of_the_demo_is_kept_in_memory_where_it_cannot_be_written(
    load: Load, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wsgi = load({"SECRET_KEY": "k"})
    (tmp_path / "file").touch()
    app = Flask("demo", instance_path=str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert wsgi.demo_key(app) != wsgi.demo_key(app)
    assert "set SECRET_KEY" in caplog.text


def test_settings_of_the_demo_are_the_starter_file() -> None:
    starter = (ROOT / "templates" / "compliance.toml").read_bytes()
    own = b'corrections = "demo/corrections.toml"'
    assert (ROOT / "compliance.toml").read_bytes().replace(own, b'#corrections = "corrections.toml"') == starter
    assert tomllib.loads(starter.decode())["licences"] == {
        "icp": "渝ICP备20009753号-2",
        "news": {"number": "50120220004", "holder": "重庆国际传播中心", "services": ["采编发布", "转载"]},
    }


def test_two_lines_wrap_the_site() -> None:
    lines = [line.strip() for line in (ROOT / "wsgi.py").read_text(encoding="utf-8").splitlines()]
    assert "compliance = Compliance(app)" in lines
    assert any(line.startswith("from compliance import Compliance") for line in lines)


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a gunicorn that serves `wsgi:app` with two workers."""
    environment = {**os.environ, "SECRET_KEY": "k"}
    environment.pop("COMPLIANCE_SITE", None)
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", "--workers", "2", "wsgi:app"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as gunicorn:
        assert gunicorn.stderr is not None
        try:
            log = ""
            for line in gunicorn.stderr:
                log += line
                if found := re.search(r"Listening at: (http://127\.0\.0\.1:\d+)", line):
                    break
            else:
                pytest.fail(log)
            yield found[1]
        finally:
            gunicorn.terminate()
            gunicorn.stderr.read()  # an unread pipe would hold it up


# What stands around the article on the page that the demo rebuilds.
MODEL = {
    "": {
        "banner": [
            "By continuing to browse our site you agree to our use of cookies, revised Privacy Policy and Terms of "
            "Use. You can change your cookie settings through your browser.",
            "I Agree",
            "Our Privacy Statement & Cookie Policy",
        ],
        "footer": [
            "New Era, New Journey, New Chongqing",
            "For any inquiries, please email service@ichongqing.info",
            "About Us",
            "Contact Us",
        ],
        "report": [
            "Internet illegal and undesirable information can be reported by calling this telephone number: "
            "+86-23-67158993"
        ],
        "licences": ["渝ICP备20009753号-2", "互联网新闻信息服务许可证号:50120220004"],
        "message": ["Leaving a message"],
    },
    "/zh": {
        "banner": ["继续浏览本网站", "我同意", "隐私声明和 Cookie 政策"],
        "footer": ["新时代 新征程 新重庆", "service@ichongqing.info", "关于我们", "联系我们"],
        "report": ["违法和不良信息举报电话：+86-23-67158993"],
        "licences": ["渝ICP备20009753号-2", "互联网新闻信息服务许可证号:50120220004"],
        "message": ["留言"],
    },
}


@pytest.mark.parametrize("prefix", MODEL)
def test_gunicorn_serves_the_demo_with_all_that_the_model_page_carries(server: str, prefix: str) -> None:
    with urlopen(server + prefix + ARTICLE, timeout=30) as response:
        page = response.read()
        assert response.headers["Content-Length"] == str(len(page))
        assert response.headers["Content-Security-Policy"] == "default-src 'self'"
    soup = BeautifulSoup(page, "html.parser")
    for name, texts in MODEL[prefix].items():
        shown = " ".join(soup.select_one(f"[data-compliance={name}]").get_text().split())
        assert [text for text in texts if text not in shown] == [], shown
    footer = soup.select_one("footer[data-compliance=footer]")
    assert footer.select_one('a[href="tel:+862367158993"]')
    assert footer.select_one('a[href="https://beian.miit.gov.cn/"]').text == "渝ICP备20009753号-2"
    assert footer.select_one('a[href="mailto:service@ichongqing.info"]')
    for link in soup.select("[data-compliance] a[href^='/']"):
        with urlopen(server + link["href"], timeout=30) as response:
            assert response.status == 200
