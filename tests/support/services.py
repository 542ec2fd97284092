"""A service of others on this machine, for as long as a test asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Self

from flask import Flask
from werkzeug.serving import make_server


class Service:
    """What answers with *app*, at an *address* that it has once it is served."""

    app: Flask
    address = ""

    @contextmanager
    def serving(self) -> Iterator[Self]:
        """Answer at a free port."""
        server = make_server("127.0.0.1", 0, self.app, threaded=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
