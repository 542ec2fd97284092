"""Sites that are not written in Python, behind `serve`, as readers use them in Chromium."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from compliance.cli import Alone, compliance
from compliance.extension import alone
from demo import create_app
from support.browser import Page, expect
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import ROOT
from support.upstream import serve

OTHERS = ROOT / "tests" / "hosts" / "others"
ARTICLE = "/articles/consuls-general-two-sessions"
COMMANDS = {
    "php": ["php", "-S", "127.0.0.1:0", "site.php"],
    "node": ["node", "site.mjs"],
    "static": [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"],
}


@contextmanager
def running(kind: str, folder: Path) -> Iterator[str]:
    """Run a site of this *kind* in *folder*, and give its address."""
    if not shutil.which(COMMANDS[kind][0]):
        pytest.skip(f"{COMMANDS[kind][0]} is not installed (apt-get install php-cli nodejs)")
    shutil.copytree(OTHERS, folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "demo" / "static", folder / "static")
    copy = folder / f"{ARTICLE}.html".lstrip("/")
    copy.parent.mkdir()
    with create_app().test_client().get(ARTICLE) as article:
        copy.write_bytes(article.data)
    with subprocess.Popen(
        COMMANDS[kind], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if port := re.search(r"127\.0\.0\.1:(\d+)|port (\d+)|^(\d+)$", line):
                    yield f"http://127.0.0.1:{next(filter(None, port.groups()))}"
                    break
        finally:
            process.terminate()


@pytest.mark.parametrize("kind", COMMANDS)
def test_a_reader_agrees_writes_and_gets_a_receipt(
    kind: str, open_page: Callable[..., Page], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    with running(kind, tmp_path / "site") as upstream, serve(tmp_path, upstream) as server:
        number = live(open_page, f"http://127.0.0.1:{server.port}{f'{ARTICLE}.html' if kind == 'static' else '/'}")
    monkeypatch.chdir(tmp_path)
    command = ["--key-file", "key", "messages", "list", "--format", "json"]
    listed = json.loads(CliRunner().invoke(compliance, command, obj=Alone(alone)).stdout)
    assert [row["number"] for row in listed] == [number]


def live(open_page: Callable[..., Page], url: str) -> str:
    """Read, use what the site itself has, agree, leave a message; return the number of the receipt."""
    page = open_page(url, locale="zh-CN")
    banner, footer = page.locator("[data-compliance=banner]"), page.locator("[data-compliance=footer]")
    expect(page.locator("h1")).to_be_visible()
    expect(footer.get_by_text("渝ICP备20009753号-2")).to_be_visible()
    expect(footer.get_by_text("+86-23-67158993")).to_be_visible()
    own = page.locator("#own")
    if own.count():
        expect(page.locator("#visits")).to_have_text("1")
        own.get_by_role("button").click()
        expect(page.locator("#said")).to_have_text("读者")
        expect(page.locator("#visits")).to_have_text("2")

    banner.locator("button[value=accept]").click()
    expect(page.locator("[data-compliance=note]")).to_be_visible()
    page.reload()
    expect(banner).to_be_hidden()
    assert {"compliance_consent"} <= {cookie["name"] for cookie in page.context.cookies()}

    footer.locator("[data-compliance=message] a").click()
    form = page.locator("dialog.compliance-dialog form[data-styles]")
    form.locator("textarea").first.fill("第三段里的年份不对。")
    form.locator(".compliance-buttons button").click()
    expect(page.locator("dialog .compliance-copied")).to_have_count(2)
    number, code = page.locator("dialog .compliance-copied").all_inner_texts()
    assert code
    return str(number)
