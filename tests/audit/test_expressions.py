"""Expressions that are quick to say no find what plain expressions find."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit import checks
from compliance.audit.expressions import Expression
from compliance.audit.page import Page

EXPRESSIONS = {
    f"{topic.__name__.rpartition('.')[2]}.{name}": value
    for topic in checks._TOPICS
    for name, value in vars(topic).items()
    if isinstance(value, Expression)
}
TEXTS = [
    text
    for file in sorted((Path(__file__).parents[1] / "pages").rglob("*.html"))[::4]
    for page in [Page(file.name, file.read_bytes())]
    for text in (page.text, page.source)
]


def spans(found: object) -> list[tuple[int, int]]:
    return [match.span() for match in found]  # type: ignore[attr-defined]


def plain(expression: Expression) -> re.Pattern[str]:
    # One name may stand in several alternatives, which are tried apart.
    return re.compile(re.sub(r"\(\?P<\w+>", "(", expression.pattern), expression.flags)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expression_of_a_rule_finds_what_it_says(name: str) -> None:
    expression = EXPRESSIONS[name]
    for text in TEXTS:
        match, known = expression.search(text), plain(expression).search(text)
        assert (match and match.start()) == (known and known.start())


@pytest.mark.parametrize(
    ("pattern", "flags"),
    [
        ("ab?c|[xy]z+|(?:a|bc)d", 0),
        ("a{2,3}b|c{0,2}d|e*f|(?!a)b", 0),
        ("(?:ab|c)?d|[^a]b|\\bA", re.IGNORECASE),
        ("作 ?者[:丨|]|(?P<x>a|b)c", re.IGNORECASE),
    ],
)
@given(text=st.text(alphabet="abcdefxyzAB作者 :", max_size=12))
def test_expression_is_a_plain_one_with_less_to_do(pattern: str, flags: int, text: str) -> None:
    expression = Expression(pattern, flags)
    assert spans(expression.finditer(text)) == spans(plain(expression).finditer(text))
