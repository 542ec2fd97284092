"""The application that is looked at, as it is asked for pages: Flask's own, or one that was wrapped."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any

from flask import Flask

from ...views import SiteState
from ..group import root_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@dataclass(frozen=True, kw_only=True)
class Site:
    """An application with our elements on it: *wsgi* answers, *root* is where it begins, *loggers* tell what is wrong.

    *is_async* says that it is one of ASGI behind *wsgi*.
    """

    wsgi: WSGIApplication
    state: SiteState
    root: str
    loggers: tuple[logging.Logger, ...]
    is_async: bool = False


def of_flask(app: Flask, state: SiteState) -> Site:
    """Return the site that *app* is."""
    loggers = (app.logger, logging.getLogger("compliance"))
    return Site(wsgi=app.wsgi_app, state=state, root=root_of(app, state.settings), loggers=loggers)


def of_wrapped(application: Any, state: SiteState) -> Site:
    """Return the site that *application* is, of WSGI or ASGI, with what stands around the wrapper."""
    is_async = iscoroutinefunction(application) or iscoroutinefunction(type(application).__call__)
    if is_async:
        from a2wsgi import ASGIMiddleware

        application = ASGIMiddleware(application)
    return Site(
        wsgi=application,
        state=state,
        root=state.settings.site.url.rstrip("/"),
        loggers=(logging.getLogger("compliance"),),
        is_async=is_async,
    )
