"""What all pages have in common: the language, the way from one to another, the policies that they are sent with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import current_app, g, request, session, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from ..errors import Message
from ..i18n import LANGUAGES, OWNERS, helpers, translate
from ..languages import nearest, tag
from ..ledger import REASONS as FAULTS
from ..staff import Permission, Stage
from ..staff.words import ACTIONS, DETAILS, REASONS, ROLES
from ..views.pages import POLICY
from .state import console, visitor

_SHARED = "static.static"
_WORDS = ("kinds", "states", "categories", "harms", "relations", "marks")
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_REASON = 300
_FIRST, _LAST = date(2000, 1, 1), date(2999, 12, 31)  # further off a day has no midnight in every zone


class Entry(NamedTuple):
    """One entry of the menu: an *endpoint*, what it is called, and who may go there."""

    endpoint: str
    name: Message
    permission: Permission


#: The menu, in its order; an entry is shown to whom it leads somewhere.
MENU = (
    Entry("home.home", Message("Home"), Permission.OWN),
    Entry("queue.queue", Message("Messages"), Permission.READ_CASES),
    Entry("figures.figures", Message("Figures"), Permission.READ_FIGURES),
    Entry("consents.consents", Message("Consent"), Permission.READ_CONSENTS),
    Entry("staff.accounts", Message("Accounts"), Permission.MANAGE_STAFF),
    Entry("acts.acts", Message("Audit log"), Permission.READ_ACTS),
)


def language() -> str:
    """Return which of `LANGUAGES` to answer in: the one that was asked for once, else one that the browser takes."""
    if "language" not in g:
        asked = request.args.get("lang", "")
        if asked in LANGUAGES:
            session["language"] = asked
        wanted = (nearest(value, LANGUAGES) for value in request.accept_languages.values())
        g.language = session.get("language") or next(filter(None, wanted), LANGUAGES[0])
    return str(g.language)


def told(message: str) -> str:
    """Return *message* in the language of this request."""
    return translate(message, language())


def context() -> dict[str, Any]:
    """Return what every template is told."""
    here, locale = console(), language()
    asking = g.get("me") if "me" in g else visitor()
    return {
        **helpers(locale, OWNERS),
        "told": told,
        "site": here.settings.site,
        "me": asking,
        "menu": [
            entry
            for entry in MENU
            if asking
            and asking.session.stage is Stage.FULL
            and asking.may(entry.permission)
            and entry.endpoint in current_app.view_functions
        ],
        "roles": ROLES,
        "provider": here.provider,
        "asks_telephone": asking is not None and here.asks_telephone(asking.account),
        "actions": ACTIONS,
        "details": DETAILS,
        "languages": {one: tag(one) for one in LANGUAGES},
        "in_other_language": _in_other_language,
        "asset": lambda name: url_for(_SHARED, name=here.assets[name].hashed),
        "reasons": REASONS,
        "faults": FAULTS,
    }


def case_words() -> dict[str, dict[str, str]]:
    """Return what `words.html` calls kinds, states, categories and the like, in the language of this request."""
    about: dict[str, Any] = {}
    current_app.update_template_context(about)
    module = current_app.jinja_env.get_template("console/words.html").make_module(about)
    found = {name: dict(getattr(module, name)) for name in _WORDS}
    own = console().settings.messages.categories
    found["categories"] |= {name: one.name.get(language()) for name, one in own.items()}
    return found


def day_in(name: str) -> date | None:
    """Return the day in the field *name* of an address or a form, None where it is empty; refuse what is no day."""
    typed = request.values.get(name, "").strip()
    if not typed:
        return None
    try:
        day = datetime.strptime(typed, "%Y-%m-%d").date()
    except ValueError:
        raise BadRequest from None
    if not _FIRST <= day <= _LAST:
        raise BadRequest
    return day


def reason_in() -> str:
    """Return why something is done, as the field *reason* of a form says it; it is kept in the audit log."""
    return " ".join(request.form.get("reason", "").split())[:_LONGEST_REASON]


def file(parts: bytes | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return *parts* as a file of that *name*, to be saved."""
    response = Response(parts, mimetype=mimetype)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _in_other_language(other: str) -> str:
    """Return the address of this page in an*other* language; of one that was sent by a form, that of the first page."""
    if request.endpoint is None or request.method != "GET":
        return url_for("home.home", lang=other)
    # What stands in the address is no argument of `url_for`, which would obey a `_scheme`.
    asked = [pair for pair in request.args.items(multi=True) if pair[0] != "lang"]
    return f"{url_for(request.endpoint, **(request.view_args or {}))}?{urlencode([*asked, ('lang', other)])}"


def harden(response: Response) -> Response:
    """Give *response* the policies that it must carry, and keep it out of every cache but for what all may have."""
    headers = response.headers
    headers["Content-Security-Policy"] = POLICY
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    if request.is_secure:  # over plain HTTP browsers complain of it (HTML standard, section 7.1.3)
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint != _SHARED:
        response.cache_control.no_store = True
    return response
