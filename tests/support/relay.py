"""Starts Firefox for Playwright and stands between the two.

Playwright overrides for every page what a reader's system prefers; Firefox learned that command after the version that
Debian has. It is answered here, all others are handed on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from threading import Thread

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.sync.server import ServerConnection, serve

UNKNOWN = "emulation.setMediaFeaturesOverride"
LISTENING = "WebDriver BiDi listening on "


def run(program: str, *arguments: str) -> int:
    """Run Firefox to its end; the address that it tells is replaced with one of ours."""
    with subprocess.Popen([program, *arguments], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            head, listening, address = line.rstrip().partition(LISTENING)
            print(head + listening + (_stand_before(address) if listening else ""), file=sys.stderr, flush=True)
    return process.returncode


def _stand_before(address: str) -> str:
    def relay(client: ServerConnection) -> None:
        with connect(f"{address}/session", max_size=None, proxy=None) as browser:
            Thread(target=_hand_on, args=(browser, client), daemon=True).start()
            with suppress(ConnectionClosed):
                for text in client:
                    command = json.loads(text)
                    if command["method"] == UNKNOWN:
                        client.send(json.dumps({"type": "success", "id": command["id"], "result": {}}))
                    else:
                        browser.send(text)

    server = serve(relay, "127.0.0.1", 0, max_size=None)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"


def _hand_on(source: Connection, target: Connection) -> None:
    with suppress(ConnectionClosed):
        for text in source:
            target.send(text)
    target.close()


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]))
