"""Take the pictures in README and docs/ of the demo, in Chromium: `make screenshots`."""

from __future__ import annotations

import logging
import shutil
import sys
from pathlib import Path
from threading import Thread

from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from wsgi import app  # noqa: E402 -- found once the checkout is on the path

ARTICLE = "/articles/consuls-general-two-sessions"

logging.getLogger("werkzeug").setLevel(logging.WARNING)
server = make_server("127.0.0.1", 0, app, threaded=True)
Thread(target=server.serve_forever, daemon=True).start()
with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(f"http://127.0.0.1:{server.port}{ARTICLE}", wait_until="networkidle")
    page.screenshot(path=DOCS / "screenshot.png")
    page.goto(f"http://127.0.0.1:{server.port}/zh{ARTICLE}", wait_until="networkidle")
    page.get_by_role("button", name="我同意").click()
    page.locator("[data-compliance=footer]").screenshot(path=DOCS / "footer.png")
    browser.close()
server.shutdown()
