"""A WSGI application, asked for its pages in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from werkzeug.test import EnvironBuilder, run_wsgi_app

from .sitemaps import addresses
from .targets import LARGEST, Reason, Response, other

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Application:
    """The site of *wsgi*, as readers find it at *url*: scheme, host and mount point."""

    def __init__(self, wsgi: WSGIApplication, url: str) -> None:
        self._wsgi = wsgi
        self.name = url
        self.start = f"{url.rstrip('/')}/"
        self.below = urlsplit(self.start).path
        #: What is sent along, as of a reader who has signed in.
        self.cookies = ""

    @property
    def mounted(self) -> WSGIApplication:
        """The application below the path at which readers find it."""
        prefix = self.below.rstrip("/")

        def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            path = environ["PATH_INFO"]
            if prefix and f"{path}/".startswith(f"{prefix}/"):
                environ |= {"SCRIPT_NAME": prefix, "PATH_INFO": path.removeprefix(prefix)}
            return self._wsgi(environ, start_response)

        return app

    def sitemaps(self) -> Iterator[str]:
        """Yield the addresses that the application lists at `/sitemap.xml`."""
        answer = self.fetch(f"{self.start}sitemap.xml")
        return addresses(lambda url: answer.content if answer.status == 200 else None, [answer.url])

    def open(self) -> None:
        """There is nothing to make sure of: the application is here."""

    def fetch(self, url: str) -> Response:
        """Call the application for *url*; an exception that it lets out is its failure."""
        parts = urlsplit(url)
        builder = EnvironBuilder(
            path=f"/{parts.path.removeprefix(self.below)}",
            query_string=parts.query,
            base_url=self.start,
            headers=[("Cookie", self.cookies)] if self.cookies else None,
        )
        try:
            body, status, headers = run_wsgi_app(self._wsgi, builder.get_environ())
            return Response(
                url=url,
                status=int(status.partition(" ")[0]),
                headers=tuple(headers.items()),
                content=_read(body),
                failure=other(headers.get("Content-Type", "")) if status < "3" else None,
            )
        except Exception as error:  # the application's own, whatever it is: told with the page
            return Response(url=url, status=500, failure=Reason("raises", name=type(error).__name__, error=error))
        finally:
            builder.close()


def _read(body: Iterable[bytes]) -> bytes:
    content = bytearray()
    try:
        for piece in body:
            content += piece
            if len(content) >= LARGEST:
                break
    finally:
        getattr(body, "close", lambda: None)()
    return bytes(content[:LARGEST])
