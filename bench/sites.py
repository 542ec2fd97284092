"""Sites on this machine with trackers on them, for all who look for such; this machine stands for every host."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from flask import Flask, send_from_directory
from werkzeug.serving import make_server

from demo.trackers import create_app

ROOT = Path(__file__).parent.parent
PACKAGES = Path(__file__).with_name("node_modules")
sys.path.append(str(ROOT / "tests"))  # what is planted stands beside the tests that look for it

from support.planted import INNOCENT, PLANTED, serve, site  # noqa: E402
from support.recorder import Recorder  # noqa: E402

#: Pages of a theme that somebody else made.
THEME = PACKAGES / "startbootstrap-sb-admin" / "dist"
THEME_PAGES = ("index.html", "charts.html", "login.html", "401.html")
_DEMO = ("/", "/zh/", "/archive")
# What vendors give their customers, as packages that anybody may serve, from the hosts that they serve them from.
_SCRIPTS = {
    "cdn.mxpnl.com/libs/mixpanel-2-latest.min.js": "mixpanel-browser/dist/mixpanel.umd.js",
    "cdn.mxpnl.com/libs/mixpanel-recorder.min.js": "mixpanel-browser/dist/mixpanel-recorder.min.js",
    "openfpcdn.io/fingerprintjs/v5/iife.min.js": "@fingerprintjs/fingerprintjs/dist/fp.umd.min.js",
    "us-assets.i.posthog.com/static/array.js": "posthog-js/dist/array.full.js",
    "www.clarity.ms/s/clarity.js": "clarity-js/build/clarity.min.js",
}
_SNIPPETS = """<script src="https://us-assets.i.posthog.com/static/array.js"></script>
<script src="https://cdn.mxpnl.com/libs/mixpanel-2-latest.min.js"></script>
<script src="https://openfpcdn.io/fingerprintjs/v5/iife.min.js"></script>
<script src="https://www.clarity.ms/s/clarity.js"></script>
<script async src="https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef"></script>
<script>posthog.init("phc_bench", {api_host: "https://us.i.posthog.com"});</script>
<script>
mixpanel.init("bench", {persistence: "localStorage", record_sessions_percent: 100});
mixpanel.track("Seen");
</script>
<script>
FingerprintJS.load().then(one => one.get()).then(one => fetch("https://collect.example/visit?id=" + one.visitorId));
</script>
<script>
clarity("start", {projectId: "bench", upload: "https://x.clarity.ms/collect", content: true, track: true});
</script></head>"""


@dataclass(frozen=True, slots=True)
class Site:
    """A site: its *name*, the *pages* that are looked at, and how a Chromium finds the hosts on them.

    Scripts of *innocent* hosts only look as if they took a fingerprint.
    """

    name: str
    pages: tuple[str, ...]
    arguments: tuple[str, ...]
    innocent: frozenset[str] = frozenset()


@contextmanager
def sites() -> Iterator[list[Site]]:
    """Serve them until the block ends."""
    with TemporaryDirectory() as folder:
        theme = Path(folder, "theme")
        shutil.copytree(THEME, theme)
        for path in theme.glob("*.html"):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("</head>", _SNIPPETS, 1), encoding="utf-8")
        recorder = Recorder(Path(folder))
        for address, file in _SCRIPTS.items():
            recorder.scripts[address] = (PACKAGES / file).read_text(encoding="utf-8")
        serve(recorder, (*PLANTED, *INNOCENT))
        planted, paths = site((*PLANTED, *INNOCENT))
        with (
            recorder.running(),
            _serving(planted) as first,
            _serving(create_app()) as second,
            _serving(_wrapped()) as third,
            _serving(_files(theme)) as fourth,
        ):
            rules = f"--host-resolver-rules=MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1, EXCLUDE *.localhost"
            arguments = ("--ignore-certificate-errors", rules)
            innocent = frozenset(plant.host for plant in INNOCENT)
            yield [
                Site("planted", tuple(first + path for path in paths), arguments, innocent),
                Site("the demo", tuple(second + path for path in _DEMO), arguments),
                Site("the demo, wrapped", tuple(third + path for path in _DEMO), arguments),
                Site("a theme", tuple(f"{fourth}/{name}" for name in THEME_PAGES), arguments),
            ]


def _wrapped() -> Any:
    os.environ.setdefault("SECRET_KEY", "of nobody but the bench")
    os.environ.setdefault("COMPLIANCE_SITE", "demo.trackers:create_app")
    os.environ.setdefault("COMPLIANCE_SETTINGS", str(ROOT / "build" / "demo-opt-in.toml"))
    import wsgi

    return wsgi.app


def _files(folder: Path) -> Flask:
    app = Flask("files", static_folder=None)
    app.add_url_rule("/<path:name>", "file", lambda name: send_from_directory(folder, name))
    return app


@contextmanager
def _serving(app: Any) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
