"""Other extensions in the host, each the real one, set up before us and after us."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache
from flask import Flask, Response, render_template_string, request, session
from flask_babel import Babel, gettext
from flask_caching import Cache
from flask_compress import Compress
from flask_debugtoolbar import DebugToolbarExtension
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_session import Session
from flask_talisman import Talisman
from flask_wtf import CSRFProtect

from compliance import Compliance

PAGE = "<!doctype html><html lang=en><title>News</title><body><h1>News</h1></body></html>"
Wrap = Callable[[Callable[[Flask], object]], Flask]


@pytest.fixture(params=["before", "after"])
def wrap(request: pytest.FixtureRequest, host: Flask, settings: dict[str, Any]) -> Wrap:
    """Set another extension up on the host before us, or after us."""

    def wrap(set_up: Callable[[Flask], object]) -> Flask:
        if request.param == "before":
            set_up(host)
        Compliance(host, settings=settings)
        if request.param == "after":
            set_up(host)
        return host

    return wrap


def works(app: Flask, **options: Any) -> bool:
    """Whether a reader of *app* sees the elements, loads the assets, agrees and reads the policies."""
    client = app.test_client()
    page = client.get("/", **options).text
    assets = set(re.findall(r'(?:href|src)="(/compliance/static/[^"]*)"', page))
    answers = [
        *(client.get(path, **options) for path in [*assets, "/compliance/legal/privacy", "/compliance/consent"]),
        client.post("/compliance/consent", data={"choice": "accept"}, **options),
        client.get("/compliance/record", **options),
    ]
    return (
        page.count('data-compliance="footer"') == 1
        and len(assets) == 2
        and [answer.status_code for answer in answers] == [200, 200, 200, 200, 303, 200]
    )


def test_csrf_protect_guards_the_host_and_not_our_form(wrap: Wrap) -> None:
    app = wrap(CSRFProtect)
    app.add_url_rule("/comment", "comment", lambda: "thanks", methods=["POST"])
    app.add_url_rule("/token", "token", lambda: render_template_string("{{ csrf_token() }}"))
    assert works(app)
    client = app.test_client()
    assert client.post("/comment").status_code == 400
    assert client.post("/comment", data={"csrf_token": client.get("/token").text}).text == "thanks"


def test_a_host_may_read_every_form_before_us(wrap: Wrap, settings: dict[str, Any]) -> None:
    settings["messages"] = {"challenge": "none"}
    app = wrap(lambda app: app.before_request(lambda: request.form.get("website") and "refused"))
    assert works(app)
    sent = app.test_client().post("/compliance/message", data={"body": "The year in the third paragraph is wrong."})
    assert sent.status_code == 303


def test_default_limits_count_pages_of_the_host_only(wrap: Wrap) -> None:
    app = wrap(lambda app: Limiter(get_remote_address, app=app, default_limits=["3 per hour"], storage_uri="memory://"))
    assert works(app)
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]
    assert [client.get("/compliance/consent").status_code for _ in range(5)] == [200] * 5
    assert 'data-compliance="footer"' in client.get("/").text


@pytest.mark.parametrize("force_https", [True, False])
def test_policy_of_talisman_stays_as_it_is(wrap: Wrap, force_https: bool) -> None:
    policy = {"default-src": "'self'"}
    app = wrap(lambda app: Talisman(app, force_https=force_https, content_security_policy=policy))
    base = "https://localhost" if force_https else "http://localhost"
    assert works(app, base_url=base)
    client = app.test_client()
    assert client.get("/", base_url=base).headers.getlist("Content-Security-Policy") == ["default-src 'self'"]
    ours = client.get("/compliance/consent", base_url=base).headers.getlist("Content-Security-Policy")
    assert len(ours) == 1 and ours[0].startswith("default-src 'none'")


def test_login_goes_on_through_a_decision(wrap: Wrap) -> None:
    def set_up(app: Flask) -> None:
        manager = LoginManager(app)
        manager.user_loader(lambda identity: User(identity))

        @app.post("/login")
        def login() -> str:
            login_user(User("ada"))
            return "welcome"

        @app.get("/account")
        @login_required
        def account() -> str:
            return f"{PAGE}{current_user.get_id()}"

    class User(UserMixin):
        def __init__(self, identity: str) -> None:
            self.id = identity

    app = wrap(set_up)
    assert works(app)
    client = app.test_client()
    assert client.get("/account").status_code == 401
    client.post("/login")
    client.post("/compliance/consent", data={"choice": "accept"})
    account = client.get("/account").text
    assert "ada" in account
    assert account.count('data-compliance="footer"') == 1


@pytest.mark.parametrize("template", [PAGE, PAGE.replace("<h1>", "{{ compliance_banner() }}<h1>")])
def test_cached_view_carries_every_element_once(wrap: Wrap, template: str) -> None:
    calls = []

    def set_up(app: Flask) -> None:
        cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

        @app.get("/cached")
        @cache.cached(timeout=60)
        def cached() -> str:
            calls.append(request.path)
            return render_template_string(template)

    app = wrap(set_up)
    assert works(app)
    first, second = (app.test_client().get("/cached").text for _ in range(2))
    assert first == second
    assert (first.count('id="compliance-banner"'), first.count('data-compliance="footer"'), len(calls)) == (1, 1, 1)


@pytest.mark.parametrize(
    ("streamed", "coding", "decode"), [(False, "gzip", gzip.decompress), (True, "deflate", zlib.decompress)]
)
def test_compressed_page_is_injected_and_stays_compressed(
    wrap: Wrap, streamed: bool, coding: str, decode: Callable[[bytes], bytes]
) -> None:
    text = PAGE.replace("<h1>", "<p>" + "news " * 1000 + "<h1>")
    app = wrap(lambda app: app.config.update(COMPRESS_STREAMS=True) or Compress(app))
    app.add_url_rule("/long", "long", lambda: Response(iter([text[:99], text[99:]]) if streamed else text))
    assert works(app)
    response = app.test_client().get("/long", headers={"Accept-Encoding": coding})
    assert response.headers["Content-Encoding"] == coding
    page = decode(response.data).decode()
    assert page.count('data-compliance="footer"') == 1
    assert "news " * 1000 in page


def test_debug_toolbar_and_elements_stand_together(wrap: Wrap) -> None:
    def set_up(app: Flask) -> None:
        app.debug = True
        app.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
        DebugToolbarExtension(app)

    app = wrap(set_up)
    assert works(app)
    page = app.test_client().get("/").text
    assert "flDebug" in page
    assert page.count('data-compliance="footer"') == 1


def test_babel_of_the_host_keeps_its_catalogue_and_decides_where_a_page_does_not(wrap: Wrap) -> None:
    app = wrap(lambda app: Babel(app, locale_selector=lambda: request.args.get("hl")))
    app.add_url_rule("/plain", "plain", lambda: "<!doctype html><title>News</title><body>" + gettext("I Agree"))
    assert works(app)
    client = app.test_client()
    english, chinese = client.get("/plain").text, client.get("/plain?hl=zh_CN").text
    assert ("我同意" in english, "我同意" in chinese) == (False, True)
    assert "I Agree" in chinese
    assert "我同意" not in client.get("/?hl=zh_CN").text


def test_sessions_on_a_server_are_not_opened_for_us(wrap: Wrap, tmp_path: Path) -> None:
    def set_up(app: Flask) -> None:
        app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=FileSystemCache(str(tmp_path)))
        Session(app)
        app.add_url_rule("/visit", "visit", lambda: str(session.setdefault("name", "ada")))

    app = wrap(set_up)
    empty = set(tmp_path.iterdir())  # the cache counts what it has in a file
    assert works(app)
    assert set(tmp_path.iterdir()) == empty
    assert app.test_client().get("/visit").text == "ada"
    assert set(tmp_path.iterdir()) > empty


def test_a_site_behind_flask_security_shows_our_pages_to_everybody(wrap: Wrap) -> None:
    security = pytest.importorskip("flask_security", reason="it needs a newer Flask than there is")

    class Account(security.UserMixin):
        fs_uniquifier = ""

    class Role(security.RoleMixin):
        pass

    class Store(security.UserDatastore):
        """Nobody has an account here."""

        def find_user(self, *_: Any, **__: Any) -> None:
            return None

    def set_up(app: Flask) -> None:
        app.config.update(SECURITY_PASSWORD_SALT="salt", SECURITY_PASSWORD_HASH="plaintext")
        security.Security(app, Store(Account, Role))
        app.before_request(lambda: None if request.path in ("/login", "/") else _auth_required())

    @security.auth_required()
    def _auth_required() -> None:
        return None

    app = wrap(set_up)
    assert works(app)
    assert app.test_client().get("/account").location.startswith("/login")
    assert app.test_client().get("/login").text.count('data-compliance="footer"') == 1
