"""PgBouncer before the PostgreSQL of the tests, handing each connection on after one transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import make_url

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
    if not (program := shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")):
        pytest.skip("PgBouncer is not installed")
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
        command = [program, str(settings)]
        if os.geteuid() == 0:
            command += ["-u", "nobody"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            try:
                lines = []
                for line in process.stderr:
                    lines.append(line)
                    if "process up" in line:
                        break
                else:
                    raise AssertionError("".join(lines))
                through = url.set(host=None, port=None).update_query_dict({"host": folder, "port": "6432"})
                yield through.render_as_string(hide_password=False)
            finally:
                process.terminate()
                process.stderr.read()
