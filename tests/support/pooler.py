"""PgBouncer before the PostgreSQL of the tests, handing each connection on after one transaction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import make_url

from bench.nginx import listens

from .programs import Program, free_ports, installed

_SETTINGS = """\
[databases]
* = host={host} port={port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own}
unix_socket_dir =
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
    url, [own] = make_url(address), free_ports(1)
    with TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # it refuses to run as root
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(
            _SETTINGS.format(
                host=url.host,
                port=url.port or 5432,
                user=url.username,
                own=own,
                connections=connections,
                ignored=ignored and f", {ignored}",
            )
        )
        log = Path(folder, "log")
        with Program([program, str(settings)], log=log, answers=lambda: listens(own), user="nobody") as running:
            yield url.set(host="127.0.0.1", port=own).render_as_string(hide_password=False), running
