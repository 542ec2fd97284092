"""Text from outside: bounded before it is normalised."""

from __future__ import annotations

import ast
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.outside.text import LONGEST_RUN, is_mark, normalised, stream_safe
from support.odd import ODD, counted

PACKAGE = Path(__file__).resolve().parents[2] / "compliance"


@pytest.mark.parametrize("form", ["NFC", "NFKC"])
@pytest.mark.parametrize("odd", ODD)
def test_the_cost_grows_as_the_text_does(odd: str, form: str):
    steps = []
    for length in (2_000, 16_000):
        with counted() as cost:
            normalised(ODD[odd](length), longest=100_000, form=form)
        # A mark can fall into two.
        assert cost.longest_run <= 2 * LONGEST_RUN + 2
        steps.append(cost.steps)
    assert steps[1] <= 9 * steps[0] + 100


def test_every_mark_of_unicode_is_known():
    """A run of any one of them is cut, wherever it lies."""
    marks = [chr(point) for point in range(sys.maxunicode) if is_mark(chr(point))]
    assert len(marks) > 900
    assert {"\u0f73", "\uff9e", "\U0001e94a"} <= set(marks)
    assert [ascii(mark) for mark in marks if stream_safe(mark * 40) != mark * LONGEST_RUN] == []


@given(st.text(st.sampled_from("aé新ǖ\u0301\u0315\u0334\u200d\u0f73ﾞ각"), max_size=80), st.sampled_from(["NFC", "NFKC"]))
@settings(max_examples=50)
def test_text_with_few_marks_is_normalised_and_otherwise_left_alone(text: str, form: str):
    result = normalised(text, longest=100, form=form)
    assert unicodedata.is_normalized(form, result)
    assert normalised(result, longest=1_000, form=form) == result
    if stream_safe(text) == text:
        assert result == unicodedata.normalize(form, text)


@given(before=st.integers(0, 40), marks=st.integers(0, 70), after=st.sampled_from(["", "a", "新" * 40]))
def test_a_run_is_cut_wherever_it_begins(before: int, marks: int, after: str):
    cut = "\u0301" * min(marks, LONGEST_RUN)
    assert stream_safe("新" * before + "\u0301" * marks + after) == "新" * before + cut + after


def test_a_text_is_cut_before_anything_else():
    assert normalised("e\u0301" * 10, longest=3) == "ée"


@pytest.mark.slow
def test_nothing_else_in_the_package_normalises():
    """There is one place to look at: whatever else normalised could be handed what was not bounded."""
    uses = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("normalize", "is_normalized") and _is_unicodedata(node))
        or (isinstance(node, ast.ImportFrom) and node.module == "unicodedata")
    }
    assert uses == {"outside/text.py"}


def _is_unicodedata(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == "unicodedata"
