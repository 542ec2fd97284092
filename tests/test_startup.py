"""What a process reads before it has shown its first page."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

import compliance as compliance_package
from compliance.cli import compliance
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


_HELP = """
import sys
from compliance.__main__ import main
sys.argv = ["compliance", "--help"]
try:
    main()
finally:
    print(*sys.modules, file=sys.stderr)
"""


def test_help_reads_no_more_than_it_prints() -> None:
    env = {"PYTHONPATH": str(ROOT), "PATH": "", "LANGUAGE": "en"}
    done = subprocess.run([sys.executable, "-c", _HELP], env=env, capture_output=True, text=True, check=True)
    assert {"babel", "chinese_calendar", "flask", "pydantic", "sqlalchemy", "werkzeug"} & set(
        done.stderr.split()
    ) == set()
    context = click.Context(compliance)
    for name in compliance.list_commands(context):
        command = compliance.get_command(context, name)
        assert command is not None
        listed = done.stdout.split(f"\n  {name} ")[1].split("\n  serve ")[0]
        assert " ".join(listed.split()).startswith(command.get_short_help_str())


def test_public_names_are_there_before_they_are_read() -> None:
    code = "import compliance as c; assert {*c.__all__} <= {*dir(c)} and all(getattr(c, name) for name in c.__all__)"
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(ROOT), "PATH": ""}, check=True)
    with pytest.raises(AttributeError, match="'nothing'"):
        _ = compliance_package.nothing
