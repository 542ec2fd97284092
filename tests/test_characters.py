"""What is invisible, what is Chinese and what is a mailbox is the same wherever it is asked."""

from __future__ import annotations

import re
import unicodedata

import pytest

from compliance.characters import HAN, INVISIBLE, printed, without_invisible
from compliance.licences import parse
from compliance.messages.submission import is_empty
from compliance.outside.mailboxes import mailbox as read
from compliance.settings import load
from compliance.store.search import terms
from compliance.words import Words

NOBODY_SEES = "\u00ad\u034f\u061c\u200b\u200e\u202e\u2060\u3164\ufe0f\ufeff\U000e0041"


@pytest.mark.parametrize("character", NOBODY_SEES)
def test_what_nobody_sees_is_part_of_no_word_no_search_and_no_text(character: str):
    assert Words(["赌博"]).find(f"赌{character}博") == ("赌博",)
    assert terms(f"地{character}铁") == terms("地铁")
    assert is_empty(f" {character}\n")
    assert without_invisible(f"a{character} b") == "a b"


@pytest.mark.slow
def test_no_letter_is_invisible():
    seen = [c for c in map(chr, range(0x110000)) if re.match(f"[{INVISIBLE}]", c) and c.isalpha()]
    assert [unicodedata.name(c) for c in seen] == [
        *("HANGUL CHOSEONG FILLER", "HANGUL JUNGSEONG FILLER", "HANGUL FILLER", "HALFWIDTH HANGUL FILLER"),
    ]


@pytest.mark.slow
def test_every_ideograph_is_han():
    ideographs = (c for c in map(chr, range(0x110000)) if unicodedata.name(c, "").startswith("CJK UNIFIED IDEOGRAPH"))
    assert not [c for c in ideographs if not re.match(f"[{HAN}]", c)]


def test_a_licence_may_begin_with_a_rare_character():
    assert parse("tv_production", "（𠮷）字第00693号").number == "（𠮷）字第00693号"


def test_what_shows_in_print_is_neither_space_nor_filler():
    assert printed(" a\u3000\u2800b\ufeff\n") == "ab"


@pytest.mark.parametrize(
    ("text", "mailbox"),
    [
        ("wang@example.org", True),
        ("first.last+news@mail.example.org", True),
        ("o'neill@example.org", True),
        ("a@b-c.example", True),
        ("a@b", False),
        ("a b@example.org", False),
        ("a@example.org,b@example.org", False),
        ("<a@example.org>", False),
        ("a\u200bb@example.org", False),
        (f"{'a' * 65}@example.org", False),
        (f"a@{'b' * 64}.org", False),
        (f"a@{'b.' * 130}org", False),
    ],
)
def test_a_mailbox_is_the_same_for_a_reader_and_for_the_settings(text: str, mailbox: bool, settings: dict[str, object]):
    assert (read(text) == text) == mailbox
    site = {**settings["site"], "email": text}  # type: ignore[dict-item]
    if mailbox:
        assert load({**settings, "site": site}).site.email == text
    else:
        with pytest.raises(Exception, match=r"site\.email"):
            load({**settings, "site": site})
