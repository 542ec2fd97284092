"""What scripts did on a page to know its reader again, or to watch one: told apart from what others do innocently."""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from binascii import Error as NoBase64
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from urllib.parse import unquote_to_bytes

from ...outside.hosts import host_of
from ..behaviour import Act, Behaviour
from ..parties import together
from .sightings import MAILBOX, MOVES, TYPED, Place, Sighting
from .traffic import plain

_FINGERPRINTS = {"canvas": Act.CANVAS, "fonts": Act.FONTS, "audio": Act.AUDIO, "webgl": Act.WEBGL}
_SENDING = frozenset({"ping", "xhr", "fetch", "image", "websocket"})
_MOVES = 4  # of those that a reader made, in what is sent
_SHORTEST = 200  # bytes of what nobody can read, and which yet tells something
_LARGEST = 1_000_000  # bytes of what was compressed
_BEGINNING = 6  # letters of what was typed, which no word begins with
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{40,}={0,2}")
_PIECES = 20  # of one body that may be encoded
# A page as recorders write it down: its elements one by one, or its markup.
_DOCUMENT = re.compile(
    rb"\"(?:tagName|childNodes|nodeType|nodeName|tag)\"\s*:|</(?:div|p|body|html|section|main)\s*\\?>", re.IGNORECASE
)
_ELEMENTS = 5
_KEY = re.compile(rb"[\"']?\b(?:key|k|char|code|which)\b[\"']?\s*[:=]\s*[\"']?(?:Key)?([A-Za-z0-9])\b")


def acts(seen: Sighting) -> Iterator[Behaviour]:
    """Yield what scripts did on the page that was *seen*."""
    yield from _fingerprints(seen)
    yield from _recordings(seen)
    yield from _keys(seen)
    yield from _fields(seen)


def _act(seen: Sighting, act: Act, place: Place | None, to: str = "", script: str = "") -> Behaviour:
    return Behaviour(
        act=act,
        script=plain(place.url if place else script or seen.url),
        line=place.line if place else None,
        to=plain(to) if to else "",
        readers=frozenset({seen.reader}),
        first=seen.named,
    )


def _fingerprints(seen: Sighting) -> Iterator[Behaviour]:
    for one in seen.told:
        if act := _FINGERPRINTS.get(one.what):
            place = one.places[0] if one.places else None
            yield _act(seen, act, place, _sent_by(seen, place.url) if place else "")


def _sent_by(seen: Sighting, script: str) -> str:
    """Return where *script* sent something to, nothing where it did not."""
    sent = (one.url for one in seen.traffic.asked if script in one.scripts and one.type in _SENDING)
    return next((url for url in sent if "?" in url), "") or next(
        (one.url for one in seen.traffic.asked if script in one.scripts and one.bodies), ""
    )


def _recordings(seen: Sighting) -> Iterator[Behaviour]:
    listens: dict[str, set[str]] = defaultdict(set)
    watches: dict[str, Place] = {}
    for one in seen.told:
        for place in one.places:
            if one.what == "listens":
                listens[place.url].add(one.more["type"])
            elif one.what == "observes":
                watches.setdefault(place.url, place)
    told: set[tuple[str, str]] = set()
    for asked in seen.traffic.asked:
        by = next((script for script in asked.scripts if script in watches), asked.by)
        everything = by in watches and len(listens[by]) > 1
        for body in asked.bodies:
            forms = list(_forms(body))
            moves = asked.late and any(_moves(form) >= _MOVES for form in forms)
            copied = everything and any(len(_DOCUMENT.findall(form)) >= _ELEMENTS for form in forms)
            # What only the recipient can read is judged by who sends it.
            sealed = everything and "mousemove" in listens[by] and asked.late and _is_sealed(body, forms)
            if (moves or copied or sealed) and (by, asked.url) not in told:
                told.add((by, asked.url))
                yield _act(seen, Act.RECORDING, watches.get(by), asked.url, by)


def _moves(form: bytes) -> int:
    return sum(re.search(rb"\b%d\b\D{1,24}\b%d\b" % move, form) is not None for move in MOVES)


def _is_sealed(body: bytes, forms: list[bytes]) -> bool:
    if len(body) < _SHORTEST or len(forms) > 1:
        return False
    try:
        return not body.decode("utf-8").isprintable()
    except UnicodeDecodeError:
        return True


def _keys(seen: Sighting) -> Iterator[Behaviour]:
    own = host_of(seen.url)
    single: dict[tuple[str, str], list[str]] = defaultdict(list)
    told: set[tuple[str, str]] = set()
    for asked in seen.traffic.asked:
        if together(asked.host, own) or not asked.host:
            continue
        where = (asked.by, plain(asked.url))
        forms = [form for part in (asked.url.encode(), *asked.bodies) for form in _forms(part)]
        if where not in told and any(needle in form for form in forms for needle in _needles()):
            told.add(where)
            yield _act(seen, Act.KEYS, None, asked.url, asked.by or asked.url)
        if asked.late:
            single[where] += [key.decode().lower() for form in forms for key in _KEY.findall(form)]
    for (by, to), keys in single.items():
        if (by, to) not in told and _holds("".join(keys), TYPED[:_BEGINNING]):
            yield _act(seen, Act.KEYS, None, to, by or to)


def _holds(text: str, letters: str) -> bool:
    """Return whether *letters* come one after the other in *text*, whatever is between them."""
    rest = iter(text)
    return all(letter in rest for letter in letters)


@cache
def _needles() -> tuple[bytes, ...]:
    """What was typed, in the forms that it may be sent in; of the text also how it begins."""
    found = [TYPED[:_BEGINNING].encode()]
    for text in (TYPED.encode(), MAILBOX.encode()):
        for made in (hashlib.md5, hashlib.sha1, hashlib.sha256):
            digest = made(text)
            found += [digest.hexdigest().encode(), base64.b64encode(digest.digest()).rstrip(b"=")]
    return tuple(found)


def _fields(seen: Sighting) -> Iterator[Behaviour]:
    own = host_of(seen.url)
    for one in seen.told:
        hosts = [host_of(place.url) for place in one.places]
        # A library of others that the site's own script calls is the site's.
        if one.what == "reads" and hosts and not any(together(host, own) for host in hosts):
            yield _act(seen, Act.FIELDS, one.places[0], _sent_by(seen, one.places[0].url))


def _forms(body: bytes) -> Iterator[bytes]:
    """Yield *body*, and what it is when what may have been done to it is undone."""
    yield body
    if b"%" in body and body.isascii():  # in other bytes it stands for itself
        body = unquote_to_bytes(body.replace(b"+", b" "))
        yield body
    if (inflated := _inflated(body)) is not None:
        yield inflated
    for number, match in enumerate(_BASE64.finditer(body)):
        if number == _PIECES:
            return
        text = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        with suppress(NoBase64, ValueError):
            decoded = base64.b64decode(text + b"=" * (-len(text) % 4))
            yield decoded
            if (inflated := _inflated(decoded)) is not None:
                yield inflated


def _inflated(body: bytes) -> bytes | None:
    """Return what *body* is uncompressed, None where it is no gzip or zlib (RFC 1950, RFC 1952)."""
    if body[:2] != b"\x1f\x8b" and body[:1] != b"\x78":
        return None
    try:
        return zlib.decompressobj(47).decompress(body, _LARGEST)
    except zlib.error:
        return None
