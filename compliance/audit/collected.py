"""What the pages of a site and the browsers of its readers showed of recipients, of what is kept, and of scripts."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from urllib.parse import parse_qsl, urlsplit

from ..outside.hosts import host_of, is_under
from ..page.trackers.catalogue import NECESSARY
from .behaviour import Act, Behaviour
from .browser.acts import acts
from .browser.caches import Answer
from .browser.sightings import Item, Sighting
from .browser.traffic import Asked, plain
from .checks.trackers import setter
from .loaded import is_optional
from .parties import together
from .readers import Reader
from .recipients import MOST, Conduct, Recipient
from .serving import Door
from .shapes import LONGEST, identifiers, shape_of
from .site import Context, SiteFacts
from .stored import Shape, Store, Stored

_HOSTS = 1_000  # recipients, things kept and acts that are told apart
_KEYS = 20_000  # values that are compared between readers
_LONG = 86_400  # seconds: what is kept for less knows nobody again
_SUSPECTS = 20  # files that are asked for again
_SMALL = 128  # bytes of an answer that says nothing
_TELLING = 3  # parameters of an address that tells something
_WRITTEN = ("", "hint", "held", "loads")  # by how soon
# Cookies by which a balancer finds the server that a reader was sent to before, or a wall knows that it let one in.
_INFRASTRUCTURE = (
    *("AWSALB*", "BIGipServer*", "HWWAFSES*", "ROUTEID", "SERVERID", "TS01*", "__cf_bm", "acw_tc", "aliyungf_tc"),
    *("cf_clearance", "incap_ses_*", "nlbi_*", "visid_incap_*"),
)
_CONDUCTS = {
    Act.CANVAS: Conduct.FINGERPRINT,
    Act.FONTS: Conduct.FINGERPRINT,
    Act.AUDIO: Conduct.FINGERPRINT,
    Act.WEBGL: Conduct.FINGERPRINT,
    Act.RECORDING: Conduct.RECORDING,
    Act.KEYS: Conduct.KEYS,
    Act.CACHE: Conduct.CACHE,
}


class _Values:
    """Which readers met which values under a key, as hashes that nobody else can make."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(16)
        self._met: dict[Hashable, dict[int, Counter[bytes]]] = {}

    def add(self, key: Hashable, profile: int, value: str) -> None:
        """Note that the reader with *profile* met *value*."""
        if key in self._met or len(self._met) < _KEYS:
            digest = hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8, key=self._salt).digest()
            self._met.setdefault(key, defaultdict(Counter))[profile][digest] += 1

    def distinct(self, key: Hashable) -> bool | None:
        """Return whether every reader met another value, None where there was one reader."""
        met = self._met.get(key, {})
        if len(met) < 2:
            return None
        values = [value for one in met.values() for value in one]
        return len(set(values)) == len(values)

    def steady(self, key: Hashable) -> bool:
        """Return whether a reader met the value again, and none met another."""
        met = self._met.get(key, {}).values()
        return all(len(one) == 1 for one in met) and any(one.total() > 1 for one in met)


@dataclass(frozen=True, slots=True)
class _Met:
    """Where something was met, and by whom."""

    named: str
    url: str
    reader: Reader


@dataclass(slots=True)
class _Host:
    """What is known of a host so far."""

    recipient: Recipient
    last: str
    identifiers: dict[Hashable, str] = field(default_factory=dict)  # parameters to be judged, with their names
    cookies: set[tuple[str, str]] = field(default_factory=set)


class Collected:
    """Everything that was seen of a site that *context* knows, in bounded memory."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._hosts: dict[str, _Host] = {}
        self._stored: dict[tuple[Store, str, str], Stored] = {}
        self._acts: dict[tuple[Act, str, str], Behaviour] = {}
        self._values = _Values()
        self._last: dict[Hashable, str] = {}
        self._tags: dict[tuple[str, str], _Met] = {}
        self._kept: dict[str, _Met] = {}

        #: Leads back from the addresses that a browser opens to those of the site.
        self.door = Door()

    def add(self, seen: Sighting) -> None:
        """Take in what a reader met on a page."""
        own = host_of(seen.url)
        tokens = {token for item in seen.items for token in identifiers(item.value)}
        for asked in seen.traffic.asked:
            if asked.host and not together(asked.host, own):
                self._ask(asked, seen, own, tokens)
            if asked.type != "document":
                self._look(asked, seen, own)
        setters = {
            (one.more["store"], one.more["name"]): one.places[0]
            for one in seen.told
            if one.what == "store" and one.places
        }
        for item in seen.items:
            place = setters.get((item.store.value, item.name))
            self._keep(item, seen, own, (plain(place.url), place.line) if place else ("", None))
        for behaviour in acts(seen):
            self._act(behaviour, seen)

    # As records

    def recipients(self, site: SiteFacts) -> tuple[Recipient, ...]:
        """Return every host, those of the markup of *site* among them, by its name."""
        hosts = {host: one.recipient for host, one in self._hosts.items()}
        for value, seen in site.values("load").items():
            host, tag, how = value.split("\t")
            before = hosts.get(host)
            if before is None and len(hosts) >= _HOSTS:
                continue
            known = before or Recipient(host=host, pages=0, first=seen.pages[0])
            hosts[host] = replace(
                known,
                written=max(known.written, how, key=_WRITTEN.index),
                types=_more(known.types, tag) if not known.readers else known.types,
                pages=max(known.pages, seen.count),
            )
        return tuple(self._described(hosts[host], site) for host in sorted(hosts))

    def stored(self, site: SiteFacts) -> tuple[Stored, ...]:
        """Return what is kept, by store, host and name."""
        told = site.values("cookie named") if site.values("cookies named") else None
        settings = self._context.settings
        declared = {one.name for one in settings.consent.cookies} if settings else set[str]()
        found = []
        for key, one in sorted(self._stored.items()):
            tracker = setter(self._context.catalogue, one.name)
            found.append(
                replace(
                    one,
                    host=self.door.host(one.host),
                    setter=self.door.named(one.setter),
                    distinct=self._values.distinct(key),
                    provider=tracker.provider if tracker else {},
                    category=tracker.category if tracker else None,
                    named=None if told is None else _is_told(one.name, told),
                    declared=_is_told(one.name, declared),
                )
            )
        return tuple(found)

    def behaviours(self) -> tuple[Behaviour, ...]:
        """Return what scripts did, by act and script."""
        named = self.door.named
        return tuple(replace(one, script=named(one.script), to=named(one.to)) for _, one in sorted(self._acts.items()))

    def suspects(self) -> tuple[str, ...]:
        """Return the addresses of files that came with another mark for every reader, or are kept for long."""
        marked = [key[1] for key in self._tags if self._values.distinct(key)]
        return tuple(dict.fromkeys((*marked, *self._kept)))[:_SUSPECTS]

    def mark(self, url: str) -> None:
        """Note that the file at *url* is another for everybody who asks for it."""
        seen = self._kept.get(url) or next(one for key, one in self._tags.items() if key[1] == url)
        self._act(Behaviour(act=Act.CACHE, script=plain(url), readers=frozenset({seen.reader}), first=seen.named), seen)

    # Piece by piece

    def _ask(self, asked: Asked, seen: Sighting, own: str, tokens: set[str]) -> None:
        host = self._hosts.get(asked.host)
        if host is None:
            if len(self._hosts) >= _HOSTS:
                return
            recipient = Recipient(host=asked.host, through=seen.traffic.chain(asked), first=seen.named)
            host = self._hosts[asked.host] = _Host(recipient, seen.named)
        one = host.recipient
        names = list[str]()
        for name, value in parse_qsl(urlsplit(asked.url).query, max_num_fields=500):
            if any(token in value for token in tokens):
                names.append(name)
            elif shape_of(value) is Shape.IDENTIFIER:
                key = ("parameter", asked.host, urlsplit(asked.url).path, name)
                self._values.add(key, seen.profile, value)
                if len(host.identifiers) < MOST:
                    host.identifiers[key] = name
        is_beacon = _is_beacon(asked, own, bool(names))
        conduct = set(one.conduct)
        if names or any(token.encode() in body for token in tokens for body in asked.bodies):
            conduct.add(Conduct.IDENTIFIER)
        if is_beacon:
            conduct.add(Conduct.BEACON)
        tracker = self._context.catalogue.match(asked.url, own)
        if tracker is not None and tracker.category != NECESSARY and not one.provider:
            one = replace(one, provider=tracker.provider, category=tracker.category, country=tracker.country)
        host.recipient = replace(
            one,
            readers=one.readers | {seen.reader},
            types=_more(one.types, asked.type),
            cookies=_more(one.cookies, *sorted(asked.sent)),
            identifiers=_more(one.identifiers, *names),
            beacons=_more(one.beacons, *([plain(asked.url)] if is_beacon else ())),
            conduct=frozenset(conduct),
            pages=one.pages + (host.last != seen.named),
        )
        host.last = seen.named

    def _look(self, asked: Asked, seen: Sighting, own: str) -> None:
        """Note the mark of a file, which comes back when the browser asks for it again."""
        met = _Met(seen.named, seen.url, seen.reader)
        for name in ("etag", "last-modified"):
            if len(self._tags) < _HOSTS and (mark := asked.headers.get(name)):
                self._tags.setdefault((name, asked.url), met)
                self._values.add((name, asked.url), seen.profile, mark)
        lasts = Answer(asked.headers, b"").lasts
        # A list knows what its scripts do; one that is the same for all is kept by its name.
        if asked.type == "script" and lasts and len(self._kept) < _SUSPECTS and not together(asked.host, own):
            self._kept.setdefault(asked.url, met)

    def _keep(self, item: Item, seen: Sighting, own: str, place: tuple[str, int | None]) -> None:
        key = (item.store, item.host, item.name)
        third = not together(item.host, own)
        self._values.add(key, seen.profile, item.value)
        before = self._stored.get(key)
        if before is None and len(self._stored) >= _HOSTS:
            return
        setter_, line = (plain(item.setter), None) if item.header else place
        shape = shape_of(item.value[:LONGEST], item.name)
        if before is None:
            before = Stored(
                store=item.store,
                name=item.name,
                host=item.host,
                third=third,
                lifetime=_rounded(item.lifetime),
                flags=item.flags,
                setter=setter_,
                line=line,
                header=item.header,
                shape=shape,
                refused=item.refused,
                first=seen.named,
            )
            self._last[key] = seen.named
        self._stored[key] = replace(
            before,
            setter=before.setter or setter_,
            line=before.line if before.setter else line,
            header=before.header or (item.header and not before.setter),
            shape=Shape.IDENTIFIER if Shape.IDENTIFIER in (shape, before.shape) else before.shape,
            readers=before.readers | {seen.reader},
            pages=before.pages + (self._last[key] != seen.named),
        )
        self._last[key] = seen.named
        if item.store is Store.COOKIE and item.header and third and (host := self._hosts.get(host_of(item.setter))):
            host.recipient = replace(host.recipient, cookies=_more(host.recipient.cookies, item.name))
            host.cookies.add((item.host, item.name))

    def _act(self, behaviour: Behaviour, seen: Sighting | _Met) -> None:
        key = (behaviour.act, behaviour.script, behaviour.to)
        tracker = self._context.catalogue.match(behaviour.script, host_of(seen.url))
        if behaviour.act is Act.FIELDS and tracker is not None and not is_optional(tracker):
            return  # a library that checks what is typed, from where many sites have theirs
        before = self._acts.get(key)
        if before is None:
            if len(self._acts) < _HOSTS:
                self._acts[key] = behaviour
        else:
            new = self._last.get(key) != seen.named
            self._acts[key] = replace(before, readers=before.readers | behaviour.readers, pages=before.pages + new)
        self._last[key] = seen.named

    def _described(self, one: Recipient, site: SiteFacts) -> Recipient:
        """Return *one* with what is known at the end."""
        known = self._hosts.get(one.host)
        conduct = set(one.conduct)
        names = list[str]()
        if known is not None:
            names = [
                name
                for key, name in known.identifiers.items()
                if self._values.distinct(key) and self._values.steady(key)
            ]
            conduct |= {Conduct.IDENTIFIER} if names else set()
            for domain, name in known.cookies:
                stored = self._stored[Store.COOKIE, domain, name]
                lasting = stored.lifetime is not None and stored.lifetime >= _LONG
                distinct = self._values.distinct((Store.COOKIE, domain, name)) is not False
                if lasting and distinct and stored.shape is Shape.IDENTIFIER and not _is_told(name, _INFRASTRUCTURE):
                    conduct.add(Conduct.COOKIE)
        for behaviour in self._acts.values():
            if behaviour.act in _CONDUCTS and one.host in (host_of(behaviour.to), host_of(behaviour.script)):
                watched = behaviour.act not in (Act.RECORDING, Act.KEYS) or one.host == host_of(behaviour.to)
                conduct |= {_CONDUCTS[behaviour.act]} if watched else set()
        if not one.provider and (tracker := self._context.catalogue.match(f"https://{one.host}/")):
            one = replace(one, provider=tracker.provider, category=tracker.category, country=tracker.country)
        named = None
        if site.values("policy"):
            english = one.provider.get("en", "")
            named = bool(english and english in site.values("recipient named")) or any(
                is_under(one.host, [host]) for host in site.values("host named")
            )
        return replace(
            one,
            through=tuple(map(self.door.named, one.through)),
            identifiers=_more(one.identifiers, *names),
            conduct=frozenset(conduct),
            named=named,
            declared=any(is_under(one.host, [tracker.host]) for tracker in self._context.catalogue.own),
        )


def _is_beacon(asked: Asked, own: str, identified: bool) -> bool:
    """Return whether *asked* tells its host something, and wants nothing back."""
    if asked.type in ("ping", "cspviolationreport"):
        return True
    # One that is not answered yet is none that the page waits for.
    nothing = asked.status in (0, 204) or int(_digits(asked.headers.get("content-length", ""))) <= _SMALL
    if asked.type in ("xhr", "fetch"):
        return bool(asked.bodies) and nothing
    query = urlsplit(asked.url).query
    tells = identified or own in query or query.count("=") >= _TELLING
    return asked.type == "image" and nothing and tells


def _digits(text: str) -> str:
    return text if text.isdigit() else str(_SMALL + 1)


def _more(known: tuple[str, ...], *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *names)))[:MOST]


def _is_told(name: str, told: Iterable[str]) -> bool:
    return any(name == one or ("*" in one and fnmatchcase(name, one)) for one in told)


def _rounded(seconds: int | None) -> int | None:
    """Return *seconds* without what differs from one look to the next."""
    if seconds is None:
        return None
    step = 3_600 if seconds > 2 * _LONG else 60 if seconds > 3_600 else 10
    return round(seconds / step) * step
