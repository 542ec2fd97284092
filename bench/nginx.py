"""nginx in a folder of its own, for as long as it is needed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_MAIN = """
{user}
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    types {{ text/html html; text/css css; application/javascript js; }}
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""


@contextmanager
def nginx(servers: str, folder: Path, ports: Collection[int]) -> Iterator[None]:
    """Run nginx with *servers*, a part of its configuration, until it is done; it listens on all *ports*.

    Raises `RuntimeError` with what it says where it does not start.
    """
    configuration, log = folder / "nginx.conf", folder / "error.log"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(_MAIN.format(user=user, folder=folder, servers=servers), encoding="utf-8")
    process = subprocess.Popen([str(NGINX), "-c", str(configuration), "-e", str(log)])
    try:
        for port in ports:
            while not listens(port):
                if process.poll() is not None:
                    raise RuntimeError(log.read_text(encoding="utf-8"))
        yield
    finally:
        process.terminate()
        process.wait()


def free_ports(count: int) -> list[int]:
    """Return as many ports of this machine as *count* that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listens(port: int) -> bool:
    """Return whether somebody listens on *port* of this machine."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
