"""How often one source may do what.

Counted together in Redis where the site names one, else in the memory of each process. A source is a network, not a
person: mobile carriers share addresses, so more work is asked for before anything is refused.
"""

from __future__ import annotations

import hmac
import logging
import math
import re
import threading
import time
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NamedTuple, Protocol, TypeVar

from .errors import ComplianceError, Message

log = logging.getLogger("compliance")

MINUTE, HOUR, DAY = 60, 3600, 86400
_TIMEOUT = 0.25  # seconds that a reader waits for Redis, once
_PAUSE = 5.0  # seconds until it is asked again
_MOST = 50_000  # sources that a process remembers for one length of time
_UNIT = 100_000  # bytes: an upload counts once for each that it begins
# Sentinels or the nodes of a cluster; the name is that of the server which sentinels know.
_HOST = r"(?:[^\s@/,:\[\]]+|\[[^\]]*\]):\d{1,5}"
_SEVERAL = re.compile(
    rf"redis(?P<tls>s?)\+(?P<kind>sentinel|cluster)://(?P<hosts>(?:[^\s/]*@)?{_HOST}(?:,{_HOST})*)(?P<name>/[^/]*)?",
    re.IGNORECASE,
)
T = TypeVar("T")


class _Limit(NamedTuple):
    name: str
    amount: int
    seconds: int


# How much more work a submission must prove, and for how many an hour that is enough.
_STEPS = ((1, _Limit("submit1", 5, HOUR)), (4, _Limit("submit4", 5, HOUR)), (16, _Limit("submit16", 5, HOUR)))
_SUBMIT_DAY = _Limit("submit-day", 20, DAY)
_SUBMIT_PAGE = _Limit("submit-page", 3, DAY)
_ALL = "site"  # the label of all sources together
_CHALLENGE = _Limit("challenge", 60, MINUTE)
# One network may be a town behind its carrier's gate, so these are wide; over them a decision counts and is not kept.
_DECIDE_MINUTE = _Limit("decide-minute", 300, MINUTE)
_DECIDE_HOUR = _Limit("decide-hour", 3000, HOUR)
_TRACK_MINUTE = _Limit("track-minute", 10, MINUTE)
_TRACK_HOUR = _Limit("track-hour", 30, HOUR)
_TRACK_RECEIPT = _Limit("track-receipt", 10, HOUR)
_UPLOAD = _Limit("upload", 10, HOUR)
_UPLOAD_SIZE = _Limit("upload-size", 30_000_000 // _UNIT, HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether something may be done now; *retry_after* is in seconds, *factor* is how much more work to ask for."""

    allowed: bool
    retry_after: int = 0
    factor: int = 1
    #: The whole site gets more than it usually does: what comes in now goes into quarantine.
    flooded: bool = False


class _Counter(Protocol):
    """A moving window: what an entry is counted against is exactly the last *expiry* seconds."""

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, unless that would be more than *limit*: in one step, whoever else asks at the same time."""

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the time of the oldest entry that counts, and how many do."""


class Throttle:
    """The limits of one site.

    Args:
        site: submissions of all sources together within an hour; with a fifth of them it is flooded.
        storage: the address of a Redis, of its sentinels or of a cluster; without one, or where it does not answer,
            each process counts by itself.
        key: for the labels of sources.
        pause: seconds until a Redis that did not answer is asked again.

    Raises `ComplianceError` where *storage* is no address of a Redis.
    """

    def __init__(self, *, enabled: bool, site: int, storage: str | None, key: bytes, pause: float = _PAUSE) -> None:
        self._enabled = enabled
        self._site = _Limit("site", site, HOUR)
        self._key = key
        self._memory = _Memory()
        self._shared = _redis(storage, prefix=f"compliance:{self._label('prefix')[:12]}") if storage else None
        self._pause = pause
        self._lock = threading.Lock()
        self._lost = False
        self._again = 0.0

    @property
    def answers(self) -> bool:
        """Whether the storage that is shared answers now; one that there is not need not."""
        if self._shared is not None:
            try:
                self._seen(self._shared())  # of a cluster, which may lack a server, what every submission needs
            except Exception:
                return False
        return True

    def source(self, address: str | None, *, day: date) -> str:
        """Return the label of the network of *address*: an IPv4 /24 or an IPv6 /56, another one every *day*.

        What is no address shares one label, so that hiding it lifts no limit.
        """
        return self._label("source", str(day), network(address))

    def submit(self, source: str, *, page: str | None) -> Verdict:
        """Count a submission that is otherwise valid; it must have proven the verdict's factor.

        *page* is what it is about (its address and category), None where that is nothing.
        """
        return self._decide(lambda counter: self._submit(counter, source, page))

    def challenge(self, source: str) -> Verdict:
        """Count a challenge that is asked for; it is to be made with the verdict's factor."""
        return self._decide(
            lambda counter: _verdict(_take(counter, _CHALLENGE, source), factor=self._look(counter, source))
        )

    def track(self, source: str, number: str) -> Verdict:
        """Count a wrong code for the receipt *number*, whether there is one or not; an empty one was mistyped.

        A right code is not counted and opens in any case: eighty random bits are not found by trying, and who tries
        must lock nobody out.
        """
        receipt = self._label("receipt", source, number)
        return self._decide(
            lambda counter: _verdict(
                _take(counter, _TRACK_MINUTE, source)
                or _take(counter, _TRACK_HOUR, source)
                or (_take(counter, _TRACK_RECEIPT, receipt) if number else 0)
            )
        )

    def decide(self, source: str) -> Verdict:
        """Count a decision about consent."""
        return self._decide(
            lambda counter: _verdict(_take(counter, _DECIDE_MINUTE, source) or _take(counter, _DECIDE_HOUR, source))
        )

    def upload(self, source: str, size: int) -> Verdict:
        """Count an upload of *size* bytes."""
        units = max(1, math.ceil(size / _UNIT))
        return self._decide(
            lambda counter: _verdict(
                _take(counter, _UPLOAD, source) or _take(counter, _UPLOAD_SIZE, source, amount=units)
            )
        )

    def look(self, source: str) -> int:
        """Return the factor that the next submission of *source* will have to prove; counts nothing."""
        return self._decide(lambda counter: Verdict(allowed=True, factor=self._look(counter, source))).factor

    def _submit(self, counter: _Counter, source: str, page: str | None) -> Verdict:
        # Looked at before anything is counted: a flood that others make uses up nobody's share.
        seen = self._seen(counter)
        if seen >= self._site.amount:
            return _verdict(_wait(counter, self._site, _ALL))
        factor = next((factor for factor, step in _STEPS if not _take(counter, step, source)), None)
        if factor is None:
            return _verdict(min(_wait(counter, step, source) for _, step in _STEPS))
        about = [(_SUBMIT_PAGE, self._label("page", source, page))] if page is not None else []
        for limit, label in [(_SUBMIT_DAY, source), *about, (self._site, _ALL)]:
            if wait := _take(counter, limit, label):
                return _verdict(wait)
        return Verdict(allowed=True, factor=self._raised(factor, seen), flooded=self._is_flooded(seen))

    def _look(self, counter: _Counter, source: str) -> int:
        free = (factor for factor, step in _STEPS if _count(counter, step, source) < step.amount)
        return self._raised(next(free, 16), self._seen(counter))

    def _seen(self, counter: _Counter) -> int:
        return _count(counter, self._site, _ALL)

    def _raised(self, factor: int, seen: int) -> int:
        return min(16, 4 * factor) if self._is_flooded(seen) else factor

    def _is_flooded(self, seen: int) -> bool:
        return seen >= self._site.amount // 5

    def _decide(self, ask: Callable[[_Counter], Verdict]) -> Verdict:
        if not self._enabled:
            return Verdict(allowed=True)
        if self._shared is not None and self._due():
            try:
                verdict = ask(self._shared())
            except Exception as error:  # whatever Redis says, a reader is served, and a limit holds
                self._lose(error)
            else:
                self._find()
                return verdict
        return ask(self._memory)

    def _due(self) -> bool:
        """Return whether to ask Redis: always while it answers, else one of us, once a pause is over."""
        with self._lock:
            if self._lost:
                if time.monotonic() < self._again:
                    return False
                self._again = time.monotonic() + self._pause
            return True

    def _lose(self, error: Exception) -> None:
        with self._lock:
            known, self._lost = self._lost, True
            self._again = time.monotonic() + self._pause
        if not known:
            log.warning(
                "limits.storage does not answer (%s): until it does, each process counts by itself",
                type(error).__name__,
            )

    def _find(self) -> None:
        with self._lock:
            known, self._lost = self._lost, False
        if known:
            log.info("limits.storage answers again")

    def _label(self, *parts: str) -> str:
        return hmac.digest(self._key, "\0".join(parts).encode("utf-8", "surrogatepass"), "sha256").hex()[:32]


def network(address: str | None) -> str:
    """Return the network of *address*, an IPv4 /24 or an IPv6 /56, such as `203.0.113.0/24`; nothing for no address."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    return str(ip_network((int(found), 24 if found.version == 4 else 56), strict=False))


def _count(counter: _Counter, limit: _Limit, label: str) -> int:
    return counter.get_moving_window(f"{limit.name}/{label}", limit.amount, limit.seconds)[1]


def _take(counter: _Counter, limit: _Limit, label: str, *, amount: int = 1) -> int:
    """Count *amount*; returns the seconds to wait where that would be too much, and 0 where it was counted."""
    if counter.acquire_entry(f"{limit.name}/{label}", limit.amount, limit.seconds, amount):
        return 0
    return _wait(counter, limit, label)


def _wait(counter: _Counter, limit: _Limit, label: str) -> int:
    oldest, _ = counter.get_moving_window(f"{limit.name}/{label}", limit.amount, limit.seconds)
    return min(limit.seconds, max(1, math.ceil(oldest + limit.seconds - time.time())))


def _verdict(wait: int, *, factor: int = 1) -> Verdict:
    return Verdict(allowed=not wait, retry_after=wait, factor=factor)


def _redis(address: str, *, prefix: str) -> Callable[[], _Counter]:
    """Return what leads to the counts at *address*; a cluster is connected to where it is first asked."""
    from limits.errors import ConfigurationError

    try:
        from limits.storage import RedisClusterStorage, RedisSentinelStorage, RedisStorage
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        options: dict[str, Any] = {
            "socket_connect_timeout": _TIMEOUT,
            "socket_timeout": _TIMEOUT,
            "retry": Retry(NoBackoff(), 0),
        }
        # Valkey speaks Redis' own protocol.
        address = re.sub("^valkey", "redis", address, flags=re.IGNORECASE)
        several = _SEVERAL.fullmatch(address)
        if several and several["tls"]:
            options["ssl"] = True
        if several and several["kind"] == "cluster":
            return cache(
                partial(RedisClusterStorage, f"redis+cluster://{several['hosts']}", key_prefix=prefix, **options)
            )
        shared: _Counter = (
            RedisSentinelStorage(
                f"redis+sentinel://{several['hosts']}{several['name'] or ''}",
                use_replicas=False,
                key_prefix=prefix,
                sentinel_kwargs=options,
                **options,
            )
            if several
            else RedisStorage(address, key_prefix=prefix, **options)
        )
        return lambda: shared
    except (ImportError, ValueError, ConfigurationError) as error:
        # Not the address: it may hold a password.
        raise ComplianceError(
            Message(
                'limits.storage cannot be used: give an address such as "redis://127.0.0.1:6379/0", for sentinels '
                '"redis+sentinel://host1:26379,host2:26379/mymaster", for a cluster '
                '"redis+cluster://host1:6379,host2:6379" (valkey in the place of redis, and rediss for TLS), and '
                "install flask-compliance[redis]"
            )
        ) from (error if isinstance(error, ImportError) else None)


class _Memory:
    """Counts in this process, for at most *most* sources.

    The library's own keeps an entry of each source for good, and walks through all of them after each request.
    """

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        # By length of time: within one, who was counted last also expires last.
        self._kept: defaultdict[int, OrderedDict[str, list[float]]] = defaultdict(OrderedDict)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        with self._lock:
            now, kept = time.time(), self._kept[expiry]
            while kept and (len(kept) > self._most or next(iter(kept.values()))[-1] <= now - expiry):
                kept.popitem(last=False)
            times = _within(kept.get(key, []), now - expiry)
            if len(times) + amount > limit:
                return False
            kept[key] = times + [now] * amount
            kept.move_to_end(key)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        with self._lock:
            now = time.time()
            times = _within(self._kept[expiry].get(key, []), now - expiry)
            return (times[0] if times else now), len(times)


def _within(times: list[float], since: float) -> list[float]:
    return times[bisect_right(times, since) :]
