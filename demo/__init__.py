"""A small news site in two languages, in plain Flask: what `wsgi.py` serves when it is told of no other site."""

from __future__ import annotations

from flask import Flask, Response, render_template, request

from . import news

# Everything the pages need lies on the site itself; nothing runs or styles a page from inside the page.
CONTENT_SECURITY_POLICY = "default-src 'self'"


def create_app() -> Flask:
    """Make the site: English pages at the root, Chinese ones under ``/zh``."""
    app = Flask(__name__)
    app.register_blueprint(news.blueprint, name="en")
    app.register_blueprint(news.blueprint, name="zh", url_prefix="/zh")
    app.context_processor(news.page_context)
    app.register_error_handler(404, _not_found)
    app.after_request(_finish)
    return app


def _not_found(error: Exception) -> tuple[str, int]:
    return render_template("not_found.html"), 404


def _finish(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    if response.status_code == 200 and not response.is_streamed:
        response.cache_control.public = True
        response.cache_control.max_age = 60
        response.add_etag()
        response.make_conditional(request)
    return response
