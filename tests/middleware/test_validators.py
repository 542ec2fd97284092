from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.middleware.validators import DECIDED, UNIFORM, WITH_BANNER, Suffix, date, later, opaque

LETTERS = [UNIFORM, WITH_BANNER, DECIDED, f"{WITH_BANNER}0a1b", f"{DECIDED}dbdb"]
TAGS = st.builds(
    lambda weak, text: f'{weak}"{text}"', st.sampled_from(["", "W/"]), st.text("abcdefg-0123456789.", max_size=20)
)


SUFFIX = Suffix("0123456789")


@given(TAGS, st.sampled_from(LETTERS), TAGS)
def test_what_was_added_is_taken_off_again(tag: str, letter: str, other: str) -> None:
    changed = SUFFIX.add(tag, letter)
    assert changed is not None
    tags = f"{other}, {changed}"
    assert SUFFIX.letters(tags) == {letter}
    assert SUFFIX.strip(tags, [letter]) == (f"{other}, {tag}", {opaque(tag): changed})


@given(TAGS, st.sampled_from(LETTERS))
def test_a_letter_for_other_readers_stays(tag: str, letter: str) -> None:
    changed = SUFFIX.add(tag, letter)
    assert changed is not None
    assert SUFFIX.strip(changed, [other for other in LETTERS if other != letter]) == (changed, {})


@pytest.mark.parametrize("tags", ["*", "", "nonsense", '"a', '"x-c9999999999u"', '"x-c0123456789z"'])
def test_other_conditions_stay(tags: str) -> None:
    assert SUFFIX.strip(tags, None) == (tags, {})


@pytest.mark.parametrize("tag", ["broken", "", '"', 'W/"', '"a" "b"', 'w/"x"'])
def test_what_is_no_entity_tag_gets_no_suffix(tag: str) -> None:
    assert SUFFIX.add(tag, "u") is None


@pytest.mark.parametrize("value", [None, "", "yesterday", "Thu, 99 Jan 2015 00:00:00 GMT", "1e999", "0" * 9999])
def test_what_is_no_date_is_none(value: str | None) -> None:
    assert date(value) is None


def test_the_later_date_is_told() -> None:
    changed = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert later("Thu, 01 Jan 2015 00:00:00 GMT", changed) == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert later("Thu, 01 Jan 2027 00:00:00 GMT", changed) == "Thu, 01 Jan 2027 00:00:00 GMT"
    assert later("nonsense", changed) == "nonsense"
