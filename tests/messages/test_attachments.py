"""Pictures in a bucket: acknowledged means kept, whatever dies or is away, and what is let go of is gone."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from socket import create_server
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from compliance import Compliance, SettingsError
from compliance.cases import Kind, State
from compliance.messages import Box, Submission, open_box, retention
from compliance.pictures import Picture
from compliance.settings import load
from compliance.store import Database, Owner, StoreError, tables
from compliance.store.bucket import Bucket
from compliance.vault import Vault
from support.buckets import Objects, Store
from support.buckets import credentials as credentials
from support.buckets import store as store
from support.delivery import until
from support.host import ROOT, SETTINGS, create_app

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
# Dies where a message is about to be committed: its picture is in the bucket then.
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy import event
from messages.test_attachments import Database, opened, picture, send

database = Database("sqlite:///lite.db", folder=Path(sys.argv[1]))
box = opened(database, sys.argv[2])
list(box.attachments.orphans(datetime.now(UTC)))
event.listen(database.engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
send(box, picture("lost"))
"""
PUBLIC = """
{"Version": "2012-10-17",
 "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"}]}
"""
TOLD = Submission(kind=Kind.MESSAGE, language="zh_CN", body="文中的图片有误。")


def picture(text: str = "picture") -> Picture:
    content = text.encode() * 1000
    digest = hashlib.sha256(content).hexdigest()
    return Picture(mimetype="image/png", content=content, width=1, height=1, sha256=digest)


def opened(database: Database, address: str | None) -> Box:
    settings = load({**SETTINGS, "retention": {"messages": 1}})
    return open_box(settings, database, Vault(["key"]), Bucket(address) if address else None)


def send(box: Box, *pictures: Picture, key: str = "k", **more: Any) -> str:
    """Send a message, and return its number once it is acknowledged."""
    now = datetime.now(UTC)
    return box.intake.accept(TOLD, pictures=pictures, key=key, proof=None, source=key, now=now, **more).number


def shown(box: Box, number: str) -> list[Picture]:
    return [box.cases.picture(identity) for identity in box.cases.get(number).pictures]


def in_rows(database: Database) -> int:
    """Return how many bytes of pictures are in the database."""
    with database.reading() as connection:
        return connection.scalar(select(func.sum(func.length(tables.attachment.c.content)))) or 0


@pytest.fixture
def objects(store: Store) -> Objects:
    return store.bucket()


@pytest.fixture
def box(database: Database, objects: Objects) -> Box:
    return opened(database, objects.address)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Database]:
    """Where one kind of database is enough."""
    database = Database("sqlite:///lite.db", folder=tmp_path)
    yield database
    database.close()


@pytest.fixture
def nobody() -> Iterator[str]:
    """The address of a bucket at an endpoint that takes connections and never says a word."""
    with create_server(("127.0.0.1", 0)) as listening:
        yield f"s3://bucket?endpoint=http://127.0.0.1:{listening.getsockname()[1]}"


REFUSING = "s3://bucket?endpoint=http://127.0.0.1:1"


def test_pictures_are_in_the_bucket_and_read_back_as_they_were(box: Box, database: Database, objects: Objects):
    sent = [picture("one"), picture("two")]
    number = send(box, *sent)
    assert shown(box, number) == sent
    assert sorted(objects.all().values()) == sorted(one.content for one in sent)
    assert all(key.startswith("some/news/") for key in objects.all())
    assert in_rows(database) == 0
    box.cases.move(number, State.RESOLVED_ACTION, text="已更正。", now=datetime.now(UTC))
    box.cases.add(number, text="Die dritte", pictures=[picture("three")], now=datetime.now(UTC))
    assert shown(box, number)[2] == picture("three") and len(objects.all()) == 3
    assert (send(box, *sent), len(objects.all())) == (number, 3)  # sent again, it is the same one


def test_who_is_refused_costs_the_bucket_nothing(box: Box, objects: Objects):
    def refuse() -> tuple[str, ...]:
        raise PermissionError

    with pytest.raises(PermissionError):
        send(box, picture(), permit=refuse)
    assert objects.all() == {}


def test_a_process_that_dies_before_the_commit_leaves_nothing_that_is_not_swept(
    objects: Objects, lite: Database, tmp_path: Path
):
    box = opened(lite, objects.address)
    kept = send(box, picture("kept"), key="other")
    command = [sys.executable, "-c", KILLED, str(tmp_path), objects.address]
    died = subprocess.run(command, cwd=ROOT / "tests", env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True)
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()
    assert len(objects.all()) == 2
    now = datetime.now(UTC)
    assert list(box.attachments.sweep(now)) == []  # it may be on its way into a row
    assert len(list(box.attachments.sweep(now + DAY + timedelta(minutes=1)))) == 1
    assert list(objects.all().values()) == [picture("kept").content]
    again = send(box, picture("lost"))
    assert [shown(box, number) for number in (kept, again)] == [[picture("kept")], [picture("lost")]]


@pytest.mark.parametrize("away", [REFUSING, "nobody", "guarded", "none"])
def test_what_the_bucket_does_not_take_is_kept_in_the_database_and_moved_later(
    away: str, store: Store, objects: Objects, lite: Database, request: pytest.FixtureRequest, caplog: Any
):
    address = {
        "nobody": lambda: request.getfixturevalue("nobody"),
        "guarded": lambda: objects.address,
        "none": lambda: objects.address.replace(objects.name, "no-such-bucket"),
    }.get(away, lambda: away)()
    box = opened(lite, address)
    with store.guarded():
        begun = monotonic()
        number = send(box, picture(), picture("two"))
        assert monotonic() - begun < 60
        assert shown(box, number) == [picture(), picture("two")]
        assert box.attachments.waiting()[0] == 2
        assert (box.attachments.move(), box.attachments.waiting()[0]) == (0, 2)
        assert list(box.attachments.look()) != []
    assert "secret of the store" not in caplog.text and "kept in the database" in caplog.text
    later = opened(lite, objects.address)
    assert (later.attachments.move(), later.attachments.waiting(), in_rows(lite)) == (2, (0, None), 0)
    assert shown(later, number) == [picture(), picture("two")]
    assert len(objects.all()) == 2


def test_a_bucket_that_hangs_holds_up_one_request_and_then_the_others_are_told_at_once(
    store: Store, objects: Objects, lite: Database
):
    box = opened(lite, objects.address)
    read = send(box, picture())
    store.program.freeze()
    try:
        with pytest.raises(StoreError):
            shown(box, read)
        begun = monotonic()
        number = send(box, picture("two"), key="two")
        with pytest.raises(StoreError):
            shown(box, read)
        assert monotonic() - begun < 5
    finally:
        store.program.thaw()
    assert shown(box, number) == [picture("two")]
    until(
        lambda: (
            box.attachments.move() == 1
            or box.attachments.waiting()[0] == 0
            or opened(lite, objects.address).attachments.move()
        )
    )
    assert in_rows(lite) == 0


@pytest.mark.parametrize("content", [b"", b"other", picture("other12").content, b"x" * 10_000_000])
def test_what_is_not_what_was_kept_is_told_and_not_shown(content: bytes, objects: Objects, lite: Database):
    box = opened(lite, objects.address)
    number = send(box, picture())
    objects.overwrite(content)
    with pytest.raises(StoreError, match="restore"):
        shown(box, number)
    objects.client.delete_object(Bucket=objects.name, Key=next(iter(objects.all())))
    with pytest.raises(StoreError, match="not there any more"):
        shown(box, number)


@pytest.mark.parametrize("piece", [b"x", b"x" * 70_000], ids=["drops", "a flood"])
def test_an_answer_without_an_end_is_given_up(piece: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("compliance.store.bucket._WHOLE", 1.0)
    over = Event()

    def answer() -> None:
        client, _ = listening.accept()
        with client, suppress(OSError):
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            while not over.wait(0.01):
                client.sendall(piece)

    with create_server(("127.0.0.1", 0)) as listening:
        server = Thread(target=answer)
        server.start()
        bucket = Bucket(f"s3://bucket?endpoint=http://127.0.0.1:{listening.getsockname()[1]}&path_style=true")
        begun = monotonic()
        with pytest.raises(StoreError):
            bucket.get("key", size=5_000_000)
        assert monotonic() - begun < 60
        over.set()
        server.join()


@pytest.mark.parametrize("versioned", [False, True])
def test_what_is_purged_is_gone_from_the_bucket_with_all_its_versions(
    versioned: bool, store: Store, database: Database
):
    objects = store.bucket(versioned=versioned)
    box = opened(database, objects.address)
    number, other = send(box, picture()), send(box, picture("other"), key="other")
    if versioned:
        key = next(key for key, content in objects.all().items() if content == picture().content)
        objects.client.put_object(Bucket=objects.name, Key=key, Body=b"changed by hand")
    now = datetime.now(UTC)
    box.cases.move(number, State.RESOLVED_ACTION, text="已更正。", now=now)
    settings = load({**SETTINGS, "retention": {"messages": 1}})
    for days in (31, 62):
        done = dict.fromkeys(retention.purge(database, box.cases, settings, now=now + days * DAY))
    assert ("purged", Kind.MESSAGE) in done or box.cases.get(number).state is State.PURGED
    assert (list(objects.all().values()), objects.versions()) == ([picture("other").content], 1)
    assert shown(box, other) == [picture("other")]


def test_what_could_not_be_erased_at_once_is_swept(objects: Objects, lite: Database, caplog: pytest.LogCaptureFixture):
    box = opened(lite, objects.address)
    number, now = send(box, picture()), datetime.now(UTC)
    box.cases.move(number, State.RESOLVED_ACTION, text="已更正。", now=now)
    settings = load({**SETTINGS, "retention": {"messages": 1}})
    away = opened(lite, REFUSING)
    for days in (31, 62):
        list(retention.purge(lite, away.cases, settings, now=now + days * DAY))
    assert away.cases.get(number).pictures == () and len(objects.all()) == 1
    assert "still in the bucket" in caplog.text and "not swept" in caplog.text
    assert retention.due(lite, box.cases, settings, now=now + 63 * DAY)["pictures", ""] == 1
    assert ("pictures", "") in list(retention.purge(lite, box.cases, settings, now=now + 63 * DAY))
    assert objects.all() == {}


def test_many_orphans_are_swept_and_what_rows_name_or_others_put_there_stays(
    objects: Objects, lite: Database, tmp_path: Path
):
    box = opened(lite, objects.address)
    numbers = [send(box, picture(f"{place}"), key=f"{place}") for place in range(20)]
    folder = next(iter(objects.all())).rpartition("/")[0]
    others = {f"{folder[:-1]}/x", "some/news/x", "x"}
    for key in (*(f"{folder}/{place}" for place in range(1200)), *others):
        objects.client.put_object(Bucket=objects.name, Key=key, Body=b"x")
    neighbour = Database("sqlite:///other.db", folder=tmp_path)
    beside = opened(neighbour, objects.address)
    number = send(beside, picture("beside"))
    assert sum(1 for _ in box.attachments.sweep(datetime.now(UTC) + 2 * DAY)) == 1200
    assert [shown(box, one)[0] for one in numbers] == [picture(f"{place}") for place in range(20)]
    assert shown(beside, number) == [picture("beside")] and len(objects.all()) == 21 + len(others)
    neighbour.close()


def test_a_copy_that_another_site_adopts_sweeps_nothing_of_the_first(objects: Objects, tmp_path: Path):
    with Database("sqlite:///a.db", folder=tmp_path, owner=Owner(name="A", url="https://a.example.org")).reading():
        pass
    first = Database("sqlite:///a.db", folder=tmp_path)
    box = opened(first, objects.address)
    send(box, picture())
    first.close()
    first.settle()
    (tmp_path / "b.db").write_bytes((tmp_path / "a.db").read_bytes())
    later = send(box, picture("later"), key="later")
    copy = Database("sqlite:///b.db", folder=tmp_path, owner=Owner(name="B", url="https://b.example.org"))
    copy.adopt()
    assert list(opened(copy, objects.address).attachments.sweep(datetime.now(UTC) + 2 * DAY)) == []
    assert shown(box, later) == [picture("later")]


def test_pictures_move_once_where_several_move_them(objects: Objects, database: Database):
    before = opened(database, None)
    numbers = [send(before, picture(f"{place}"), key=f"{place}") for place in range(12)]
    boxes = [opened(database, objects.address) for _ in range(3)]
    with ThreadPoolExecutor(3) as workers:
        assert sum(workers.map(lambda box: box.attachments.move(), boxes)) == 12
    assert [shown(boxes[0], one)[0] for one in numbers] == [picture(f"{place}") for place in range(12)]
    assert len(objects.all()) == 12


def test_many_senders_at_once_each_have_their_pictures(box: Box, objects: Objects):
    with ThreadPoolExecutor(6) as senders:
        numbers = list(senders.map(lambda place: send(box, picture(f"{place}"), key=f"{place}"), range(40)))
    assert [shown(box, number)[0] for number in numbers] == [picture(f"{place}") for place in range(40)]
    assert len(objects.all()) == 40


def test_a_process_that_stood_still_too_long_keeps_its_picture_in_the_row(box: Box, database: Database):
    [sent] = box.attachments.send([picture()])
    number = send(box)
    list(box.attachments.sweep(datetime.now(UTC) + 2 * DAY))
    late = type(sent)(identity=sent.identity, picture=sent.picture, key=sent.key, at=sent.at - 4000)
    with database.reading() as connection:
        message = connection.scalar(select(tables.message.c.id))
    database.write(lambda connection: box.attachments.attach(connection, message, [late], datetime.now(UTC)))
    assert shown(box, number) == [picture()]


def test_pictures_in_a_bucket_that_is_not_named_any_more_are_told_with_the_remedy(objects: Objects, lite: Database):
    number = send(opened(lite, objects.address), picture())
    box = opened(lite, None)
    with pytest.raises(StoreError, match=r"storage\.pictures"):
        shown(box, number)
    assert [str(wrong) for wrong in box.attachments.look()] == [
        "a picture is in a bucket, and storage.pictures names none; put the address back"
    ]


@pytest.mark.parametrize("versioned", [False, True])
def test_a_sound_bucket_is_told_nothing_of_and_is_left_as_it_was(versioned: bool, store: Store, lite: Database):
    objects = store.bucket(versioned=versioned)
    assert list(opened(lite, objects.address).attachments.look()) == []
    assert objects.versions() == 0


def test_a_bucket_that_anybody_may_read_is_told(objects: Objects, store: Store, lite: Database):
    objects.client.put_bucket_policy(Bucket=objects.name, Policy=PUBLIC)
    told = [str(wrong) for wrong in opened(lite, objects.address).attachments.look()]
    assert "anybody may read the bucket; take that right away" in told


@pytest.mark.parametrize(
    "address",
    [
        "s3://",
        "s3://B/x",
        "s3://ab",
        "https://bucket/x",
        "s3://user:secret@bucket/x",
        "s3://bucket/../x y",
        "s3://bucket?endpoit=https://e.example.org",
        "s3://bucket?endpoint=e.example.org",
        "s3://bucket?endpoint=https://user:secret@e.example.org",
        "s3://bucket?path_style=yes",
        "s3://bucket?region=",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_the_start(address: str):
    with pytest.raises(SettingsError) as refused:
        Compliance(create_app(), settings={**SETTINGS, "storage": {"pictures": address}})
    [problem] = refused.value.problems
    assert problem.key == "storage.pictures" and "secret" not in str(refused.value)


def test_a_site_keeps_a_picture_in_its_bucket_from_the_form_to_the_editors(
    objects: Objects, store: Store, tmp_path: Path
):
    host = Flask("site", instance_path=str(tmp_path))
    host.secret_key = "key"
    storage = {"pictures": objects.address}
    Compliance(host, settings={**SETTINGS, "storage": storage, "messages": {"challenge": "none"}})
    reader, runner = host.test_client(), host.test_cli_runner()
    content = BytesIO()
    Image.new("RGB", (40, 30), "red").save(content, "PNG")

    def write(text: str) -> str:
        sent = {"body": text, "pictures": (BytesIO(content.getvalue()), "x.png")}
        answer = reader.post("/compliance/message", data=sent, headers={"Accept": "application/json"})
        assert answer.status_code == 201, answer.text
        return str(answer.json["receipt"])

    def waiting() -> int:
        return int(reader.get("/compliance/health").json["parts"]["pictures"]["waiting"])

    def saved(number: str) -> tuple[int, int]:
        path = tmp_path / "evidence.png"
        path.unlink(missing_ok=True)
        done = runner.invoke(args=["compliance", "messages", "picture", number, "1", "-o", str(path)])
        assert done.exit_code == 0, done.output
        with Image.open(path) as found:
            return found.size

    with store.guarded():
        first = write("第一张图有误。")
        assert (waiting(), saved(first)) == (1, (40, 30))
        told = runner.invoke(args=["compliance", "doctor", "--format", "json"])
        assert "AWS_ACCESS_KEY_ID" in told.output
    second = write("第二张图有误。")
    assert (waiting(), len(objects.all())) == (1, 1)
    assert runner.invoke(args=["compliance", "deliver"]).exit_code == 0
    assert (waiting(), len(objects.all())) == (0, 2)
    assert [saved(number) for number in (first, second)] == [(40, 30)] * 2
    objects.client.delete_object(Bucket=objects.name, Key=next(iter(objects.all())))
    for key in objects.all():
        objects.client.put_object(Bucket=objects.name, Key=key, Body=b"other")
    for number in (first, second):
        output = str(tmp_path / "no.png")
        done = runner.invoke(args=["compliance", "messages", "picture", number, "1", "-o", output])
        assert (done.exit_code, "the picture cannot be read" in done.stderr, Path(output).exists()) == (2, True, False)
    host.extensions["compliance"].database.close()
