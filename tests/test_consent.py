from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from compliance.consent import COOKIE, METHODS, Decisions, Record
from compliance.errors import ConsentError

POLICY = "3f2a9c"
NOW = datetime.now(UTC)


def decisions(mode: str = "opt-in", keys: tuple[str, ...] = ("key",), **values: object) -> Decisions:
    return Decisions(
        **{
            "categories": ("necessary", "analytics", "advertising"),
            "mode": mode,
            "lifetime": timedelta(days=365),
            "keys": keys,
            **values,
        }
    )


def header(value: str) -> str:
    return f"{COOKIE}={value}"


def cookie(keys: tuple[str, ...] = ("key",), method: str = "accept") -> str:
    maker = decisions(keys=keys)
    return header(maker.sign(maker.decide(method, (), policy=POLICY, now=NOW)))


def read(cookies: str | None, *, now: datetime = NOW, policy: str = POLICY, **values: object) -> Record | None:
    return decisions(**values).read(cookies, policy=policy, now=now)


@pytest.mark.parametrize(
    ("method", "chosen", "choices", "agreed"),
    [
        ("accept", (), {"analytics": True, "advertising": True}, True),
        ("reject", (), {"analytics": False, "advertising": False}, False),
        ("withdraw", ("analytics",), {"analytics": False, "advertising": False}, False),
        ("custom", ("analytics", "necessary"), {"analytics": True, "advertising": False}, True),
        ("custom", (), {"analytics": False, "advertising": False}, False),
    ],
)
def test_decision_holds_every_optional_category(
    method: str, chosen: tuple[str, ...], choices: dict[str, bool], agreed: bool
) -> None:
    record = decisions().decide(method, chosen, policy=POLICY, now=NOW)
    assert (record.choices, record.given) == (choices, agreed)


@pytest.mark.parametrize("method", [None, "", "Accept", "agree"])
def test_unknown_choice_is_refused(method: str | None) -> None:
    with pytest.raises(ConsentError) as caught:
        decisions().decide(method, (), policy=POLICY, now=NOW)
    assert caught.value.reason == "choice"


def test_unknown_category_is_refused() -> None:
    with pytest.raises(ConsentError) as caught:
        decisions().decide("custom", ("analytics", "weather"), policy=POLICY, now=NOW)
    assert caught.value.reason == "category"


def test_every_decision_has_an_id_of_its_own() -> None:
    ids = {decisions().decide("accept", (), policy=POLICY, now=NOW).id for _ in range(100)}
    assert len(ids) == 100


@given(method=st.sampled_from(METHODS), chosen=st.sets(st.sampled_from(["analytics", "advertising"])))
def test_signed_decision_reads_back(method: str, chosen: set[str]) -> None:
    maker = decisions()
    record = maker.decide(method, chosen, policy=POLICY, now=datetime.now(UTC))
    found = maker.read(header(maker.sign(record)), policy=POLICY, now=datetime.now(UTC))
    assert found is not None
    assert (found.id, found.choices, found.method, found.given) == (record.id, record.choices, method, record.given)
    assert abs(found.time - record.time) < timedelta(seconds=5)


def test_script_reads_the_payload_without_the_key() -> None:
    payload = cookie().partition("=")[2].partition(".")[0]
    plain = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert plain.keys() == {"id", "policy", "choices", "method"}
    assert plain["policy"] == POLICY


def test_cookie_is_signed_as_the_contract_says() -> None:
    signer = {"digest_method": hashlib.sha256}
    serializer = URLSafeTimedSerializer("key", salt="compliance.consent", signer_kwargs=signer)
    assert serializer.loads(cookie().partition("=")[2])["method"] == "accept"


def test_payload_is_never_compressed() -> None:
    maker = decisions(categories=["a" * 30, "b" * 30])
    value = maker.sign(maker.decide("accept", (), policy=POLICY, now=NOW))
    assert not value.startswith(".")


def test_cookie_stays_under_400_bytes() -> None:
    maker = decisions(categories=["functional", "analytics", "advertising", "social"])
    value = maker.sign(maker.decide("withdraw", (), policy="0123456789abcdef", now=NOW))
    assert len(header(value)) < 400


def test_categories_that_no_cookie_holds_are_told_at_start() -> None:
    with pytest.raises(ValueError, match="shorter names"):
        decisions(categories=[f"category-number-{number}" for number in range(20)])


def test_old_key_still_verifies_and_the_newest_signs() -> None:
    assert read(cookie(keys=("old",)), keys=("old", "new"))
    assert read(cookie(keys=("old", "new")), keys=("new",))
    assert read(cookie(keys=("old", "new")), keys=("old",)) is None


def test_cookie_of_another_use_of_the_key_does_not_verify() -> None:
    payload = {"id": "x", "policy": POLICY, "choices": {}, "method": "accept"}
    assert read(header(str(URLSafeTimedSerializer("key", salt="session").dumps(payload)))) is None


def test_stale_decision_counts_as_none() -> None:
    value = cookie()
    assert read(value, now=NOW + timedelta(days=364))
    assert read(value, now=NOW + timedelta(days=366)) is None


def test_decision_on_another_policy_counts_as_none() -> None:
    assert read(cookie(), policy="new") is None


def test_what_is_not_valid_of_several_cookies_counts_for_nothing() -> None:
    assert read(f"{header('stale')}; theme=dark; {cookie()}")


@pytest.mark.parametrize(
    ("methods", "allowed"),
    [
        (("accept", "reject"), set()),
        (("reject", "accept"), set()),
        (("accept", "withdraw", "accept"), set()),
        (("accept", "accept"), {"analytics", "advertising"}),
        (("accept", "analytics"), {"analytics"}),
        (("analytics", "advertising"), set()),
    ],
)
def test_of_several_cookies_the_most_refusing_counts(methods: tuple[str, ...], allowed: set[str]) -> None:
    maker = decisions()
    made = [
        maker.decide(*((name, ()) if name in METHODS else ("custom", (name,))), policy=POLICY, now=NOW)
        for name in methods
    ]
    record = read("; ".join(header(maker.sign(one)) for one in made))
    assert record is not None and {name for name, chosen in record.choices.items() if chosen} == allowed
    # It is the one that allows the least, and stands in the ledger as what counted.
    assert record.id in {
        one.id for one in made if sum(one.choices.values()) == min(sum(x.choices.values()) for x in made)
    }


def test_a_cookie_of_another_site_is_not_owned() -> None:
    ours, theirs = cookie(), cookie(keys=("other",))
    assert decisions().owns(ours) and decisions().owns(f"{ours}; a=b; {ours}")
    assert not any(map(decisions().owns, (theirs, f"{ours}; {theirs}", header("x"), "a=b", "", None)))


def test_oversized_cookie_counts_as_none() -> None:
    maker = decisions()
    record = maker.decide("accept", (), policy=POLICY, now=NOW)
    large = Record(id="x" * 400, policy=POLICY, choices=record.choices, method="accept", time=NOW)
    assert read(header(maker.sign(large))) is None


def test_a_category_added_later_is_asked_about() -> None:
    later = decisions(categories=("analytics", "social"))
    assert later.read(cookie(), policy=POLICY, now=NOW) is None
    assert dict(later.of(cookie(), policy=POLICY, refuses=False, now=NOW).choices) == {
        "analytics": False,
        "social": False,
    }


def test_a_refusal_from_before_a_category_was_there_still_counts() -> None:
    later = decisions("opt-out", categories=("analytics", "social"))
    found = later.of(cookie(method="reject"), policy=POLICY, refuses=False, now=NOW)
    assert (found.given, dict(found.choices)) == (False, {"analytics": False, "social": True})


def test_a_category_dropped_since_asks_nobody_again() -> None:
    record = read(cookie(), categories=("analytics",))
    assert record is not None and dict(record.choices) == {"analytics": True}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("categories", [(), ("analytics",)])
@pytest.mark.parametrize(
    ("before", "after", "counts"),
    [
        ("notice", "opt-in", False),
        ("notice", "opt-out", False),
        ("notice", "notice", True),
        ("opt-in", "notice", True),
        ("opt-in", "opt-out", True),
        ("opt-out", "opt-in", True),
    ],
)
def test_what_was_decided_under_a_notice_is_asked_again_under_another_mode(
    before: str, after: str, counts: bool, categories: tuple[str, ...], method: str
) -> None:
    maker = decisions(before, categories=categories)
    value = header(maker.sign(maker.decide(method, (), policy=POLICY, now=NOW)))
    later = decisions(after, categories=categories)
    assert (later.read(value, policy=POLICY, now=NOW) is not None) is counts
    assert later.read(value, policy=None, now=NOW) is not None


@given(cookies=st.text() | st.text(alphabet=f'{COOKIE}=.;" \\,abc'))
def test_garbled_cookies_count_as_none(cookies: str) -> None:
    assert read(cookies) is None


@given(data=st.data())
def test_any_changed_character_breaks_the_signature(data: st.DataObject) -> None:
    value = _VALID.partition("=")[2]
    place = data.draw(st.integers(0, len(value) - 1))
    other = data.draw(st.sampled_from("abcXYZ019-_.").filter(lambda letter: letter != value[place]))
    changed = value[:place] + other + value[place + 1 :]
    # The last letter of a base64 group holds bits that decoding drops.
    found = read(header(changed))
    assert found is None or found == read(_VALID)


_VALID = cookie()


@pytest.mark.parametrize(
    ("mode", "refuses", "assumed"),
    [
        ("notice", False, True),
        ("notice", True, False),
        ("opt-out", False, True),
        ("opt-out", True, False),
        ("opt-in", False, False),
        ("opt-in", True, False),
    ],
)
def test_mode_decides_for_readers_who_have_not(mode: str, refuses: bool, assumed: bool) -> None:
    consent = decisions(mode).consent(None, refuses=refuses)
    assert (consent.given, consent.policy, consent.record_id) == (False, None, None)
    assert [consent.allows(name) for name in ("necessary", "analytics", "weather")] == [True, assumed, False]


def test_explicit_decision_counts_before_global_privacy_control() -> None:
    consent = decisions().consent(read(_VALID), refuses=True)
    assert consent.given
    assert consent.allows("analytics")


def test_choices_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        decisions().consent(read(_VALID), refuses=False).choices["analytics"] = False  # type: ignore[index]


def test_what_an_earlier_policy_was_refused_for_is_not_assumed_under_the_next() -> None:
    maker = decisions("opt-out")
    earlier = maker.decide("custom", ("analytics",), policy="old", now=NOW)
    allowed = maker.consent(None, refuses=False, earlier=earlier)
    assert (allowed.given, dict(allowed.choices)) == (False, {"analytics": True, "advertising": False})
    assert dict(maker.consent(None, refuses=False).choices) == {"analytics": True, "advertising": True}
