"""PgBouncer before the PostgreSQL of the tests, handing each connection on after one transaction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import AF_UNIX, socket
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from .programs import Program, installed

_SETTINGS = """\
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr =
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = {connections}
ignore_startup_parameters = extra_float_digits{ignored}
"""


@contextmanager
def pooled(address: str, *, connections: int = 2, ignored: str = "") -> Iterator[str]:
    """Yield the address of the database at *address* by way of a pooler that holds so many connections to it.

    *ignored* names a parameter of new connections that it does not refuse, though it does not pass it on.
    """
    with pooler(address, connections=connections, ignored=ignored) as (through, _):
        yield through


@contextmanager
def pooler(address: str, *, connections: int = 2, ignored: str = "") -> Iterator[tuple[str, Program]]:
    """Yield the same address, and the pooler itself."""
    program = installed("pgbouncer", package="PgBouncer")
    url = make_url(address)
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)  # it refuses to run as root, and makes its socket as whoever it runs as
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(
            _SETTINGS.format(
                host=url.host,
                port=url.port or 5432,
                user=url.username,
                folder=folder,
                connections=connections,
                ignored=ignored and f", {ignored}",
            )
        )

        def answers() -> bool:
            with socket(AF_UNIX) as client:
                return client.connect_ex(f"{folder}/.s.PGSQL.6432") == 0

        with Program([program, str(settings)], log=Path(folder, "log"), answers=answers, user="nobody") as running:
            through = url.set(host=None, port=None).update_query_dict({"host": folder, "port": "6432"})
            yield through.render_as_string(hide_password=False), running
