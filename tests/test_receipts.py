from __future__ import annotations

import itertools
import re
from datetime import date
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compliance.receipts import code_hash, new_code, new_number, read_code, read_number, same_code

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MESSAGE = UUID("0199a000-0000-7000-8000-000000000001")
NUMBER = new_number("CQ", date(2026, 11, 24), lambda count: b"\x39\x0f\x4a\x5d"[:count])
CODE = new_code(b"key", MESSAGE, 0)

prefixes = st.from_regex(r"[A-Z]{1,6}", fullmatch=True)
randoms = st.binary(min_size=4, max_size=4).map(lambda drawn: lambda _: drawn)
numbers = st.builds(new_number, prefixes, st.dates(min_value=date(1000, 1, 1)), randoms)
codes = st.builds(new_code, st.binary(max_size=40), st.uuids(), st.integers(0, 1000))
noise = st.text(st.sampled_from(" \t\n-‐–—−－　\u00a0\u200b\ufeff.。"), max_size=1)


def test_number_holds_prefix_day_and_random_characters() -> None:
    assert NUMBER == "CQ-20261124-747MMQ-K"


def test_numbers_of_one_day_differ() -> None:
    assert len({new_number("R", date(2026, 11, 24)) for _ in range(1000)}) > 995


@given(number=numbers)
def test_number_reads_as_it_was_written(number: str) -> None:
    assert read_number(number) == number
    assert re.fullmatch(rf"[A-Z]{{1,6}}-[0-9]{{8}}-[{CROCKFORD}]{{6}}-[{CROCKFORD}]", number)


@pytest.mark.parametrize(
    "typed",
    [
        "cq-20261124-747mmq-k",
        "CQ20261124747MMQK",
        " CQ 20261124 747MMQ K\n",
        "CQ-2026-1124-747-MMQ-K",
        "ＣＱ－２０２６１１２４－７４７ＭＭＱ－Ｋ",
        "CQ–20261124—747MMQ−K。",
        "\ufeffCQ-20261124\u200b-747MMQ-K",
        "CQ-2O26ll24-747MMQ-K",
        "CQ-2o26iI24-747MMQ-K",
    ],
)
def test_number_forgives_how_it_is_typed(typed: str) -> None:
    assert read_number(typed) == NUMBER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "CQ",
        NUMBER[:-1],
        NUMBER + "0",
        NUMBER[2:],
        "CQCQCQC" + NUMBER[2:],
        "重庆" + NUMBER[2:],
        NUMBER.replace("2026", "２０２٦"),
        NUMBER.replace("7MMQ", "UMMQ"),
        "\ud800" * 3,
        NUMBER + " " * 100,
        "a" * 1_000_000,
    ],
)
def test_what_is_no_number_reads_as_none(text: str) -> None:
    assert read_number(text) is None


def test_number_of_a_day_that_is_not_in_the_calendar_is_none() -> None:
    found = [f"R-20260230-AAAAAA-{check}" for check in CROCKFORD]
    assert [number for number in found if read_number(number)] == []
    assert len([1 for check in CROCKFORD if read_number(f"R-20260228-AAAAAA-{check}")]) == 1


@given(number=numbers, data=st.data())
def test_one_wrong_character_is_noticed(number: str, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from([place for place, character in enumerate(number) if character != "-"]))
    others = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if place < number.index("-") else CROCKFORD
    wrong = data.draw(st.sampled_from(others.replace(number[place], "")))
    assert read_number(number[:place] + wrong + number[place + 1 :]) is None


@given(number=numbers, data=st.data())
def test_two_characters_that_changed_places_are_noticed(number: str, data: st.DataObject) -> None:
    """Within the prefix and within what follows it: across, a number has another shape."""
    prefix = number.index("-")
    places = [place for place, character in enumerate(number) if character != "-"]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(places, 2)
        if (one < prefix) == (other < prefix) and number[one] != number[other]
    ]
    assume(pairs)
    one, other = data.draw(st.sampled_from(pairs))
    swapped = list(number)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    assert read_number("".join(swapped)) is None


@given(number=numbers)
@example(number=new_number("AR", date(2026, 1, 1)))
def test_first_letter_left_out_is_noticed(number: str) -> None:
    assert read_number(number[1:]) is None


@pytest.mark.parametrize(("prefix", "typed"), [("CO", "C0"), ("CI", "C1"), ("OOI", "001"), ("LU", "lu")])
def test_digits_in_a_prefix_are_the_letters_they_look_like(prefix: str, typed: str) -> None:
    number = new_number(prefix, date(2026, 11, 24))
    assert read_number(number.replace(prefix, typed, 1)) == number


@given(number=numbers, data=st.data())
def test_number_reads_with_anything_between_its_characters(number: str, data: st.DataObject) -> None:
    assert read_number("".join(character + data.draw(noise) for character in number)) == number


@given(text=st.text(max_size=40))
def test_any_text_reads_as_a_number_or_as_none(text: str) -> None:
    number = read_number(text)
    assert number is None or read_number(number) == number


def test_code_is_four_groups_of_four() -> None:
    assert CODE == "HF1J-6F9Q-602F-N31H"


@given(code=codes)
def test_code_has_no_characters_that_look_alike(code: str) -> None:
    assert re.fullmatch(rf"[{CROCKFORD}]{{4}}(-[{CROCKFORD}]{{4}}){{3}}", code)


def test_code_is_the_same_each_time_and_another_for_each_argument() -> None:
    other = UUID("0199a000-0000-7000-8000-000000000002")
    made = [(b"key", MESSAGE, 0), (b"key", MESSAGE, 0), (b"key", MESSAGE, 1), (b"key", other, 0), (b"yek", MESSAGE, 0)]
    codes = [new_code(*arguments) for arguments in made]
    assert codes[0] == codes[1] and len(set(codes)) == 4


@given(code=codes, data=st.data())
def test_code_fits_however_it_is_typed(code: str, data: st.DataObject) -> None:
    swap = data.draw(st.sampled_from(["01", "OI", "Ol", "ol", "oI"]))
    typed = code.translate(str.maketrans("01", swap))
    typed = data.draw(st.sampled_from([typed, typed.lower(), typed.upper(), typed.replace("-", "")]))
    typed = "".join(character + data.draw(noise) for character in typed)[:64]
    assume(sum(character.isalnum() for character in typed) == 16)
    assert same_code(typed, code_hash(code))


@given(code=codes, text=st.text(st.characters()))
def test_any_text_has_a_hash_and_is_not_the_code(code: str, text: str) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", code_hash(text))
    assert not same_code(text, code_hash(code))


@pytest.mark.parametrize("typed", ["", CODE[:-1], CODE + "0", CODE[5:], "\ud800", "é" * 16, "\u0301\u0323" * 1_000_000])
def test_wrong_code_does_not_fit(typed: str) -> None:
    assert not same_code(typed, code_hash(CODE))


@given(st.uuids(), st.integers(0, 3))
def test_code_is_read_as_it_is_written(message: UUID, revision: int):
    code = new_code(b"key", message, revision)
    assert read_code(f" {code.lower().replace('-', ' ')} ") == code
