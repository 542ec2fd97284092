"""nginx, with a configuration as the documentation has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.nginx import NGINX as NGINX
from bench.nginx import free_ports
from bench.nginx import nginx as started


def free_port() -> int:
    return free_ports(1)[0]


@contextmanager
def nginx(page: Path, folder: Path, changes: Mapping[str, str], *, port: int) -> Iterator[None]:
    """Run what *page* shows as configuration, each of *changes* made, until it is done; it listens on *port*."""
    [server] = re.findall(r"^```nginx\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for documented, here in changes.items():
        assert documented in server
        server = server.replace(documented, here)
    with started(server, folder, [port]):
        yield
