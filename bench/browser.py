"""What a reader waits for on a slow telephone: `make bench-browser`. Exit status 1 where a goal is missed.

One page in Chromium as it is, twice, with our banner and with those of others, in turns, over HTTP/1.1 and over HTTP/2
from nginx: processor slowed to a quarter, 150 ms to the server and back, 1.6 Mbit/s, an empty cache at every load. What
the bare page gives beside itself is how much of any other share is chance.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from threading import Thread
from typing import Any

from flask import Flask, Response
from playwright.sync_api import Browser, Cookie, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from compliance import Compliance

from . import editors
from .nginx import NGINX, free_ports, nginx
from .table import Row, print_table, print_verdict

PACKAGES = Path(__file__).with_name("node_modules")
LOADS = int(os.environ.get("LOADS", "20"))
SLOWER = 4
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 96_000}
GOALS = {"notice": 1.05, "notice, decided": 1.05, "opt-in": 1.08, "opt-in, decided": 1.05}
VISIBLE = 1.10
PAINTED = 1.5  # seconds
OURS = "[data-compliance=banner]"
MODES = {"notice": [], "opt-in": ["analytics", "advertising"]}
CATEGORIES = MODES["opt-in"]

# A page of 38 KB with a stylesheet of 22 KB and a script of 8 KB: that of the comparison in which the goals were set.
# Its words are drawn, so that it shrinks on the wire as text does.
_WORDS = """the a of and in on to from that which river bridge port city line county mayor council harbour works opened
rose said told asked built planned linked new first second last year month morning hand breadth metre train ship company
consul general trade energy tourism medicine science report congress hall photograph visitor student"""


def _story(chance: random.Random) -> str:
    return " ".join(chance.choices(_WORDS.split(), k=130))


_CARD = '<article class="card card-{0}"><h2><a href="#story-{0}">A line over the river, part {0}</a></h2><p>{1}</p>'
_CARDS = "".join(f"{_CARD.format(number, _story(random.Random(number)))}</article>\n" for number in range(40))
STYLE = "main{max-width:60rem;margin:auto;font:1rem/1.5 sans-serif}.card{border-block-end:1px solid}\n" + "".join(
    f".card-{number} .part-{part}{{padding:{part}px;margin:{part}px;border:1px solid #{number:03}}}\n"
    for number in range(40)
    for part in range(9)
)
SCRIPT = "for (const card of document.querySelectorAll('.card')) card.dataset.words = card.textContent.length;\n" + (
    "/* What a news site does when its page is there. */\n" * 160
)
_CONSENT = {"necessary": {"enabled": True, "readOnly": True}, **{name: {} for name in CATEGORIES}}
_TEXTS = {"title": "We use cookies", "acceptAllBtn": "I Agree", "acceptNecessaryBtn": "Decline"}
_CENTRE = {"title": "Preferences", "sections": [{"title": name, "linkedCategory": name} for name in _CONSENT]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One way to ask for consent: what goes into the head of a page, the files of it, what the reader sees of it."""

    head: str = ""
    files: Mapping[str, Path | str]
    banner: str


RIVALS = {
    "vanilla-cookieconsent": Rival(
        head="<link rel=stylesheet href=/v.css><script defer src=/v.js></script><script defer src=/v-run.js></script>",
        files={
            "v.css": PACKAGES / "vanilla-cookieconsent/dist/cookieconsent.css",
            "v.js": PACKAGES / "vanilla-cookieconsent/dist/cookieconsent.umd.js",
            "v-run.js": "CookieConsent.run("
            + json.dumps(
                {
                    "hideFromBots": False,
                    "categories": _CONSENT,
                    "language": {
                        "default": "en",
                        "translations": {"en": {"consentModal": _TEXTS, "preferencesModal": _CENTRE}},
                    },
                }
            )
            + ")",
        },
        banner="#cc-main .cm",
    ),
    "Klaro": Rival(
        head="<script defer src=/k-run.js></script><script defer src=/k.js></script>",
        files={
            "k.js": PACKAGES / "klaro/dist/klaro.js",
            "k-run.js": "var klaroConfig="
            + json.dumps(
                {"privacyPolicy": "/", "services": [{"name": name, "purposes": [name]} for name in CATEGORIES]}
            ),
        },
        banner=".klaro .cookie-notice",
    ),
}

# Runs before the page: the first frame in which the banner can be seen, shifts, tasks that block, the first paint.
PROBE = """selector => {
  const seen = (window.seen = { visible: null, frames: 0, shift: 0, tasks: [], paint: null });
  const observe = (type, each) =>
    new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  observe("layout-shift", (entry) => (seen.shift += entry.value));
  observe("longtask", (entry) => seen.tasks.push(entry.duration));
  observe("paint", (entry) => entry.name === "first-contentful-paint" && (seen.paint = entry.startTime));
  const look = () => {
    const banner = document.querySelector(selector);
    const box = banner?.getBoundingClientRect();
    const shown = banner?.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (shown && box.height && box.top < innerHeight && box.bottom > 0) {
      seen.visible ??= performance.now();
      seen.frames += 1;
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


def rows(*, fronted: bool) -> Iterator[Row]:
    """Load every page in turns; a share is the median over the rounds, each load beside the bare page of its round.

    *fronted* says that nginx stands before the sites, and speaks HTTP/2.
    """
    with ExitStack() as stack:
        sites = {name: stack.enter_context(_serving(app)) for name, app in _apps()}
        if fronted:
            sites = stack.enter_context(_fronted(sites))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        bare = (f"{sites['rivals']}/", OURS, list[Cookie]())
        pages: dict[str, tuple[str, str, list[Cookie]]] = {"bare": bare, "bare again": bare}
        for mode in MODES:
            pages[f"ours, {mode}"] = (f"{sites[mode]}/", OURS, [])
            pages[f"ours, {mode}, decided"] = (f"{sites[mode]}/", OURS, _decide(browser, sites[mode]))
        # A script that runs at once has ours run before it.
        pages["ours, opt-in, code"] = (f"{sites['opt-in']}/code", OURS, [])
        for name, rival in RIVALS.items():
            pages[name] = (f"{sites['rivals']}/{name}", rival.banner, [])
        loads: dict[str, list[dict[str, Any]]] = {name: [] for name in pages}
        for number in range(LOADS + 1):
            for name in sorted(pages, reverse=bool(number % 2)):
                load = _load(browser, *pages[name])
                if number:  # the first round only warms up
                    loads[name].append(load)
        browser.close()
    for name, found in loads.items():
        yield from _told(name, found, loads["bare"])


def queue_rows() -> Iterator[Row]:
    """Open a full page of the console's queue on the same telephone; the share is its first paint in seconds."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        app, cookie = editors.at_work(f"sqlite:///{folder}/bench.db", folder)
        address = stack.enter_context(_serving(app))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        at = [Cookie(name="compliance_console", value=cookie, url=address)]
        loads = [_load(browser, f"{address}/messages", OURS, at) for _ in range(LOADS + 1)][1:]  # the first warms up
        browser.close()
    paint = statistics.median(load["paint"] for load in loads)
    kilobytes = statistics.median(load["bytes"] for load in loads) / 1000
    yield Row(
        page="queue",
        subject=f"first contentful paint, {kilobytes:.0f} KB",
        measured=f"{paint:.0f} ms",
        share=paint / 1000,
        goal=PAINTED,
    )


def _told(name: str, loads: list[dict[str, Any]], bare: list[dict[str, Any]]) -> Iterator[Row]:
    ours = name.startswith("ours")
    goal = GOALS.get(name.removeprefix("ours, "))
    paints = [load["paint"] for load in loads]
    yield Row(
        page=name,
        subject="first contentful paint ÷ bare",
        measured=f"{statistics.median(paints):.0f} ms",
        share=None
        if loads is bare
        else statistics.median(load["paint"] / other["paint"] for load, other in zip(loads, bare, strict=True)),
        goal=goal,
    )
    shown = [load for load in loads if load["visible"] is not None]
    if shown:
        yield Row(
            page=name,
            subject="banner visible ÷ first paint",
            measured=f"{statistics.median(load['visible'] for load in shown):.0f} ms",
            share=statistics.median(load["visible"] / load["paint"] for load in shown),
            goal=VISIBLE if ours else None,
        )
    if not name.startswith("bare"):
        wanted = not name.endswith("decided")
        yield Row(
            page=name,
            subject=f"loads with{'out' if wanted else ''} a frame of the banner",
            measured=f"of {len(loads)}",
            share=float(len(loads) - len(shown) if wanted else len(shown)),
            goal=0 if ours else None,
        )
    yield Row(
        page=name,
        subject="loads in which anything shifts",
        measured=f"of {len(loads)}",
        share=float(sum(load["shift"] > 0 for load in loads)),
        goal=0 if ours else None,
    )
    yield Row(
        page=name,
        subject="long tasks beside the bare page's",
        measured=f"{statistics.mean(len(load['tasks']) for load in loads):.1f} a load",
        share=statistics.median(len(load["tasks"]) for load in loads)
        - statistics.median(len(load["tasks"]) for load in bare),
        goal=0 if ours else None,
    )
    yield Row(
        page=name,
        subject="bytes beside the bare page's",
        measured=f"{statistics.median(load['bytes'] for load in loads) / 1000:.1f} KB",
        share=statistics.median(load["bytes"] for load in loads) - statistics.median(load["bytes"] for load in bare),
    )


def _load(browser: Browser, url: str, banner: str, cookies: list[Cookie]) -> dict[str, Any]:
    """Open *url* as a reader does who comes for the first time; return what `PROBE` saw, and the bytes that came."""
    with browser.new_context(viewport={"width": 390, "height": 844}, ignore_https_errors=True) as context:
        context.add_cookies(cookies)  # type: ignore[arg-type]  # what one context gives, the next one takes
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.send("Network.emulateNetworkConditions", NETWORK)
        devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        received: list[float] = []
        devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.add_init_script(f"({PROBE})({json.dumps(banner)})")
        page.goto(url, wait_until="networkidle")
        page.wait_for_function("seen.paint !== null")
        return {**page.evaluate("seen"), "bytes": sum(received)}


def _decide(browser: Browser, site: str) -> list[Cookie]:
    """Agree on *site*; return the cookies of one who did."""
    with browser.new_context(ignore_https_errors=True) as context:
        page = context.new_page()
        page.goto(site)
        page.get_by_role("button", name="I Agree").click()
        page.get_by_role("status").wait_for()
        return context.cookies()


def _apps() -> Iterator[tuple[str, Flask]]:
    yield "rivals", _site()
    for mode, categories in MODES.items():
        app = _site()
        app.secret_key, app.instance_path = "bench", mkdtemp()
        site = {"name": "News", "url": "https://news.example", "operator": "News", "languages": ["en"]}
        settings = {
            "site": {**site, "email": "news@news.example"},
            "licences": {"icp": "渝ICP备20009753号-2", "news": "50120220004"},
            "reporting": {"telephone": "+86-23-67158993"},
            "consent": {"mode": mode, "categories": categories},
        }
        Compliance(app, settings=settings)
        yield mode, app


def _site() -> Flask:
    """The page at `/`, at `/code` with a script that runs, at the name of each rival with its banner; compressed."""
    app = Flask("site")

    def page(rival: str = "", inline: str = "window.site = {section: 'news', tags: ['river', 'bridge']};") -> str:
        head = RIVALS[rival].head if rival else ""
        return (
            "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            f"<title>News</title><link rel=stylesheet href=/site.css><script defer src=/site.js></script>"
            f"<script>{inline}</script>{head}</head>"
            f"<body><header><a href='#news'>News</a></header><main id=news>{_CARDS}</main></body></html>"
        )

    def file(content: str, mimetype: str) -> Callable[[], Response]:
        return lambda: Response(content, mimetype=mimetype)

    files = {"site.css": STYLE, "site.js": SCRIPT}
    for rival in RIVALS.values():
        files |= {
            name: source if isinstance(source, str) else source.read_text() for name, source in rival.files.items()
        }
    for name, content in files.items():
        mimetype = "text/css" if name.endswith(".css") else "text/javascript"
        app.add_url_rule(f"/{name}", name, file(content, mimetype))
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/code", "code", lambda: page(inline="setTimeout(() => {}, 0);"))
    app.add_url_rule("/<any(" + ",".join(f"'{name}'" for name in RIVALS) + "):rival>", "rival", page)

    @app.after_request
    def compress(response: Response) -> Response:
        if response.status_code == 200 and "Content-Encoding" not in response.headers and not response.is_streamed:
            response.set_data(gzip.compress(response.get_data()))
            response.headers["Content-Encoding"] = "gzip"
        return response

    return app


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as readers' browsers find them

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _serving(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _fronted(sites: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Let nginx stand before *sites*, by their names; yield its addresses, over HTTP/2."""
    openssl = shutil.which("openssl")
    if NGINX is None or openssl is None:
        raise SystemExit("HTTP/2 needs nginx and openssl: apt-get install nginx-light openssl")
    with TemporaryDirectory() as folder:
        key = [
            openssl,
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=127.0.0.1",
        ]
        files = ["-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem"]
        subprocess.run([*key, *files], check=True, capture_output=True)
        fronts = dict(zip(sites, free_ports(len(sites)), strict=True))
        servers = "".join(
            f"server {{ listen 127.0.0.1:{fronts[name]} ssl http2; location / {{ proxy_pass {site};"
            f" proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $http_host; }} }}\n"
            for name, site in sites.items()
        )
        certificate = f"ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;\n"
        with nginx(certificate + servers, Path(folder), fronts.values()):
            yield {name: f"https://127.0.0.1:{port}" for name, port in fronts.items()}


if __name__ == "__main__":
    begun = time.monotonic()
    judged = [
        one
        for protocol, fronted in (("HTTP/1.1", False), ("HTTP/2", True))
        for one in print_table(f"A slow telephone, {protocol}, {LOADS} loads", "share or number", rows(fronted=fronted))
    ]
    judged += print_table("The console on the same telephone", "s", queue_rows())
    sys.exit(not print_verdict(judged, time.monotonic() - begun))
