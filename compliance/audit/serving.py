"""Targets that have no address of their own, served on this machine for a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from .application import Application
from .folder import Folder
from .website import Website

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def served(target: Folder | Website | Application) -> Iterator[Callable[[str], str]]:
    """Yield what turns the address of a page of *target* into one that a browser can open."""
    if isinstance(target, Website):
        yield lambda url: url
        return
    app = _files(target.top) if isinstance(target, Folder) else target.mounted
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    origin = "" if isinstance(target, Folder) else target.start.removesuffix(target.below)
    try:
        yield lambda url: base + (url.removeprefix(origin) if origin else f"/{quote(url, errors='surrogateescape')}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """The report is what is printed."""


def _files(top: Path) -> WSGIApplication:
    @Request.application
    def app(request: Request) -> Response:
        found = safe_join(str(top), request.path.lstrip("/"))
        path = Path(found) if found else top
        path = path / "index.html" if path.is_dir() else path
        if found is None or not path.is_file():
            return NotFound().get_response()
        response = send_file(path, request.environ)
        # The page itself says which charset it is in.
        response.headers["Content-Type"] = response.mimetype or "application/octet-stream"
        return response

    return app
