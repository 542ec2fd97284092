"""`make demo MODE=…`: the list of what trackers were asked for shows that they are held, and let go."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from compliance import Compliance
from demo.trackers import HOSTS, create_app
from support.browser import Browser, Page, expect, serving
from support.browser import chromium as chromium

ROOT = Path(__file__).resolve().parents[2]


def asked(page: Page, url: str) -> set[str]:
    """Return which of the trackers the list names."""
    page.goto(f"{url}/asked")
    return {host for host in HOSTS if page.get_by_text(f"{host}/").count()}


def read(page: Page, url: str) -> None:
    page.goto(f"{url}/", wait_until="networkidle")


@pytest.mark.parametrize(("mode", "choice"), [("opt-in", "I Agree"), ("opt-out", "Decline")])
def test_the_list_shows_what_a_choice_does(chromium: Browser, tmp_path: Path, mode: str, choice: str) -> None:
    settings = f"build/demo-{mode}.toml"
    subprocess.run(["make", "--silent", settings], cwd=ROOT, check=True)
    app = create_app()
    app.secret_key, app.instance_path = "a key of sixteen bytes", str(tmp_path)
    Compliance(app, settings=ROOT / settings)
    with serving(app) as url, chromium.new_context() as context:
        page = context.new_page()
        read(page, url)
        before = asked(page, url)
        page.get_by_role("button", name="Forget it all").click()
        expect(page.get_by_text("Nothing yet.")).to_be_visible()
        with page.expect_response(lambda response: response.request.method == "POST"):
            page.get_by_role("button", name=choice).click()
        read(page, url)
        after = asked(page, url)
    assert (before, after) == ((set(), set(HOSTS)) if mode == "opt-in" else (set(HOSTS), set()))
