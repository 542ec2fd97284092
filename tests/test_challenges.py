from __future__ import annotations

import base64
import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.challenges import LARGEST, ChallengeError, Challenges, Proof
from support.examples import examples

NOW = datetime(2020, 2, 29, 15, 59, 59, tzinfo=UTC)  # the machine's clock plays no part
OLD, KEY, NEW = b"o" * 32, b"k" * 32, b"n" * 32


def challenges(*keys: bytes, site: str = "news.example") -> Challenges:
    return Challenges(keys or (KEY,), site=site, cost=1)


def solve(issued: dict[str, Any]) -> dict[str, Any]:
    """Do the widget's work; returns what it sends, before it is encoded."""
    challenge = altcha.Challenge.from_dict(issued)
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_dict()


def encode(payload: Any) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


def solved(maker: Challenges | None = None, form: str = "report", factor: int = 1) -> dict[str, Any]:
    return solve((maker or challenges()).issue(form, factor=factor, now=NOW))


def verify(payload: Any, form: str = "report", *, factor: int = 1, now: datetime = NOW) -> Proof:
    return challenges().verify(encode(payload), form, factor=factor, now=now)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(ChallengeError) as caught:
        call()
    return caught.value.reason


PAYLOAD = solved()  # for the tests that only change it
TICKET = challenges().ticket("report", now=NOW)


# Proofs


@pytest.mark.parametrize("factor", [1, 4, 16])
def test_solved_challenge_is_a_proof(factor: int):
    proof = verify(solved(factor=factor), factor=factor)
    assert proof.expires == NOW + timedelta(minutes=20)
    assert proof.factor == factor
    assert len(bytes.fromhex(proof.signature_hash)) == 32


def test_more_work_than_asked_for_is_enough():
    assert verify(solved(factor=4), factor=1)


def test_less_work_than_asked_for_is_weak():
    assert reason(lambda: verify(PAYLOAD, factor=4)) == "weak"


def test_no_challenge_takes_more_than_twice_the_average_work():
    counters = [solved()["solution"]["counter"] for _ in range(50)]
    assert max(counters) < 2 * 256
    assert len(set(counters)) > 25


@pytest.mark.slow
def test_work_grows_by_the_factor_and_our_own_does_not():
    counters = [solved(factor=16)["solution"]["counter"] for _ in range(20)]
    assert 2 * 256 < max(counters) < 32 * 256
    assert challenges().issue("report", factor=16, now=NOW)["parameters"]["cost"] == 1


@pytest.mark.parametrize("alter", [str.upper, lambda key: key[:-2] + "00", lambda key: key[:32], lambda key: ""])
def test_same_challenge_is_one_proof_however_it_is_written(alter: Callable[[str], str]):
    again = deepcopy(PAYLOAD)
    again["solution"] = {"counter": 7, "derivedKey": alter(PAYLOAD["solution"]["derivedKey"]), "time": 1}
    again["challenge"]["parameters"]["data"]["factor"] = 1.0
    if alter is str.upper:
        assert verify(again) == verify(PAYLOAD)
    else:
        assert reason(lambda: verify(again)) == "wrong"


def test_every_challenge_is_another_proof():
    assert len({verify(solved()).signature_hash for _ in range(20)}) == 20


@pytest.mark.parametrize(("seconds", "taken"), [(0, True), (1199, True), (1200, False), (10**9, False)])
def test_challenge_expires_after_20_minutes(seconds: int, taken: bool):
    later = NOW + timedelta(seconds=seconds)
    if taken:
        assert verify(PAYLOAD, now=later)
    else:
        assert reason(lambda: verify(PAYLOAD, now=later)) == "expired"


def test_proof_for_another_form_is_refused():
    assert reason(lambda: verify(PAYLOAD, "message")) == "form"


def test_proof_for_another_site_is_refused():
    assert reason(lambda: verify(solved(challenges(site="other.example")))) == "form"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("data", "form"), "message"),
        (("data", "site"), "other.example"),
        (("data", "factor"), 4),
        (("data", "expires"), 4102444800),
        (("data",), None),
        (("data",), {}),
        (("expiresAt",), 4102444800),
        (("expiresAt",), None),
        (("expiresAt",), "never"),
        (("cost",), 0),
        (("keyPrefix",), ""),
        (("keyPrefix",), "00"),
        (("keySignature",), None),
        (("keySignature",), "00" * 32),
        (("keyLength",), 0),
        (("algorithm",), "SHA-256"),
        (("nonce",), "00" * 16),
        (("salt",), "00" * 16),
        (("memoryCost",), None),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else repr(value),
)
def test_changed_parameter_is_wrong(path: tuple[str, ...], value: object):
    payload = deepcopy(PAYLOAD)
    target = payload["challenge"]["parameters"]
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    assert reason(lambda: verify(payload)) == "wrong"


@pytest.mark.parametrize("name", ["data", "expiresAt", "keySignature"])
def test_dropped_parameter_is_wrong(name: str):
    payload = deepcopy(PAYLOAD)
    del payload["challenge"]["parameters"][name]
    assert reason(lambda: verify(payload)) == "wrong"


def test_own_challenge_without_a_signature_is_wrong():
    free = altcha.create_challenge("PBKDF2/SHA-256", 1, data={"form": "report"}).to_dict()
    assert reason(lambda: verify(solve(free))) == "wrong"


def test_answer_to_another_challenge_is_wrong():
    assert reason(lambda: verify({**PAYLOAD, "solution": solved()["solution"]})) == "wrong"


def test_first_protocol_is_refused():
    # With a key of ours, even: what is wrong with it is the protocol.
    options = altcha.ChallengeOptionsV1(hmac_key=KEY, max_number=10, params={"form": "report"})
    challenge = altcha.create_challenge_v1(options)
    number = altcha.solve_challenge_v1(challenge).number
    payload = {**challenge.to_dict(), "number": number}
    assert altcha.verify_solution_v1(payload, KEY)[0]
    assert reason(lambda: verify(payload)) == "format"


@pytest.mark.parametrize(
    "text",
    [
        "!",
        "AAA",
        "é" * 10,
        "\ud800",
        "\0",
        base64.b64encode(b"\xff\xfe").decode(),
        base64.b64encode(b"[" * 3000).decode(),
        base64.b64encode(b"9" * 3000).decode(),
        *map(encode, [None, 1, [], "text", {}, {"challenge": {}}, {"challenge": [], "solution": []}]),
        encode({**PAYLOAD, "solution": None}),
        encode({**PAYLOAD, "challenge": "challenge"}),
        encode(PAYLOAD) + "\n",
        "data:," + encode(PAYLOAD),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_payload_that_is_none_is_told_by_its_format(text: str):
    assert reason(lambda: challenges().verify(text, "report", factor=1, now=NOW)) == "format"


@pytest.mark.parametrize("length", [LARGEST + 1, 2_000_000])
def test_large_payload_is_not_decoded(length: int):
    assert reason(lambda: challenges().verify("A" * length, "report", factor=1, now=NOW)) == "size"


def test_largest_payload_is_small_enough():
    long = challenges(site="a" * 253)
    payload = encode(solve(long.issue("personal_information", factor=16, now=NOW)))
    assert len(payload) < LARGEST / 2
    assert long.verify(payload, "personal_information", factor=16, now=NOW)


def test_missing_payload_is_told():
    assert reason(lambda: challenges().verify("", "report", factor=1, now=NOW)) == "missing"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_no_changed_payload_is_taken_and_none_breaks(data: st.DataObject):
    payload = deepcopy(PAYLOAD)
    places = [payload, payload["challenge"], payload["challenge"]["parameters"], payload["solution"]]
    place = data.draw(st.sampled_from([*places, payload["challenge"]["parameters"]["data"]]))
    name = data.draw(st.sampled_from(sorted(place.keys() - {"counter", "time"})))
    # A whole number with a point is the same one: JavaScript knows no other.
    place[name] = data.draw(JSON.filter(lambda value: isinstance(value, bool) or value != place[name]))
    assert reason(lambda: verify(payload)) in {"wrong", "format", "size"}


@given(text=st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()))
def test_no_text_is_taken_and_none_breaks(text: str):
    assert reason(lambda: challenges().verify(text, "report", factor=1, now=NOW)) in {"missing", "format", "wrong"}
    assert reason(lambda: challenges().read_ticket(text, "report", now=NOW)) in {"missing", "wrong"}


@settings(max_examples=examples(30))
@given(
    form=st.text(max_size=20).filter(lambda text: text.isprintable()),
    site=st.text(max_size=20).filter(lambda text: text.isprintable()),
    now=st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
)
def test_what_is_issued_is_taken_at_any_time(form: str, site: str, now: datetime):
    maker = challenges(site=site)
    payload = encode(solve(maker.issue(form, factor=1, now=now)))
    assert maker.verify(payload, form, factor=1, now=now).expires > now
    assert maker.read_ticket(maker.ticket(form, now=now), form, now=now).expires > now


# Keys


def test_old_key_verifies_and_the_newest_signs():
    both, new, old = challenges(NEW, OLD), challenges(NEW), challenges(OLD)
    assert both.verify(encode(solved(old)), "report", factor=1, now=NOW)
    assert new.verify(encode(solved(both)), "report", factor=1, now=NOW)
    assert reason(lambda: old.verify(encode(solved(both)), "report", factor=1, now=NOW)) == "wrong"
    assert both.read_ticket(old.ticket("report", now=NOW), "report", now=NOW)
    assert new.read_ticket(both.ticket("report", now=NOW), "report", now=NOW)
    assert reason(lambda: old.read_ticket(both.ticket("report", now=NOW), "report", now=NOW)) == "wrong"


def test_key_that_signs_the_parameters_does_not_sign_the_answer():
    # Else the signature of parameters that a stranger chose could stand for that of an answer.
    issued = challenges().issue("report", factor=1, now=NOW)
    pairs = challenges()._keys
    assert len({key for pair in pairs for key in pair} | {KEY}) == 3
    assert issued["parameters"]["keySignature"] != issued["signature"]


# Tickets


def test_ticket_reads_back():
    proof = challenges().read_ticket(TICKET, "report", now=NOW)
    assert proof.expires == NOW + timedelta(hours=2)
    assert proof.factor == 0
    assert len(bytes.fromhex(proof.signature_hash)) == 32


@pytest.mark.parametrize(("seconds", "taken"), [(7199, True), (7200, False), (10**9, False)])
def test_ticket_expires_after_two_hours(seconds: int, taken: bool):
    later = NOW + timedelta(seconds=seconds)
    if taken:
        assert challenges().read_ticket(TICKET, "report", now=later)
    else:
        assert reason(lambda: challenges().read_ticket(TICKET, "report", now=later)) == "expired"


def test_every_ticket_is_another():
    hashes = {challenges().read_ticket(challenges().ticket("report", now=NOW), "report", now=NOW) for _ in range(20)}
    assert len(hashes) == 20


def test_ticket_for_another_form_or_site_is_refused():
    assert reason(lambda: challenges().read_ticket(TICKET, "message", now=NOW)) == "form"
    assert reason(lambda: challenges(site="other.example").read_ticket(TICKET, "report", now=NOW)) == "form"


@pytest.mark.parametrize("share", range(25))
def test_changed_ticket_is_wrong(share: int):
    place = share * len(TICKET) // 25  # tickets differ in length
    changed = TICKET[:place] + ("A" if TICKET[place] != "A" else "B") + TICKET[place + 1 :]
    assert reason(lambda: challenges().read_ticket(changed, "report", now=NOW)) == "wrong"


def test_ticket_whose_signature_is_written_in_another_way_is_the_same_ticket():
    proof = challenges().read_ticket(TICKET, "report", now=NOW)
    assert challenges().read_ticket(TICKET + "=!", "report", now=NOW) == proof


@pytest.mark.parametrize("ticket", ["\ud800", "é", ".", "..", "a.b", "\0"], ids=ascii)
def test_ticket_that_is_none_is_wrong(ticket: str):
    assert reason(lambda: challenges().read_ticket(ticket, "report", now=NOW)) == "wrong"


def test_large_ticket_is_not_decoded():
    assert reason(lambda: challenges().read_ticket("A" * 2_000_000, "report", now=NOW)) == "size"


def test_missing_ticket_is_told():
    assert reason(lambda: challenges().read_ticket("", "report", now=NOW)) == "missing"


def test_ticket_is_no_proof_of_work():
    assert reason(lambda: challenges().verify(TICKET, "report", factor=1, now=NOW)) == "format"
    assert reason(lambda: challenges().read_ticket(encode(PAYLOAD), "report", now=NOW)) == "wrong"
