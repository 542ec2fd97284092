from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from limits.storage import RedisStorage
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from compliance import throttle
from compliance.errors import ComplianceError
from compliance.throttle import Throttle, Verdict
from support.proxy import Proxy

REDIS = os.environ.get("COMPLIANCE_TEST_REDIS", "redis://127.0.0.1:6379/0")
DAY = date(2026, 11, 24)
REFUSED = 0


def limits(storage: str | None = None, *, key: bytes = b"", **values: object) -> Throttle:
    """Limits that share nothing with those of another test, unless *key* is theirs."""
    made = Throttle(
        **{"enabled": True, "site": 3000, "storage": storage, "key": key or secrets.token_bytes(32), **values}
    )
    if storage:
        PREFIXES.append(f"compliance:{made._label('prefix')[:12]}")
    return made


PREFIXES: list[str] = []


@pytest.fixture(autouse=True)
def redis_left_as_it_was() -> Iterator[None]:
    """What a test counted would stay for a day."""
    yield
    with redis.from_url(REDIS) as client:
        for prefix in PREFIXES:
            if keys := client.keys(f"{prefix}:*"):
                client.delete(*keys)
    PREFIXES.clear()


@pytest.fixture(params=[None, REDIS], ids=["memory", "redis"])
def counted(request: pytest.FixtureRequest) -> Throttle:
    return limits(request.param)


def factors(throttle: Throttle, times: int, source: str = "a") -> list[int]:
    """The factors that *times* submissions of a source must prove."""
    verdicts = [throttle.submit(source, page=None) for _ in range(times)]
    return [verdict.factor if verdict.allowed else REFUSED for verdict in verdicts]


def allowed(ask: Callable[[], Verdict], times: int) -> int:
    """How many of *times* were allowed before the first that was not; none may be after it."""
    verdicts = [ask().allowed for _ in range(times)]
    assert verdicts == sorted(verdicts, reverse=True)
    return sum(verdicts)


# Submissions


def test_work_goes_up_before_anything_is_refused(counted: Throttle):
    assert factors(counted, 17) == [1] * 5 + [4] * 5 + [16] * 5 + [REFUSED] * 2
    assert factors(counted, 1, source="b") == [1]


def test_look_tells_what_the_next_submission_must_prove(counted: Throttle):
    for _ in range(15):
        expected = counted.look("a")
        assert counted.look("a") == expected
        assert counted.submit("a", page=None).factor == expected
    assert counted.look("a") == 16


def test_refused_submission_is_told_when_to_come_back(counted: Throttle):
    factors(counted, 15)
    verdict = counted.submit("a", page=None)
    assert not verdict.allowed
    assert 3590 <= verdict.retry_after <= 3600


def test_page_may_be_reported_three_times_a_day(counted: Throttle):
    assert allowed(lambda: counted.submit("a", page="https://news.example/1 fraud"), 5) == 3
    assert counted.submit("a", page="https://news.example/2 fraud").allowed
    assert counted.submit("b", page="https://news.example/1 fraud").allowed


@pytest.mark.slow
def test_flood_asks_everybody_for_more_work(counted: Throttle):
    verdicts = [counted.submit(f"s{number}", page=None) for number in range(601)]
    assert all(verdict.allowed and verdict.factor == 1 and not verdict.flooded for verdict in verdicts[:-1])
    assert verdicts[-1] == Verdict(allowed=True, factor=4, flooded=True)
    assert factors(counted, 11, source="a") == [4] * 5 + [16] * 6
    assert counted.look("new") == 4
    assert counted.challenge("new").factor == 4


@pytest.mark.parametrize("site", [10, 50])
def test_flood_begins_and_ends_where_the_settings_say(site: int):
    counted = limits(site=site)
    verdicts = [counted.submit(f"s{number}", page=None) for number in range(site)]
    assert [verdict.flooded for verdict in verdicts] == [number >= site // 5 for number in range(site)]
    assert not counted.submit("late", page=None).allowed


def test_flood_has_an_end_and_uses_up_nobodys_share():
    key = secrets.token_bytes(32)
    counted, wider = limits(REDIS, key=key, site=10), limits(REDIS, key=key)
    for number in range(10):
        counted.submit(f"s{number}", page=None)
    refused = [counted.submit("a", page="page") for _ in range(20)]
    assert not any(verdict.allowed for verdict in refused)
    assert 3590 <= refused[0].retry_after <= 3600
    assert factors(wider, 1) == [1]


def test_refused_submissions_do_not_fill_the_site():
    counted = limits(site=20)
    assert [counted.submit("a", page=None).allowed for _ in range(100)].count(False) == 85
    assert counted.submit("b", page=None).allowed


@pytest.mark.slow
def test_no_two_submissions_take_one_place(counted: Throttle):
    with ThreadPoolExecutor(16) as pool:
        verdicts = list(pool.map(lambda _: counted.submit("a", page=None), range(64)))
    found = Counter(verdict.factor if verdict.allowed else REFUSED for verdict in verdicts)
    assert found == {1: 5, 4: 5, 16: 5, REFUSED: 49}


# The rest


def test_challenges_are_60_a_minute(counted: Throttle):
    assert allowed(lambda: counted.challenge("a"), 65) == 60
    assert 50 <= counted.challenge("a").retry_after <= 60
    assert counted.challenge("b").allowed


def test_challenge_is_to_be_made_with_the_factor_of_the_next_submission(counted: Throttle):
    assert counted.challenge("a").factor == 1
    factors(counted, 5)
    assert counted.challenge("a").factor == 4


def test_tracking_is_10_a_minute(counted: Throttle):
    assert sum(counted.track("a", f"CQ-{number}").allowed for number in range(12)) == 10
    assert counted.track("b", "CQ-0").allowed


def test_tracking_is_30_an_hour(counted: Throttle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "_TRACK_MINUTE", throttle._TRACK_MINUTE._replace(amount=100))
    assert sum(counted.track("a", f"CQ-{number}").allowed for number in range(35)) == 30


def test_receipt_is_guessed_10_times_an_hour_by_one_source(counted: Throttle, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(throttle, "_TRACK_MINUTE", throttle._TRACK_MINUTE._replace(amount=100))
    assert allowed(lambda: counted.track("a", "CQ-1"), 15) == 10
    assert 3590 <= counted.track("a", "CQ-1").retry_after <= 3600
    assert counted.track("b", "CQ-1").allowed
    assert counted.track("a", "CQ-2").allowed


def test_mistyped_numbers_are_counted_by_source_alone(counted: Throttle):
    sources = iter(f"s{number}" for number in range(100))
    assert allowed(lambda: counted.track(next(sources), ""), 50) == 50
    assert allowed(lambda: counted.track("a", ""), 15) == 10


def test_refused_guesses_lock_no_receipt(counted: Throttle):
    for _ in range(50):
        counted.track("a", "CQ-2")
    for _ in range(50):
        counted.track("a", "CQ-1")
    assert counted.track("b", "CQ-1").allowed


def test_uploads_are_10_an_hour(counted: Throttle):
    assert allowed(lambda: counted.upload("a", 1), 12) == 10


def test_uploads_are_30_megabytes_an_hour(counted: Throttle):
    assert allowed(lambda: counted.upload("a", 5_000_000), 8) == 6
    assert not counted.upload("a", 1_000_000).allowed


@pytest.mark.parametrize("size", [0, -1])
def test_upload_of_nothing_counts_as_one(counted: Throttle, size: int):
    assert allowed(lambda: counted.upload("a", size), 12) == 10


def test_upload_that_is_too_large_for_any_hour_is_refused(counted: Throttle):
    verdict = counted.upload("a", 10**12)
    assert not verdict.allowed
    assert 0 < verdict.retry_after <= 3600


def test_switched_off_there_is_no_limit():
    off = limits(enabled=False)
    assert set(factors(off, 100)) == {1}
    assert off.look("a") == 1
    assert off.upload("a", 10**12) == Verdict(allowed=True)


def age(made: Throttle, seconds: float) -> None:
    """Make everything that was counted so much older."""
    for kept in made._memory._kept.values():
        for key, times in kept.items():
            kept[key] = [then - seconds for then in times]
    if made._shared:
        with redis.from_url(REDIS) as client:
            for key in client.scan_iter(f"{made._shared().key_prefix}:*"):
                times = [float(then) - seconds for then in client.lrange(key, 0, -1)]
                client.delete(key)
                client.rpush(key, *times)
                client.expire(key, 60)


def test_hour_ends_for_each_submission_by_itself(counted: Throttle):
    assert factors(counted, 3) == [1] * 3
    age(counted, 3000)
    assert factors(counted, 3) == [1, 1, 4]
    age(counted, 599)
    assert counted.look("a") == 4
    age(counted, 2)
    assert counted.look("a") == 1
    assert factors(counted, 4) == [1] * 3 + [4]


def test_time_to_come_back_is_told_by_the_oldest_that_counts(counted: Throttle):
    factors(counted, 10)
    age(counted, 3000)
    factors(counted, 5)
    assert 590 <= counted.submit("a", page=None).retry_after <= 600
    age(counted, 601)
    assert counted.submit("a", page=None).allowed


def test_day_is_longer_than_four_good_hours(counted: Throttle):
    for _ in range(4):
        assert factors(counted, 5) == [1] * 5
        age(counted, 3601)
    assert 86400 - 4 * 3601 - 10 <= counted.submit("a", page=None).retry_after <= 86400 - 4 * 3601
    age(counted, 86400 - 4 * 3601)
    assert counted.submit("a", page=None).allowed


def test_minute_ends(counted: Throttle):
    assert allowed(lambda: counted.challenge("a"), 61) == 60
    age(counted, 61)
    assert counted.challenge("a").allowed


# Sources


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:200::1", "2001:db8:1:2ff:ffff::1", True),
        ("2001:db8:1:200::1", "2001:db8:1:300::1", False),
        ("::ffff:192.0.2.7", "192.0.2.1", True),
        ("::ffff:192.0.2.7", "::ffff:198.51.100.7", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("0.0.0.1", "::1", False),
        (None, "", True),
        (None, "unix:", True),
        (None, "192.0.2.1, 198.51.100.1", True),
        (None, "0.0.0.0", False),
    ],
)
def test_source_is_a_network(one: str | None, other: str | None, same: bool):
    made = limits()
    assert (made.source(one, day=DAY) == made.source(other, day=DAY)) is same


def test_label_changes_every_day_and_with_the_key():
    one, other = limits(key=b"a" * 32), limits(key=b"b" * 32)
    labels = {made.source("192.0.2.1", day=day) for made in (one, other) for day in (DAY, date(2026, 11, 25))}
    assert len(labels) == 4
    assert one.source("192.0.2.1", day=DAY) == limits(key=b"a" * 32).source("192.0.2.1", day=DAY)


@given(address=st.text() | st.ip_addresses().map(str))
def test_label_says_nothing_of_the_address(address: str):
    label = limits(key=b"a" * 32).source(address, day=DAY)
    assert len(bytes.fromhex(label)) == 16


# Redis


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    address = urlsplit(REDIS)
    with Proxy(address.hostname or "127.0.0.1", address.port or 6379) as proxy:
        yield proxy


def through(proxy: Proxy) -> str:
    return f"redis://127.0.0.1:{proxy.port}{urlsplit(REDIS).path}"


def test_servers_count_together_in_redis():
    key = secrets.token_bytes(32)
    one, other = limits(REDIS, key=key), limits(REDIS, key=key)
    assert factors(one, 3) + factors(other, 3) == [1] * 5 + [4]


def test_sites_on_one_redis_do_not_count_together():
    one, other = limits(REDIS), limits(REDIS)
    factors(one, 5)
    assert other.look("a") == 1


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_redis_that_goes_away_leaves_the_limits_of_each_process(
    proxy: Proxy, fault: str, caplog: pytest.LogCaptureFixture
):
    made = limits(through(proxy), pause=60.0)
    assert factors(made, 3) == [1] * 3
    getattr(proxy, fault)()
    started = time.monotonic()
    assert factors(made, 17) == [1] * 5 + [4] * 5 + [16] * 5 + [REFUSED] * 2
    assert sum(made.challenge("a").allowed for _ in range(100)) == 60
    assert sum(made.track("a", f"CQ-{number}").allowed for number in range(100)) == 10
    assert made.upload("a", 1).allowed
    # Each of 218 attempts would take a quarter of a second.
    assert time.monotonic() - started < 2
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(proxy.port) not in record.getMessage()
    assert "127.0.0.1" not in record.getMessage()


def test_redis_that_went_away_is_not_asked_for_each_request(proxy: Proxy):
    made = limits(through(proxy), pause=60.0)
    assert made.look("a") == 1
    proxy.hang()
    made.look("a")
    before = proxy.accepted
    for _ in range(50):
        made.challenge("a")
    assert proxy.accepted == before


@pytest.mark.parametrize("fault", ["cut", "hang"])
def test_redis_that_comes_back_counts_again(proxy: Proxy, fault: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO, "compliance")
    made = limits(through(proxy), pause=0.0)
    factors(made, 5)
    getattr(proxy, fault)()
    assert factors(made, 2) == [1] * 2
    proxy.restore()
    assert made.look("a") == 4
    factors(made, 5)
    assert made.look("a") == 16
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.INFO]


def test_redis_that_is_not_there_at_the_start_stops_nothing(proxy: Proxy):
    proxy.cut()
    made = limits(through(proxy), pause=0.0)
    assert factors(made, 6) == [1] * 5 + [4]
    proxy.restore()
    assert made.look("a") == 1


def test_many_requests_at_once_survive_a_cut(proxy: Proxy):
    made = limits(through(proxy), pause=0.0)

    def ask(number: int) -> bool:
        if number == 100:
            proxy.cut()
        if number == 200:
            proxy.restore()
        return made.challenge("a").allowed

    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(ask, range(400)))
    assert 60 <= taken <= 120  # here and there, 60 each


def test_key_of_another_type_in_redis_breaks_nothing():
    made = limits(REDIS)
    with redis.from_url(REDIS) as client:
        client.set(f"compliance:{made._label('prefix')[:12]}:challenge/a", "text", ex=60)
    assert allowed(lambda: made.challenge("a"), 65) == 60


def test_redis_with_the_wrong_password_leaves_the_limits_of_each_process(caplog: pytest.LogCaptureFixture):
    address = urlsplit(REDIS)
    made = limits(f"redis://somebody:secret@{address.hostname}:{address.port}/0")
    assert allowed(lambda: made.challenge("a"), 65) == 60
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    "storage",
    [
        "memcached://127.0.0.1:11211",
        "redis",
        "redis://secret@127.0.0.1:port/0",
        "http://secret@127.0.0.1",
        "redis+cluster://secret@h",
        "redis+nothing://secret@h:1",
        "redis+sentinel://h:1",
    ],
)
def test_address_of_no_redis_is_told_at_the_start_without_its_password(storage: str):
    with pytest.raises(ComplianceError, match=r"limits\.storage") as caught:
        limits(storage)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None


@pytest.fixture
def sentinel(tmp_path: Path) -> Iterator[str]:
    """A sentinel of its own that knows the server."""
    if not (program := shutil.which("redis-server")):
        pytest.skip("redis-server is not installed")
    server = urlsplit(REDIS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = tmp_path / "sentinel.conf"
    file.write_text(f"bind 127.0.0.1\nport {port}\nsentinel monitor news {server.hostname} {server.port or 6379} 1\n")
    with subprocess.Popen([program, file, "--sentinel"], stdout=subprocess.DEVNULL, cwd=tmp_path) as process:
        try:
            # Earlier versions of the client try again only after what they are told of here.
            retry = Retry(ConstantBackoff(0.05), 200, supported_errors=(redis.ConnectionError, OSError))
            with redis.Redis(port=port, retry=retry) as client:
                assert client.ping()
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.mark.parametrize("scheme", ["redis+sentinel", "valkey+sentinel"])
def test_sentinels_are_asked_for_the_server(scheme: str, sentinel: str):
    address = f"{scheme}://127.0.0.1:1,{sentinel}/news"
    first, second = (limits(address, key=b"sentinel " + scheme.encode()) for _ in range(2))
    assert [*factors(first, 5), *factors(second, 1)] == [1, 1, 1, 1, 1, 4]
    assert not (first._lost or second._lost)


def test_valkey_speaks_as_redis_does():
    first, second = (limits(REDIS.replace("redis://", "valkey://"), key=b"valkey") for _ in range(2))
    assert [*factors(first, 5), *factors(second, 1)] == [1, 1, 1, 1, 1, 4]


# Memory


def test_memory_holds_no_more_sources_than_it_may():
    memory = throttle._Memory(most=100)
    for number in range(1000):
        memory.acquire_entry(str(number), 5, 60)
    assert sum(map(len, memory._kept.values())) <= 101
    assert memory.get_moving_window("999", 5, 60)[1] == 1


def test_memory_that_is_full_forgets_who_was_counted_longest_ago():
    memory = throttle._Memory(most=2)
    for key in "abac":
        memory.acquire_entry(key, 5, 60)
    memory.acquire_entry("d", 5, 60)
    assert [memory.get_moving_window(key, 5, 60)[1] for key in "abcd"] == [2, 0, 1, 1]


def test_memory_counts_for_many_threads_at_once():
    memory = throttle._Memory()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            taken = sum(pool.map(lambda _: sum(memory.acquire_entry("a", 500, 3600) for _ in range(200)), range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert taken == 500


def test_memory_lets_go_of_what_is_over():
    memory = throttle._Memory()
    for number in range(100):
        memory.acquire_entry(str(number), 5, 0)
    assert sum(map(len, memory._kept.values())) <= 1


@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 4)), max_size=40))
def test_memory_counts_as_redis_does(steps: list[tuple[str, int]]):
    memory, shared = throttle._Memory(), RedisStorage(REDIS, key_prefix=f"compliance-test:{secrets.token_hex(8)}")
    for key, amount in steps:
        taken = memory.acquire_entry(key, 6, 3600, amount)
        assert taken == shared.acquire_entry(key, 6, 3600, amount)
        assert memory.get_moving_window(key, 6, 3600)[1] == shared.get_moving_window(key, 6, 3600)[1]
    shared.reset()
    shared.storage.close()
