"""Take the pictures in README and docs/ of the demo, in Chromium: `make screenshots`."""

from __future__ import annotations

import logging
import shutil
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp
from threading import Thread

from PIL import Image
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from compliance import Compliance  # noqa: E402 -- found once the checkout is on the path
from compliance.console.state import NAME  # noqa: E402
from compliance.staff import Role  # noqa: E402
from compliance.staff.second_factor import code_of  # noqa: E402
from demo import create_app  # noqa: E402
from demo.console import ACCOUNT, open_console, password, secret  # noqa: E402

ARTICLE = "/articles/consuls-general-two-sessions"
#: What docs/console.md shows of the console, in each language.
CONSOLE = {
    "home": "/",
    "queue": "/messages",
    "case": "/messages",
    "health": "/health",
    "figures": "/figures",
    "consents": "/consents",
    "trail": "/trail",
}


def few(picture: bytes, path: Path) -> None:
    """Write *picture* with as few colours as a page of text needs."""
    Image.open(BytesIO(picture)).convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


logging.getLogger("werkzeug").setLevel(logging.WARNING)
app = create_app()
app.secret_key, app.instance_path = "pictures", mkdtemp()  # the report of the pictures is nobody's
Compliance(app, settings=DOCS.parent / "compliance.toml")
site, now = app.extensions["compliance"], datetime.now(UTC)
console = open_console(site, now=now)  # with a month of letters and decisions
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
    page.get_by_role("link", name="网上举报").click()
    form = page.get_by_role("dialog")
    form.get_by_label("举报类别").select_option("rumour")
    form.get_by_label("所在位置或原文摘录").fill("第三段第一句")
    form.get_by_label("举报说明").fill("文中所述与事实不符。")
    form.get_by_label("我承诺据实举报").check()
    form.evaluate("node => node.scrollTo(0, 0)")
    page.screenshot(path=DOCS / "report.png")
    form.get_by_role("button", name="提交举报").click()
    form.get_by_role("link", name="打开回执页").click()
    page.locator(".compliance-receipt").screenshot(path=DOCS / "receipt.png")

    for name, role, full_name in (("wang.fang", Role.SUPERVISOR, "王芳"), ("auditor", Role.AUDITOR, "")):
        console.extensions[NAME].accounts.add(name, role, full_name=full_name, now=now)
    desk = make_server("127.0.0.1", 0, console, threaded=True)
    Thread(target=desk.serve_forever, daemon=True).start()
    page = browser.new_page(viewport={"width": 1200, "height": 800}, locale="zh-CN")
    page.goto(f"http://127.0.0.1:{desk.port}/accounts")
    page.get_by_label("账号名").fill(ACCOUNT)
    page.get_by_label("密码").fill(password(site))
    page.get_by_role("button", name="登录").click()
    page.get_by_label("验证码").fill(code_of(secret(site), now=datetime.now(UTC)))
    page.get_by_role("button", name="继续").click()
    page.wait_for_url("**/accounts")
    page.screenshot(path=DOCS / "console.png")
    for language, folder in (("en", DOCS), ("zh_CN", DOCS / "zh")):
        for name, address in CONSOLE.items():
            page.goto(f"http://127.0.0.1:{desk.port}{address}?lang={language}", wait_until="networkidle")
            if name == "case":
                page.locator("main .first a").nth(2).click()
                page.wait_for_load_state()
            few(page.screenshot(), folder / f"console-{name}.png")
    desk.shutdown()
    browser.close()
server.shutdown()
