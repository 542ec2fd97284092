"""Targets that have no address of their own, served on this machine for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import NotFound
from werkzeug.security import safe_join
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from ..outside.hosts import host_of
from .application import Application
from .folder import Folder
from .website import Website

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


@contextmanager
def served(target: Folder | Website | Application) -> Iterator[Door]:
    """Yield what turns the address of a page of *target* into one that a browser can open, and back."""
    if isinstance(target, Website):
        yield Door()
        return
    app = _files(target.top) if isinstance(target, Folder) else target.mounted
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    origin = "" if isinstance(target, Folder) else target.start.removesuffix(target.below)
    try:
        yield Door(base, origin)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True, slots=True)
class Door:
    """What leads from addresses as reports have them to those at *base*, and back; *origin* is a site's own."""

    base: str = ""
    origin: str = ""

    def __call__(self, url: str) -> str:
        """Return the address that a browser opens for the page at *url*."""
        if not self.base:
            return url
        return self.base + (
            url.removeprefix(self.origin) if self.origin else f"/{quote(url, errors='surrogateescape')}"
        )

    def named(self, address: str) -> str:
        """Return what reports call what a browser knows by *address*."""
        if not self.base or not address.startswith(f"{self.base}/"):
            return address
        path = address.removeprefix(self.base)
        return f"{self.origin}{path}" if self.origin else path.removeprefix("/")

    def host(self, host: str) -> str:
        """Return what reports call the *host* that a browser asked."""
        return host_of(self.origin) or host if self.base and host == host_of(self.base) else host


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
