"""`Compliance`: joins the parts of this package to a Flask application."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Blueprint, Flask, Request, current_app, has_request_context, request
from flask.signals import before_render_template
from markupsafe import Markup

from . import cli, engine
from . import settings as settings_file
from .consent import Consent
from .errors import Message, Problem, SettingsError
from .host import KEY, NAME, Host, chosen_locale, conflicts, keys_of, let_in, link, neighbours
from .i18n import tell
from .middleware import Middleware
from .notes import Notes, noted
from .settings import Settings
from .views import Application, SiteState

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_EXEMPT = "_compliance_exempt"
#: What a label of AI may say (labelling measures, art. 4 and 6).
AI_LABELS = ("generated", "possible", "suspected")
#: The classes of what may affect minors: bad conduct, harm to values, their images, information about them.
MINORS_WARNINGS = ("conduct", "values", "image", "information")
_CORRECTION = "compliance/correction.html"
_GLOBALS = {"banner": "banner", "footer": "footer", "report": "report", "message_box": "message"}

T = TypeVar("T", bound=Callable[..., Any] | Blueprint)


class Compliance:
    """Put consent banner, licence footer, reporting contact and message box on every page of a Flask site.

    *settings* is the path of a settings file, a mapping of the same shape, or `Settings`; without it the settings are
    looked for in `app.config["COMPLIANCE_SETTINGS"]`, the environment variable `COMPLIANCE_SETTINGS`, and a
    `compliance.toml` beside the application. One instance serves any number of applications.

    .. versionadded:: 0.1
    """

    #: Whether any view was left alone, on any site: on most none is, and no page is asked for its own.
    _exempts = False

    def __init__(
        self,
        app: Flask | None = None,
        *,
        settings: str | os.PathLike[str] | Mapping[str, Any] | Settings | None = None,
    ) -> None:
        self._settings = settings
        if app is not None:
            self.init_app(app)

    @engine.in_words()
    def init_app(self, app: Flask) -> None:
        """Set *app* up, or leave it as it was.

        Raises `SettingsError` with everything that is wrong with the settings, `DocumentError` for a legal document
        that cannot be shown, and `RuntimeError` where *app* was set up already.
        """
        if isinstance(app.extensions.get(NAME), SiteState):
            raise RuntimeError(f"Compliance was set up for the application {app.name!r} already; call init_app once")
        settings = self._load(app)
        if problems := conflicts(app, settings.site.prefix):
            raise SettingsError(settings.source, problems)
        host = Host(app)
        keys = [*(app.config.get("SECRET_KEY_FALLBACKS") or ()), app.config["SECRET_KEY"]]
        state = engine.build(
            settings,
            keys=keys,
            secrets=app.config.get("COMPLIANCE_KEYS") or keys,
            folder=Path(app.instance_path),
            host=host,
            renderer=host.renderer,
            raise_errors=host.raise_errors,
        )
        engine.warn(state, app.logger, keys_of(app))
        for problem in neighbours(app):
            tell(app.logger, problem)

        app.extensions[NAME] = state
        app.cli.add_command(cli.compliance)
        for suffix, name in _GLOBALS.items():
            app.add_template_global(partial(_place, app, state, name), f"compliance_{suffix}")
        for helper in (_ai_label, _minors_warning, _correction, _credits):
            app.add_template_global(partial(helper, app, state), f"compliance{helper.__name__}")
        link(app, settings.site.prefix)
        let_in(app, Application(state), _ending)
        app.wsgi_app = Middleware(  # type: ignore[method-assign]  # Flask's documented way to wrap an application
            app.wsgi_app, state.elements, raise_errors=host.raise_errors
        )

    @property
    def consent(self) -> Consent:
        """What the reader of the current request allows; `RuntimeError` outside a request, and first in a stream."""
        if not has_request_context():
            raise RuntimeError("compliance.consent belongs to a request: read it in a view or a function called by one")
        notes = noted(request.environ)
        if notes.complete and not notes.personal:
            raise RuntimeError(
                "compliance.consent was first read in a stream, whose headers have left without `Vary`: a cache would"
                " give this reader's page to others; read it in the view, before the response begins"
            )
        # The answer now depends on the reader: no shared cache may give it to another (RFC 9110 section 12.5.5).
        notes.personal = True
        return _state(_application()).elements.consent(request.environ)

    def exempt(self, view: T) -> T:
        """Leave the pages of *view*, a function or a blueprint, as they are; works as a decorator."""
        setattr(view, _EXEMPT, True)
        Compliance._exempts = True
        return view

    def _load(self, app: Flask) -> Settings:
        key = Problem(key=KEY, remedy=Message("set it: the consent cookie is signed with it"))
        root = Path(app.root_path)
        return engine.read(
            partial(settings_file.find, root, app.config.get("COMPLIANCE_SETTINGS"), self._settings),
            folder=root,
            missing=() if app.config.get("SECRET_KEY") else (key,),
            named=f"the application {app.name!r}",
        )


def alone(settings: Path | None) -> Flask:
    """Return an application with nothing but Compliance, by the file *settings*, else by the one that is found.

    It shows pages. Its key is gone with it, so it can keep nothing, and it touches no database.
    """
    folder = settings.absolute().parent if settings else Path.cwd()
    app = Flask("compliance", root_path=str(folder), instance_path=str(folder))
    app.secret_key = secrets.token_hex()
    Compliance(app, settings=settings)
    return app


def _application() -> Flask:
    found: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # not in Flask's stub
    return found


def _state(app: Flask) -> SiteState:
    """Return the state of *app*; `RuntimeError` where the extension was not set up for it."""
    found = app.extensions.get(NAME)
    if not isinstance(found, SiteState):
        raise RuntimeError(f"Compliance.init_app was not called for the application {app.name!r}")
    return found


def _failed(app: Flask, what: str) -> None:
    """Log a fault of ours, or raise it where a developer should see it; to be called while it is handled."""
    if app.testing or app.debug:
        raise
    app.logger.exception("Compliance: %s", what)


def _environ() -> WSGIEnvironment:
    """Return that of the current request, an empty one outside of any."""
    try:
        return request.environ
    except RuntimeError:
        return {}


def _place(app: Flask, state: SiteState, name: str, lang: str | None = None) -> Markup:
    """Place an element by hand, in *lang*, else in the language that the host's Flask-Babel chose."""
    placed = ""
    # From now on another template may follow this one.
    before_render_template.connect(_anew, app)
    try:
        placed = state.elements.place(name, lang=lang or chosen_locale(app), environ=_environ())
    except Exception:
        _failed(app, f"the element {name!r} could not be placed")
    return Markup(placed)


def _written(app: Flask, state: SiteState, name: str, values: Mapping[str, object], lang: str | None) -> Markup:
    """Write what the law wants an article to say, in *lang*, else in the language that the host's Flask-Babel chose."""
    written = ""
    try:
        environ, elements = _environ(), state.elements
        locale = elements.locale(lang or chosen_locale(app))
        told, context = (locale, elements.address(environ)), partial(elements.context, locale, environ)
        written = state.renderer.render_once(f"compliance/{name}.html", values, told, context).strip()
        if written:
            noted(environ).written = frozenset({"articles"})
    except Exception:
        _failed(app, f"{name!r} could not be written")
    return Markup(written)


def _ai_label(app: Flask, state: SiteState, kind: str = "generated", *, lang: str | None = None) -> Markup:
    """Say that content was made by AI: ``generated``, ``possible`` or ``suspected`` (labelling measures, art. 4, 6)."""
    if kind not in AI_LABELS:
        raise ValueError(f"compliance_ai_label({kind!r}): write one of {', '.join(AI_LABELS)}")
    return _written(app, state, "ai_label", {"kind": kind}, lang)


def _minors_warning(app: Flask, state: SiteState, kind: str, *, lang: str | None = None) -> Markup:
    """Warn before content that may affect minors, of one of the four classes of the measures of 2025."""
    if kind not in MINORS_WARNINGS:
        raise ValueError(f"compliance_minors_warning({kind!r}): write one of {', '.join(MINORS_WARNINGS)}")
    return _written(app, state, "minors_warning", {"kind": kind}, lang)


def _correction(app: Flask, state: SiteState, page: str | None = None, *, lang: str | None = None) -> Markup:
    """Print the corrections of the article at the path *page*, that of the request unless it is given."""
    asked = page or (request.path if has_request_context() else "")
    corrections = state.corrections.of(asked)
    if not corrections and not state.renderer.is_replaced(_CORRECTION):  # as for most articles
        return Markup("")
    return _written(app, state, "correction", {"corrections": corrections}, lang)


def _credits(
    app: Flask, state: SiteState, source: str = "", author: str = "", editor: str = "", *, lang: str | None = None
) -> Markup:
    """Print source, author and editor of an article, with the labels that readers and `check` look for."""
    return _written(app, state, "credits", {"source": source, "author": author, "editor": editor}, lang)


def _anew(app: Flask, **_: Any) -> None:
    """Forget what an earlier template placed: what it made may have been thrown away, as when an error page follows."""
    if has_request_context() and not (notes := noted(request.environ)).changed:
        notes.placed = frozenset()


def _ending(app: Flask, asked: Request) -> Callable[[Notes], None] | None:
    """Return what finds out what the middleware must know of a page that *app* answers *asked* with, if anything."""
    return partial(_finish, app, asked) if Compliance._exempts or "babel" in app.extensions else None


def _finish(app: Flask, asked: Request, notes: Notes) -> None:
    """Note what the middleware must know of a page that *app* answers *asked* with, after every hook of the host."""
    if Compliance._exempts and (endpoint := asked.endpoint) is not None:
        view = app.view_functions.get(endpoint)
        marked = [view, getattr(view, "view_class", None), *map(app.blueprints.get, asked.blueprints)]
        if any(getattr(part, _EXEMPT, False) for part in marked):
            notes.exempt = True
    if locale := chosen_locale(app):
        notes.locale = locale
