"""`Compliance`: joins the parts of this package to a Flask application."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from flask import Blueprint, Flask, Request, Response, current_app, has_request_context, request
from flask.signals import before_render_template, request_finished, request_started
from jinja2 import BaseLoader, ChoiceLoader, Environment, FileSystemLoader
from markupsafe import Markup

from . import assets, cli, deadlines, documents, recipients, views
from . import settings as settings_file
from .consent import COOKIE, NECESSARY, Consent, Decisions
from .corrections import Corrections
from .elements import Elements
from .errors import Problem, SettingsError, StoreError
from .i18n import host_locale
from .ledger import Ledger, Recorder, Spool
from .messages import Box, open_box
from .middleware import Middleware
from .outside.hosts import host_of
from .page.trackers import DATA, Catalogue, Tracker, expressions
from .paths import STATIC, TEMPLATES, TRANSLATIONS
from .settings import CATEGORIES, Settings

_EXEMPT = "_compliance_exempt"
_SCRIPTS = ("compliance.js", "guard.js", "cookies.js", "frames.js", "note.js", "release.js")  # load one another
_GLOBALS = {"banner": "banner", "footer": "footer", "report": "report", "message_box": "message"}

T = TypeVar("T", bound=Callable[..., Any] | Blueprint)


class Compliance:
    """Put consent banner, licence footer, reporting contact and message box on every page of a Flask site.

    *settings* is the path of a settings file, a mapping of the same shape, or `Settings`; without it the settings are
    looked for in `app.config["COMPLIANCE_SETTINGS"]`, the environment variable `COMPLIANCE_SETTINGS`, and a
    `compliance.toml` beside the application. One instance serves any number of applications.

    .. versionadded:: 0.1
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        settings: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
    ) -> None:
        self._settings = settings
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Set *app* up, or leave it as it was.

        Raises `SettingsError` with everything that is wrong with the settings, `DocumentError` for a legal document
        that cannot be shown, and `RuntimeError` where *app* was set up already.
        """
        if "compliance" in app.extensions:
            raise RuntimeError(f"Compliance was set up for the application {app.name!r} already; call init_app once")
        if app.url_map.host_matching:
            raise RuntimeError(
                f"the application {app.name!r} uses host_matching=True, under which the pages of a blueprint answer on"
                " one host only; serve several hosts with one application without it, licences follow the host anyway"
            )
        settings = self._load(app)
        elements, state = _assemble(app, settings)
        for doubt in (*settings.warnings(deadlines.day(datetime.now(UTC))), *recipients.doubts(settings)):
            app.logger.warning("Compliance: %s", doubt)

        app.register_blueprint(views.blueprint, url_prefix=settings.site.prefix)
        app.extensions["compliance"] = state
        app.cli.add_command(cli.compliance)
        for suffix, name in _GLOBALS.items():
            app.add_template_global(partial(_place, name), f"compliance_{suffix}")
        request_started.connect(_begin, app)
        before_render_template.connect(_anew, app)
        request_finished.connect(_finish, app)
        app.wsgi_app = Middleware(  # type: ignore[method-assign]  # Flask's documented way to wrap an application
            app.wsgi_app, elements, raise_errors=partial(_raises, app)
        )

    @property
    def consent(self) -> Consent:
        """What the reader of the current request allows; `RuntimeError` outside a request, and first in a stream."""
        if not has_request_context():
            raise RuntimeError("compliance.consent belongs to a request: read it in a view or a function called by one")
        if request.environ.get("compliance.complete") and "compliance.personal" not in request.environ:
            raise RuntimeError(
                "compliance.consent was first read in a stream, whose headers have left without `Vary`: a cache would"
                " give this reader's page to others; read it in the view, before the response begins"
            )
        # The answer now depends on the reader: no shared cache may give it to another (RFC 9110 section 12.5.5).
        request.environ["compliance.personal"] = True
        return views.consent()

    def exempt(self, view: T) -> T:
        """Leave the pages of *view*, a function or a blueprint, as they are; works as a decorator."""
        setattr(view, _EXEMPT, True)
        return view

    def _load(self, app: Flask) -> Settings:
        """Load the settings; a missing key is told together with what is wrong in them."""
        problems: tuple[Problem, ...] = ()
        if not app.config.get("SECRET_KEY"):
            problems = (Problem(key='app.config["SECRET_KEY"]', remedy="set it: the consent cookie is signed with it"),)
        try:
            source = settings_file.find(Path(app.root_path), app.config.get("COMPLIANCE_SETTINGS"), self._settings)
            settings = settings_file.load(source, folder=Path(app.root_path))
        except SettingsError as error:
            raise SettingsError(error.source, error.problems + problems) from None
        if problems:
            raise SettingsError(f"the application {app.name!r}", problems)
        return settings


def alone(settings: Path | None) -> Flask:
    """Return an application with nothing but Compliance, by the file *settings*, else by the one that is found.

    It shows pages. Its key is gone with it, so it can keep nothing, and it touches no database.
    """
    folder = settings.absolute().parent if settings else Path.cwd()
    app = Flask("compliance", root_path=str(folder), instance_path=str(folder))
    app.secret_key = secrets.token_hex()
    Compliance(app, settings=settings)
    return app


def _assemble(app: Flask, settings: Settings) -> tuple[Elements, views.State]:
    """Build everything that *app* will work with, without touching it."""
    own = [settings.legal.directory] if settings.legal.directory else []
    library = documents.load(settings, folders=[TEMPLATES / "documents", *own])
    try:
        decisions = Decisions(
            categories=settings.consent.categories,
            mode=settings.consent.mode,
            lifetime=timedelta(days=settings.consent.lifetime_days),
            keys=[*(app.config.get("SECRET_KEY_FALLBACKS") or ()), app.config["SECRET_KEY"]],
        )
    except ValueError as error:
        problem = Problem(key="consent.categories", remedy=str(error))
        raise SettingsError(str(settings.path or "the settings"), (problem,)) from error
    catalogue = _catalogue(settings)
    cookies = _cookies(settings, catalogue)
    static = _static(settings, catalogue, cookies)
    environment = cache(partial(_environment, app))
    render = partial(_render, environment)
    elements = Elements(
        settings=settings,
        documents=library,
        catalogue=catalogue,
        decisions=decisions,
        assets=static,
        render=render,
        changed=_changed(settings, [TEMPLATES, TRANSLATIONS, STATIC, DATA, *own]),
        host_chooses=lambda: "babel" in app.extensions,
    )
    box = _box(app, settings)
    ledger = Ledger(box.database, box.vault.keys("ledger"))
    state = views.State(
        settings=settings,
        documents=library,
        decisions=decisions,
        catalogue=catalogue,
        assets=static,
        cookies=tuple((category, re.compile(names)) for category, names in cookies),
        changed=lambda: elements.changed,
        locale=elements.locale,
        policy=lambda: elements.policy,
        context=elements.context,
        render=render,
        replaced=partial(_is_replaced, environment),
        place=elements.place,
        injection=elements,
        box=box,
        ledger=ledger,
        corrections=Corrections(settings),
        recorder=Recorder(ledger, Spool(Path(app.instance_path) / "compliance-consents")),
    )
    return elements, state


def _cookies(settings: Settings, catalogue: Catalogue) -> list[tuple[str, str]]:
    """Return pairs of a category and an expression for the names of its cookies."""
    consent = settings.consent
    names: dict[str, list[str]] = {category: [] for category in (*CATEGORIES, *consent.categories)}
    names[NECESSARY] = [COOKIE]
    for cookie in consent.cookies:
        names[cookie.category].append(cookie.name)
    for tracker in catalogue.trackers:
        names[tracker.category].extend(tracker.cookies)
    return expressions.cookies(names)


def _static(settings: Settings, catalogue: Catalogue, cookies: list[tuple[str, str]]) -> Mapping[str, assets.Asset]:
    """Read the files that pages load, and tell their scripts which trackers and cookies wait for what."""
    static = dict(assets.load(STATIC))
    held = dict.fromkeys((*CATEGORIES, *settings.consent.categories))
    static["cookies.js"] = assets.fill(static["cookies.js"], {"COOKIES": cookies})
    static["guard.js"] = assets.fill(static["guard.js"], {"TRACKERS": expressions.addresses(catalogue, held)})
    return {**static, **assets.bind({name: static[name] for name in _SCRIPTS})}


def _box(app: Flask, settings: Settings) -> Box:
    keys = app.config.get("COMPLIANCE_KEYS") or [
        *(app.config.get("SECRET_KEY_FALLBACKS") or ()),
        app.config["SECRET_KEY"],
    ]
    try:
        return open_box(settings, keys=keys, folder=Path(app.instance_path))
    except StoreError as error:
        problem = Problem(key="storage.url", remedy=str(error))
        raise SettingsError(str(settings.path or "the settings"), (problem,)) from None


def _catalogue(settings: Settings) -> Catalogue:
    own = (
        Tracker(
            host=tracker.host,
            path=tracker.path,
            category=tracker.category,
            provider=tracker.provider.root if tracker.provider else {"en": tracker.host},
            country=tracker.country,
            cookies=tracker.cookies,
        )
        for tracker in settings.consent.trackers
    )
    return Catalogue(own, host=host_of(settings.site.url))


def _environment(app: Flask) -> Environment:
    """Return the host's Jinja environment with Jinja's own syntax: a host may have chosen other delimiters.

    The host's templates come first, so that a site replaces any of ours by one of the same name.
    """
    environment = app.jinja_env.overlay(
        block_start_string="{%",
        block_end_string="%}",
        variable_start_string="{{",
        variable_end_string="}}",
        comment_start_string="{#",
        comment_end_string="#}",
        line_statement_prefix=None,
        line_comment_prefix=None,
        trim_blocks=False,
        lstrip_blocks=False,
        autoescape=True,
    )
    host: list[BaseLoader] = [app.jinja_env.loader] if app.jinja_env.loader else []
    environment.loader = ChoiceLoader([*host, FileSystemLoader(TEMPLATES)])
    return environment


def _render(environment: Callable[[], Environment], name: str, context: Mapping[str, Any]) -> str:
    return environment().get_template(name).render(context)


def _is_replaced(environment: Callable[[], Environment], name: str) -> bool:
    """Return whether the site has its own template of *name*, or its own frame of our pages around it."""
    files = (environment().get_template(part).filename for part in (name, "compliance/page.html"))
    return not all(file and Path(file).is_relative_to(TEMPLATES) for file in files)


def _changed(settings: Settings, places: Iterable[Path]) -> datetime:
    """Return when anything that is injected last changed; settings without a file change with every start."""
    files = (path for place in places for path in (Path(place), *Path(place).rglob("*")) if path.is_file())
    newest = max(file.stat().st_mtime for file in files)
    return max(datetime.fromtimestamp(int(newest), UTC), settings.changed or datetime.now(UTC).replace(microsecond=0))


def _raises(app: Flask) -> bool:
    return app.testing or app.debug


@contextmanager
def _guarded(what: str) -> Iterator[None]:
    """Log a fault of ours; a page of the host goes out all the same, except where a developer should see the fault."""
    try:
        yield
    except Exception:
        if _raises(current_app):
            raise
        current_app.logger.exception("Compliance: %s", what)


def _place(name: str, lang: str | None = None) -> Markup:
    """Place an element by hand, in *lang*, else in the language that the host's Flask-Babel chose."""
    placed = ""
    with _guarded(f"the element {name!r} could not be placed"):
        environ = request.environ if has_request_context() else {}
        placed = views.state().place(name, lang=lang or host_locale(), environ=environ)
    return Markup(placed)


def _begin(app: Flask, **_: Any) -> None:
    """Note what the middleware must know of a request, before any hook of the host reads it."""
    with _guarded("a request could not be prepared"):
        # Every page of the host passes here: the object itself is read faster than its proxy.
        current: Request = request._get_current_object()  # type: ignore[attr-defined]  # not in Flask's stub
        if current.endpoint is None:
            views.adopt(current)
        endpoint = current.endpoint
        if endpoint is None:
            return
        groups = current.blueprints
        if views.blueprint.name in groups:
            views.limit(current)
            _free(app)
            if current.method == "POST":
                # What answers a form itself, such as an error page, must not say that the choice is saved.
                current.environ["compliance.omitted"] = frozenset({"saved"})
        view = app.view_functions.get(endpoint)
        marked = [view, getattr(view, "view_class", None), *map(app.blueprints.get, groups)]
        if any(getattr(part, _EXEMPT, False) for part in marked):
            current.environ["compliance.exempt"] = True


def _anew(app: Flask, **_: Any) -> None:
    """Forget what an earlier template placed: what it made may have been thrown away, as when an error page follows."""
    if has_request_context() and "compliance.injected" not in request.environ:
        request.environ.pop("compliance.placed", None)


def _free(app: Flask) -> None:
    """Keep the host's CSRF tokens and default rate limits off our endpoints, whenever they were set up.

    Our pages are the same for all readers, so no token fits in them (a same-site check stands in its place), and a
    page's stylesheet must not use up the limit of the host's own pages. Both calls may be repeated.
    """
    if csrf := app.extensions.get("csrf"):
        csrf.exempt(views.blueprint)
    for limiter in app.extensions.get("limiter", ()):
        limiter.exempt(views.blueprint)


def _finish(app: Flask, response: Response, **_: Any) -> None:
    """Note the host's language, and harden what our endpoints answer, after every hook of the host."""
    with _guarded("a response could not be completed"):
        environ = request.environ
        environ["compliance.complete"] = True
        if request.blueprint == views.blueprint.name:
            views.harden(response)
        if "compliance.personal" in environ:
            response.vary.update(("Cookie", "Sec-GPC"))
        if "babel" in app.extensions and response.mimetype == "text/html" and (locale := host_locale()):
            environ["compliance.locale"] = locale
