"""The same site with a few trackers and a video from hosts of this machine, and a page that lists what they were asked.

Browsers lead every name below `localhost` to this machine (RFC 6761, section 6.3), so that the trackers are hosts of
others to a page, and nobody outside learns of anything. What was asked is known to one process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any

from flask import Flask, redirect, render_template, request, url_for
from werkzeug.wrappers import Request, Response

from . import CONTENT_SECURITY_POLICY
from . import create_app as create_site

HOSTS = ("analytics.localhost", "advertising.localhost", "video.localhost")
ANSWERS = {
    ".js": ("text/javascript", 'document.documentElement.dataset.followed = "yes";'),
    ".svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'),
    ".html": ("text/html", "<!doctype html><html lang=en><title>Video</title><body>This is where a film would run."),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that a tracker got."""

    time: datetime
    host: str
    path: str
    page: str


class Recorder:
    """A WSGI application that answers for the trackers and notes what they are asked, around one for other hosts."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.asked: deque[Asked] = deque(maxlen=200)
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked = Request(environ)
        host = asked.host.partition(":")[0]
        if host not in HOSTS:
            return self._application(environ, start_response)
        self.asked.appendleft(Asked(datetime.now(), host, asked.path, asked.referrer or ""))
        mimetype, text = ANSWERS.get(PurePath(asked.path).suffix, ANSWERS[".svg"])
        # Asked for anew each time, and no page to put a banner onto.
        headers = {"Cache-Control": "no-store, no-transform"}
        return Response(text, mimetype=mimetype, headers=headers)(environ, start_response)


def create_app() -> Flask:
    """Make the site, with the list at ``/asked``."""
    app = create_site()
    recorder = Recorder(app.wsgi_app)
    app.wsgi_app = recorder  # type: ignore[method-assign]

    @app.context_processor
    def trackers() -> dict[str, Any]:
        port = request.host.partition(":")[2]
        return {"trackers": {host.partition(".")[0]: f"http://{host}:{port}" for host in HOSTS}}

    @app.after_request
    def allow(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY} http://*.localhost:*"
        return response

    @app.route("/asked", methods=["GET", "POST"])
    def asked() -> Any:
        if request.method == "POST":
            recorder.asked.clear()
            return redirect(url_for("asked"), 303)
        return render_template("asked.html", asked=list(recorder.asked)), {"Cache-Control": "no-store"}

    return app
