from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.validators import Suffix, date, later, opaque

TAGS = st.builds(
    lambda weak, text: f'{weak}"{text}"', st.sampled_from(["", "W/"]), st.text("abcdefg-0123456789.", max_size=20)
)


@given(TAGS, st.sampled_from("ubd"), TAGS)
def test_what_was_added_is_taken_off_again(tag: str, letter: str, other: str) -> None:
    suffix = Suffix("0123456789")
    changed = suffix.add(tag, letter)
    environ = {"HTTP_IF_NONE_MATCH": f"{other}, {changed}"}
    assert suffix.letter(changed) == letter
    assert suffix.strip(environ, letter)[opaque(tag)] == changed
    assert environ["HTTP_IF_NONE_MATCH"] == f"{other}, {tag}"


@given(TAGS, st.sampled_from("ubd"))
def test_a_letter_for_other_readers_stays(tag: str, letter: str) -> None:
    suffix = Suffix("0123456789")
    environ = {"HTTP_IF_MATCH": suffix.add(tag, letter)}
    assert suffix.strip(environ, "ubd".replace(letter, "")) == {}
    assert environ["HTTP_IF_MATCH"] == suffix.add(tag, letter)


@pytest.mark.parametrize("value", ["*", "", "nonsense", '"a', '"x-c9999999999u"', '"x-c0123456789z"'])
def test_other_conditions_stay(value: str) -> None:
    environ = {"HTTP_IF_NONE_MATCH": value}
    Suffix("0123456789").strip(environ, "ubd")
    assert environ["HTTP_IF_NONE_MATCH"] == value


def test_what_is_no_entity_tag_gets_no_suffix() -> None:
    assert Suffix("0").add("broken", "u") == "broken"


@pytest.mark.parametrize("value", [None, "", "yesterday", "Thu, 99 Jan 2015 00:00:00 GMT", "1e999"])
def test_what_is_no_date_is_none(value: str | None) -> None:
    assert date(value) is None


def test_the_later_date_is_told() -> None:
    changed = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert later("Thu, 01 Jan 2015 00:00:00 GMT", changed) == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert later("Thu, 01 Jan 2027 00:00:00 GMT", changed) == "Thu, 01 Jan 2027 00:00:00 GMT"
    assert later("nonsense", changed) == "nonsense"
