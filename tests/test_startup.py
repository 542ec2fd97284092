"""What a process reads before it has shown its first page."""

from __future__ import annotations

import subprocess
import sys

import pytest

from support.host import ROOT

_FIRST_PAGE = """
import sys

import pytest
from support.host import SETTINGS, create_app
from compliance import Compliance
app = create_app()
Compliance(app, settings=SETTINGS)
assert "data-compliance" in app.test_client().get("/").text
print(*sys.modules)
"""


@pytest.mark.slow
def test_a_page_reads_nothing_that_only_forms_commands_and_documents_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_PAGE],
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    forms = {"alembic", "altcha", "cryptography", "limits", "PIL", "segno", "sqlalchemy"}
    documents = {"bs4", "lxml", "markdown_it"}
    # What writes dates in words, packs answers, and parses pages in which a place is hard to find.
    others = {"babel", "babel.dates", "babel.numbers", "babel.support", "brotli", "turbohtml", "zstandard"}
    read = set(done.stdout.split())
    assert (forms | documents | others) & read == set()
