"""A server of our own in front of a site in any language: `python -m compliance serve`."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from . import engine
from .asgi import join
from .middleware.asgi import ASGIApplication, Scope, read_scope
from .upstream import Answer, Fault, Hops, Site, Timeouts
from .views import Application

# How a process that answers learns what it is to do.
_OPTIONS = "COMPLIANCE_SERVE"
_LARGEST_HEAD = 64 * 1024  # bytes
# What WSGI asks of an environment (PEP 3333) and a request does not say.
_OF_THE_SERVER = {"SERVER_NAME": "localhost", "SERVER_PORT": "80"}
# uvicorn's own, less what it says of each websocket: the reader's address, and the path.
_LOG = {
    **LOGGING_CONFIG,
    "filters": {"impersonal": {"()": f"{__name__}.Impersonal"}},
    "handlers": {"default": {**LOGGING_CONFIG["handlers"]["default"], "filters": ["impersonal"]}},
    "loggers": {"uvicorn": {"handlers": ["default"], "level": "INFO", "propagate": False}},
}
_KEPT_SECONDS = 75  # a connection of a proxy in front, which nginx keeps for 60 seconds


class Impersonal(logging.Filter):
    """Lets pass what goes wrong, and what the server says of itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether *record* tells of the server and not of a connection."""
        of_itself = "uvicorn" in record.pathname and "protocols" not in record.pathname
        return of_itself or record.levelno >= logging.WARNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `serve` was told.

    Args:
        upstream: the address of the site.
        name: the `Host` by which it is asked, in place of the reader's.
        keys: the file with the secret keys.
        proxies: how many proxies stand in front.
        connect: how many seconds the site has to take a connection, *read* to go on with an answer.
    """

    upstream: str
    name: str | None
    keys: str
    proxies: int
    connect: float
    read: float


def run(options: Options, *, bind: SplitResult, workers: int, grace: int) -> None:
    """Serve until a signal to stop comes, and then until what was begun is done, but *grace* seconds at most.

    *bind* is where readers are heard: `//host:port`, or `unix:` with the path of a socket. Raises what
    `compliance.asgi.wrap` raises.
    """
    built: ASGIApplication | str = _build(options)  # whatever is wrong is told once, and before anything is heard
    if workers > 1:
        os.environ[_OPTIONS] = json.dumps(asdict(options))
        built = f"{__name__}:application"
    if bind.scheme and (socket := Path(bind.path)).is_socket():
        socket.unlink()  # of a server that was killed
    uvicorn.run(
        built,
        factory=workers > 1,
        workers=workers,
        host=bind.hostname or "",
        port=bind.port or 0,
        uds=bind.path if bind.scheme else None,
        http="h11",
        ws="websockets-sansio",
        lifespan="on",
        proxy_headers=False,  # `Hops` reads them
        server_header=False,
        date_header=False,
        log_config=_LOG,
        access_log=False,
        h11_max_incomplete_event_size=_LARGEST_HEAD,
        timeout_keep_alive=_KEPT_SECONDS,
        timeout_graceful_shutdown=grace,
    )


def application() -> ASGIApplication:
    """Return what one of several processes serves."""
    return _build(Options(**json.loads(os.environ[_OPTIONS])))


def _build(options: Options) -> ASGIApplication:
    def tell(scope: Scope, why: Fault) -> Answer:
        method = {} if "method" in scope else {"method": "GET"}
        response = own.refusal({**read_scope({**scope, **method}), **_OF_THE_SERVER}, why)
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        return Answer(response.status_code, fields, response.get_data())

    site = Site(
        urlsplit(options.upstream), name=options.name, timeouts=Timeouts(options.connect, options.read), tell=tell
    )
    own = Application(engine.behind(site, Path(options.keys), site.health))
    return Hops(join(site, own), options.proxies)
