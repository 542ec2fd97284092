from __future__ import annotations

import re
import traceback
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compliance.errors import ComplianceError
from compliance.vault import Vault, VaultError

PLACE = {"table": "message", "column": "contact", "row": "0199a000-0000-7000-8000-000000000001"}
VAULT = Vault(["old", b"new"])
CONTACT = "张三 13800000000"
SEALED = VAULT.seal(CONTACT, **PLACE)

texts = st.text(st.characters(), max_size=200)
places = st.fixed_dictionaries(dict.fromkeys(PLACE, st.text(st.characters(), max_size=5)))


def refused(sealed: str, vault: Vault = VAULT, **place: str) -> str:
    with pytest.raises(VaultError) as caught:
        vault.open(sealed, **{**PLACE, **place})
    return caught.value.reason


@given(text=texts, place=places)
@example(text="\ud800", place=PLACE)
def test_what_was_sealed_opens_at_its_place(text: str, place: dict[str, str]) -> None:
    sealed = VAULT.seal(text, **place)
    assert VAULT.open(sealed, **place) == text
    assert re.fullmatch(r"[0-9a-f]{8}\.[A-Za-z0-9_-]{38,}", sealed)


@given(text=texts, one=places, other=places)
@example(text="a", one={"table": "a", "column": "bc", "row": ""}, other={"table": "ab", "column": "c", "row": ""})
@example(text="a", one={"table": "a", "column": "b", "row": ","}, other={"table": "a", "column": "b,", "row": ""})
def test_what_was_sealed_opens_nowhere_else(text: str, one: dict[str, str], other: dict[str, str]) -> None:
    assume(one != other)
    assert refused(VAULT.seal(text, **one), **other) == "broken"


@pytest.mark.parametrize("changed", [{"table": "event"}, {"column": "body"}, {"row": "2"}])
def test_table_column_and_row_are_each_bound(changed: dict[str, str]) -> None:
    assert refused(SEALED, **changed) == "broken"


@given(place=st.integers(9, len(SEALED) - 1), character=st.sampled_from("ABCXYZabcxyz0189-_=+/.\n é\ud800"))
def test_one_changed_character_is_noticed(place: int, character: str) -> None:
    assume(SEALED[place] != character)
    assert refused(SEALED[:place] + character + SEALED[place + 1 :]) == "broken"


@pytest.mark.parametrize("character", ["=", "\n", "A", " ", "\u200b"])
@pytest.mark.parametrize("length", [0, 1, 2])
def test_one_character_more_is_noticed(character: str, length: int) -> None:
    assert refused(VAULT.seal("x" * length, **PLACE) + character) == "broken"


@pytest.mark.parametrize("length", range(9, len(SEALED)))
def test_truncated_text_is_noticed(length: int) -> None:
    assert refused(SEALED[:length]) == "broken"


@given(text=texts)
@example(text="")
@example(text=SEALED[:8])
@example(text=CONTACT)
def test_what_was_never_sealed_is_of_no_key_of_ours(text: str) -> None:
    assume(not VAULT.is_current(text))
    assert refused(text) in {"key", "broken"}


def test_unknown_key_is_told_from_a_broken_text() -> None:
    assert refused(SEALED, Vault(["old"])) == "key"


def test_key_id_of_another_key_opens_nothing() -> None:
    """The id chooses a key and proves nothing."""
    other = Vault(["old"]).seal(CONTACT, **PLACE)
    assert refused(other[:8] + SEALED[8:]) == "broken"


def test_error_names_the_place_and_never_what_is_kept_there() -> None:
    for sealed, vault in [(SEALED, Vault(["old"])), (SEALED[:-1], VAULT), (CONTACT, VAULT)]:
        with pytest.raises(ComplianceError) as caught:
            vault.open(sealed, **PLACE)
        told = "".join(traceback.format_exception(caught.value))
        assert f"message.contact of {PLACE['row']}" in str(caught.value)
        assert not [word for word in (SEALED[9:-1], "张三", "13800000000") if word in told]
        assert caught.value.__cause__ is None


def test_same_text_is_sealed_differently_each_time() -> None:
    assert len({VAULT.seal(CONTACT, **PLACE) for _ in range(100)}) == 100


def test_old_key_opens_and_the_newest_seals() -> None:
    kept = Vault(["old"]).seal(CONTACT, **PLACE)
    assert VAULT.open(kept, **PLACE) == CONTACT
    assert (VAULT.is_current(kept), VAULT.is_current(SEALED), VAULT.is_current("")) == (False, True, False)
    again = VAULT.seal(VAULT.open(kept, **PLACE), **PLACE)
    assert Vault(["new"]).open(again, **PLACE) == CONTACT


def test_key_id_stays_the_same_where_keys_are_added_before_it() -> None:
    assert Vault(["older", "old", "new"]).is_current(SEALED)


def test_text_and_bytes_of_a_key_are_the_same_key() -> None:
    assert Vault(["钥匙"]).key("a") == Vault(["钥匙".encode()]).key("a")


@pytest.mark.parametrize("keys", [[], [""], [b""], ["old", ""], ["", "new"]])
def test_no_key_or_an_empty_one_is_refused(keys: list[Any]) -> None:
    with pytest.raises(ValueError, match="COMPLIANCE_KEYS"):
        Vault(keys)


def test_keys_are_derived_as_published() -> None:
    """A change here would lose everything that sites have sealed."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"compliance.vault.key.receipt").derive(b"new")
    assert VAULT.key("receipt") == derived
    kept = "5ded341e.P-W7T6RXZsnzvDRAyxfjXN3Osdj3qV5E7akk8WpB_FUd2oYDQDzqZ1x93gxjnA"
    assert VAULT.open(kept, **PLACE) == CONTACT
    assert VAULT.digest("contact", CONTACT) == "68e7c98e4d6a094ad265de2b3e7979e050dbeaeab95fcf5ca873d04d2f783016"


def test_each_use_has_its_own_key_and_digest() -> None:
    uses = ["receipt", "label", "", "seal", "key.receipt"]
    assert len({VAULT.key(use) for use in uses}) == len({VAULT.digest(use, "a") for use in uses}) == len(uses)


def test_keys_and_digests_are_newest_first() -> None:
    new, old = Vault(["new"]), Vault(["old"])
    assert VAULT.keys("receipt") == (new.key("receipt"), old.key("receipt"))
    assert VAULT.key("receipt") == new.key("receipt")
    assert VAULT.digests("contact", CONTACT) == (new.digest("contact", CONTACT), old.digest("contact", CONTACT))
    assert VAULT.digest("contact", CONTACT) == new.digest("contact", CONTACT)


@given(one=texts, other=texts)
def test_digest_depends_on_the_text_alone(one: str, other: str) -> None:
    assert (VAULT.digest("contact", one) == VAULT.digest("contact", other)) == (one == other)
    assert re.fullmatch(r"[0-9a-f]{64}", VAULT.digest("contact", one))


def test_vault_does_not_show_its_keys() -> None:
    assert "new" not in repr(VAULT)
