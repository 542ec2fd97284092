"""The exceptions carry what they are about as data."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from compliance.errors import ComplianceError, ConsentError, DocumentError, Problem, SettingsError

PROBLEMS = (
    Problem(key="site.url", value='"x"', remedy="write the whole address"),
    Problem(key="site.name", remedy="this is missing"),
    Problem(key="", remedy="there is no file"),
)
ERRORS = [
    SettingsError("compliance.toml", PROBLEMS),
    DocumentError(Path("privacy.md"), "it has no title"),
    ConsentError("category"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_is_a_compliance_error_and_survives_a_process_boundary(error: ComplianceError):
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, ComplianceError)
    assert vars(copy) == vars(error)


def test_settings_error_shows_its_source_and_one_line_for_each_problem():
    assert str(SettingsError("compliance.toml", PROBLEMS)).splitlines() == [
        "compliance.toml:",
        '  site.url is "x": write the whole address',
        "  site.name: this is missing",
        "  there is no file",
    ]


def test_document_error_shows_the_document_and_the_reason():
    assert str(DocumentError(Path("privacy.md"), "it has no title")) == "privacy.md: it has no title"
