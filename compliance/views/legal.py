"""Legal documents, and the files that pages and programs load."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from jinja2.utils import htmlsafe_json_dumps
from werkzeug.wrappers import Response

from ..assets import answer, find
from ..deadlines import day
from ..documents import metadata
from ..documents.changes import compare
from ..languages import own_name, tag
from ..settings import Mourning
from .pages import Refusal, page, reader_locale
from .requests import absolute, address, request, state

_CALM = timedelta(minutes=5)  # how late a period that is decreed today may begin


def legal(name: str, version: str | None = None) -> Response:
    """Show a legal document: today's, or an earlier or coming *version*."""
    library, locale = state().documents, reader_locale()
    document = library.get(name, locale, version)
    if document is None:
        raise Refusal("document")
    versions, coming = library.versions(name, locale), library.coming(name, locale)
    in_force = bool(versions) and document.version == versions[0].version
    languages = library.languages(name, version)
    language = document.language if document.language in languages else locale
    # The version in force is read at its own address, too: that of the document stands for both.
    canonical = _address(name, None if in_force else version, language)
    told = metadata(document, state().settings, address=canonical, versions=versions)
    response = page(
        "legal",
        document=document,
        versions=versions,
        coming=coming,
        is_coming=document in coming,
        canonical=canonical,
        permanent=_address(name, document.version, language),
        languages=[(one, own_name(one), _address(name, version, one)) for one in languages],
        everywhere=_address(name, version),
        # It cannot end the element that it stands in: "<", ">", "&" and "'" are escaped.
        metadata=htmlsafe_json_dumps(told, ensure_ascii=False),
    )
    return _cached(response)


def _address(name: str, version: str | None = None, language: str | None = None) -> str:
    """Return the whole address of a document, which names its language: so it is the same text for everyone."""
    lang = tag(language) if language else None
    return absolute(address("legal", lang, name=name, version=version))


def changes(name: str, old: str, new: str) -> Response:
    """Show what changed between two versions of a legal document, in whatever order they are named."""
    pair = state().documents.pair(name, reader_locale(), old, new)
    if pair is None:
        raise Refusal("document")
    sections = compare(pair[0].html, pair[1].html)
    is_coming = pair[1].starts > day(datetime.now(UTC))
    response = page("changes", old=pair[0], new=pair[1], sections=sections, is_coming=is_coming)
    response.headers["X-Robots-Tag"] = "noindex"  # both texts are found by themselves
    return _cached(response)


def _cached(response: Response) -> Response:
    # Where the host's Flask-Babel chooses the language, the answer at this address may be another for the next reader.
    if "lang" in request.args or not state().host.chooses:
        response.cache_control.public = True
    else:
        response.cache_control.private = True
    response.cache_control.max_age = 300
    response.last_modified = state().elements.changed
    response.add_etag()
    return response.make_conditional(request)


def corrections() -> Response:
    """Show the corrections that the editors have published, the latest first (Civil Code, art. 1028)."""
    return _cached(page("corrections", corrections=state().corrections.all()))


def static(name: str) -> Response:
    """Serve a stylesheet or script as it was compressed: for ever under its own hash, this once under another's."""
    asset = find(state().assets, name)
    if asset is None:
        raise Refusal("document")
    return answer(asset, name, request)


def mourning() -> Response:
    """Serve what makes pages grey on days of mourning, and on all others an empty stylesheet.

    Pages in caches stay as they are: this alone changes, when a period begins and when it ends.
    """
    periods, now = state().settings.mourning or Mourning(), datetime.now(UTC)
    css = state().assets["mourning.css"]
    response = Response(css.content if periods.lasts(now) else b"", mimetype=css.mimetype)
    response.cache_control.public = True
    response.cache_control.max_age = min(periods.steady(now), _CALM) // timedelta(seconds=1)
    return response


def description() -> Response:
    """Serve the description of the endpoints for programs (OpenAPI 3.1)."""
    return static("openapi.json")
