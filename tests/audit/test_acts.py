"""What scripts did, told from what they sent, however it was packed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from urllib.parse import quote

import pytest

from compliance.audit.behaviour import Act
from compliance.audit.browser.acts import acts
from compliance.audit.browser.sightings import MOVES, Place, Sighting, Told
from compliance.audit.browser.traffic import Asked, Traffic
from compliance.audit.readers import Reader

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": lambda text: gzip.compress(text, mtime=0),
    "deflate": zlib.compress,
    "base64": base64.b64encode,
    "form": lambda text: b"data=" + quote(text).encode(),
    "gzip as base64 in a form": lambda text: b"data=" + quote(base64.b64encode(gzip.compress(text, mtime=0))).encode(),
}


@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
@pytest.mark.parametrize("number", range(20))  # compressed, some have bytes that stand for others in forms
def test_moves_of_the_mouse_are_found_in_what_was_sent(packed: Callable[[bytes], bytes], number: int) -> None:
    text = json.dumps([{"visit": number, "x": x, "y": y, "at": number + x} for x, y in MOVES]).encode()
    assert [one.act for one in acts(sent(packed(text)))] == [Act.RECORDING]


@pytest.mark.parametrize("sign", [b"", b"%", b"%41"])
def test_what_nobody_can_read_is_judged_by_who_sends_it(sign: bytes) -> None:
    sealed = sign + hashlib.shake_128(b"sealed").digest(400)
    script = (Place("https://r.test/s.js", 1),)
    watching = [
        Told("observes", script, {}),
        *(Told("listens", script, {"type": one}) for one in ("mousemove", "scroll")),
    ]
    assert [one.act for one in acts(sent(sealed, watching))] == [Act.RECORDING]
    assert [one.act for one in acts(sent(sealed))] == []


def sent(body: bytes, told: Sequence[Told] = ()) -> Sighting:
    """A page on which a script sent *body* after its reader had moved the mouse."""
    traffic = Traffic()
    traffic.asked.append(Asked(url="https://r.test/c", type="ping", by="https://r.test/s.js", bodies=[body], late=True))
    return Sighting(named="/", url="https://www.test/", reader=Reader.UNDECIDED, profile=0, traffic=traffic, told=told)
