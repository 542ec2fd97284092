"""Telephone numbers: printed as typed, dialled by an address that works."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.telephones import parse, parse_all


@pytest.mark.parametrize(
    ("printed", "uri"),
    [
        ("+86-23-67158993", "tel:+862367158993"),
        ("023-67158993", "tel:+862367158993"),
        ("（023）６７１５８９９３", "tel:+862367158993"),
        ("(+86) 23 6715 8993", "tel:+862367158993"),
        ("0086 23 6715 8993", "tel:+862367158993"),
        ("+86 (0)23 67158993", "tel:+862367158993"),
        ("+86-023-67158993", "tel:+862367158993"),
        ("023–6715–8993", "tel:+862367158993"),
        ("010-12345", "tel:+861012345"),
        ("0851-5555555", "tel:+868515555555"),
        ("13800138000", "tel:+8613800138000"),
        ("+86 138 0013 8000", "tel:+8613800138000"),
        ("12377", "tel:12377"),
        ("12318", "tel:12318"),
        ("110", "tel:110"),
        ("95588", "tel:95588"),
        ("400-810-8888", "tel:4008108888"),
        ("+86 400 810 8888", "tel:4008108888"),
        ("+44 (0)20 7946 0018", "tel:+442079460018"),
        ("+1 (202) 555-0123", "tel:+12025550123"),
        ("+852 2123 4567", "tel:+85221234567"),
    ],
)
def test_number_is_dialled_from_anywhere(printed: str, uri: str):
    assert parse(printed).uri == uri
    assert parse(printed).printed == printed


@pytest.mark.parametrize("extension", ["转3", "转：3", "轉3", " 分机3", " ext. 3", ";ext=3", "x3", "#3", "-3", "转 3"])
@pytest.mark.parametrize("number", ["023-67158993", "+86-23-67158993"])
def test_extension_is_dialled_after_the_number(number: str, extension: str):
    assert parse(number + extension).uri == "tel:+862367158993;ext=3"


def test_space_around_and_within_is_printed_once():
    assert parse("  023  67158993\n").printed == "023 67158993"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "call us",
        "67158993",  # which area?
        "23-67158993",
        "86-23-67158993",
        "023-67158993/67158994",
        "023-67158993 或 023-67158994",
        "+86",
        "+8612377",
        "+86 23 671",
        "+",
        "++86-23-67158993",
        "023-67158993转",
        "+1234567890123456",  # E.164 ends at 15 digits
        "tel:+862367158993",
    ],
)
def test_what_cannot_be_dialled_is_refused(text: str):
    with pytest.raises(ValueError, match="one telephone number"):
        parse(text)


@given(st.one_of(st.text(), st.text(alphabet="+0123456789()- 转x#;ext=.")))
def test_uri_is_well_formed_or_there_is_none(text: str):
    try:
        uri = parse(text).uri
    except ValueError:
        return
    assert re.fullmatch(r"tel:(\+[1-9][0-9]{6,14}|[0-9]{3,6}|[48]00[0-9]{7})(;ext=[0-9]{1,7})?", uri)


AREAS = st.sampled_from(["10", "21", "23", "371", "851", "991"])
GAPS = st.sampled_from(["", "-", " ", "－"])


@given(
    AREAS, st.from_regex("[2-8][0-9]{7}", fullmatch=True), GAPS, GAPS, st.sampled_from(["0", "+86", "0086", "+86(0)"])
)
def test_every_way_to_print_a_fixed_number_dials_the_same(area: str, subscriber: str, gap: str, other: str, lead: str):
    printed = f"{lead}{'' if lead == '0' else gap}{area}{other}{subscriber}"
    assert parse(printed).uri == f"tel:+86{area}{subscriber}"


@pytest.mark.parametrize(
    ("texts", "uris"),
    [
        (["023-67158993/67158994"], ["tel:+862367158993", "tel:+862367158994"]),
        (["023-67158993、010-12345"], ["tel:+862367158993", "tel:+861012345"]),
        (["+86-23-67158993", "12377"], ["tel:+862367158993", "tel:12377"]),
        (["023-67158993；13800000000"], ["tel:+862367158993", "tel:+8613800000000"]),
        (["023-67158993/67158993"], ["tel:+862367158993", "tel:+862367158993"]),
        (["023-67158993"], ["tel:+862367158993"]),
    ],
)
def test_several_numbers_are_each_dialled(texts: list[str], uris: list[str]):
    assert [one.uri for one in parse_all(texts).every] == uris


@pytest.mark.parametrize("texts", [[], [""], ["023-67158993/x"], ["/"], ["67158993/67158994"]])
def test_of_several_numbers_each_has_to_be_one(texts: list[str]):
    with pytest.raises(ValueError, match="telephone number"):
        parse_all(texts)
