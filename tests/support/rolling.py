"""A server of a site in a process of its own, of whichever version the package is that it finds.

It takes a message and a decision in turn, says so for each that it acknowledged, and ends with its standard input.
"""

from __future__ import annotations

import json
import secrets
import sys
import threading
from itertools import count
from pathlib import Path

from flask import Flask

from compliance import Compliance

JSON = {"Accept": "application/json"}


def main(folder: str, settings: str) -> None:
    app = Flask("rolling", instance_path=folder, root_path=folder)
    app.config.update(SECRET_KEY="key")
    Compliance(app, settings=json.loads(settings))
    client = app.test_client(use_cookies=False)
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    for number in count():
        key = secrets.token_hex(8)
        sent = client.post(
            "/compliance/message", json={"body": f"{number} {key}"}, headers=JSON | {"Idempotency-Key": key}
        )
        if sent.status_code == 201:
            print("message", flush=True)
        decided = client.post("/compliance/consent", data={"choice": "accept"})
        if decided.status_code in (204, 303):
            print("decision", flush=True)
        if over.wait(0.02):
            break
    app.extensions["compliance"].recorder.settle()


if __name__ == "__main__":
    main(str(Path(sys.argv[1])), sys.argv[2])
