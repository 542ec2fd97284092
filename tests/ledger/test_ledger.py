"""The ledger: what is appended stays provable, whatever is erased or let go, and no change goes unseen."""

from __future__ import annotations

import itertools
import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from compliance.ledger import Entry, Ledger, SealError, Text, Walk, verify
from compliance.ledger.chain import GENESIS, Checker, Head, Link, decision, record_hash
from compliance.ledger.rows import Circumstance, packed
from compliance.store import Database
from compliance.store.tables import circumstance, ledger, period, published, tombstone
from compliance.store.tables import decision as consent
from support.decisions import COOKIES, KEY, NOW, PRIVACY, TEXTS, append_some, entry
from support.examples import examples


@pytest.fixture
def book(database: Database) -> Ledger:
    return Ledger(database, [KEY])


def filled(book: Ledger, count: int = 10) -> list[Entry]:
    entries = [entry(time=NOW + timedelta(days=number), texts=TEXTS) for number in range(count)]
    for part in (entries[: count * 3 // 10], entries[count * 3 // 10 :]):  # of November; of December, too
        book.append(part, [PRIVACY, COOKIES])
    return entries


def findings(book: Ledger) -> list[tuple[str, int]]:
    return [(finding.reason, finding.sequence) for finding in verify(book)]


def links(book: Ledger) -> list[Link]:
    return list(book.links())


def test_what_is_appended_is_read_in_order(book: Ledger) -> None:
    entries = filled(book)
    found = links(book)
    assert [link.sequence for link in found] == list(range(1, 11))
    assert [link.said["record"] for link in found] == [each.record for each in entries]
    assert [link.at for link in found] == [each.time for each in entries]
    assert found[0].previous == GENESIS
    assert findings(book) == []


def test_row_holds_nothing_that_the_entry_does_not(book: Ledger) -> None:
    book.append([entry(record="r", texts=TEXTS)])
    (link,) = links(book)
    assert link.said == {
        "record": "r",
        "before": None,
        "method": "custom",
        "choices": {"analytics": True, "advertising": False},
        "language": "zh_CN",
        "path": "/news/1",
        "texts": TEXTS,
    }
    assert (link.policy, link.mode) == ("1.0+1.1", "opt-in")


def test_record_that_is_there_is_not_appended_again(book: Ledger) -> None:
    first = entry()
    assert book.append([first, first]) == 1
    assert book.append([first, entry()]) == 1
    assert len(links(book)) == 2
    assert findings(book) == []


def test_record_is_found_by_its_id_alone(book: Ledger) -> None:
    entries = filled(book)
    (found,) = book.history(entries[3].record)
    assert (found.sequence, found.said["record"]) == (4, entries[3].record)
    assert book.history("forged") == book.history("") == []


def test_decisions_of_one_reader_follow_each_other(book: Ledger) -> None:
    filled(book)
    book.append([entry(record="a"), entry(record="b", before="a"), entry(record="c", before="b")])
    assert [link.said["record"] for link in book.history("c")] == ["c", "b", "a"]
    book.append([entry(record="d", before="purged or never there"), entry(record="e", before="e")])
    assert [len(book.history(record)) for record in "de"] == [1, 1]


def test_text_that_readers_saw_is_resolved_by_its_hash(book: Ledger) -> None:
    filled(book)
    assert book.text(COOKIES.hash) == COOKIES
    assert book.text("0" * 64) is None
    later = Text(name="privacy", version="2.0", language="en", text="Privacy\n\nWe keep less.")
    book.append([entry(texts={"privacy": later.hash})], [later, COOKIES])
    assert [book.text(text.hash) for text in (PRIVACY, later)] == [PRIVACY, later]


def test_appending_works_in_one_transaction(book: Ledger, database: Database) -> None:
    filled(book, 3)
    with pytest.raises(TypeError):
        book.append([entry(), entry(choices={"analytics": object()})])
    assert len(links(book)) == 3
    assert findings(book) == []


# Erasure.


def test_erased_record_leaves_the_chain_whole(book: Ledger) -> None:
    entries = filled(book)
    assert book.erase(entries[4].record, now=NOW) == 1
    (found,) = book.history(entries[4].record)
    assert (found.sequence, found.salt, found.content, found.said) == (5, None, None, {})
    assert findings(book) == []
    assert len(links(book)) == 11
    book.append([entry()])
    assert findings(book) == []


def test_earlier_decisions_of_the_reader_are_erased_along(book: Ledger) -> None:
    book.append([entry(record="a"), entry(record="b", before="a"), entry(record="x"), entry(record="c", before="b")])
    assert book.erase("c", now=NOW) == 3
    assert [link.sequence for link in links(book) if link.content is None] == [1, 2, 4]
    assert findings(book) == []
    assert book.erase("a", now=NOW) == 0


def test_erased_record_does_not_come_back(book: Ledger) -> None:
    entries = filled(book)
    book.erase(entries[4].record, now=NOW)
    assert book.erase(entries[4].record, now=NOW) == book.erase("forged", now=NOW) == 0
    assert book.append([entries[4]]) == 0
    assert len(links(book)) == 11


def test_erased_content_cannot_be_guessed_from_its_hash() -> None:
    same = entry(record="r")
    hashes = {decision(same, after=Head(), salt=f"{number:032x}").content_hash for number in range(10)}
    assert len(hashes) == 10


def test_salts_differ(book: Ledger) -> None:
    filled(book)
    salts = {link.salt for link in links(book)}
    assert len(salts) == 10
    assert all(salt and len(salt) == 32 for salt in salts)


# Letting go.


def test_purged_rows_leave_the_rest_verifiable(book: Ledger) -> None:
    entries = filled(book)
    assert sum(book.purge(NOW + timedelta(days=4))) == 4
    assert [link.sequence for link in links(book)] == list(range(5, 11))
    assert findings(book) == []
    book.append([entry(time=NOW + timedelta(days=20))])
    assert sum(book.purge(NOW + timedelta(days=4))) == 0
    assert findings(book) == []
    assert book.history(entries[0].record) == []


def test_everything_can_be_purged(book: Ledger) -> None:
    filled(book)
    assert sum(book.purge(NOW + timedelta(days=100))) == 10
    assert (links(book), findings(book)) == ([], [])
    book.append([entry()])
    assert [link.sequence for link in links(book)] == [11]
    assert findings(book) == []


def test_erased_rows_are_purged_like_others(book: Ledger) -> None:
    entries = filled(book)
    book.erase(entries[2].record, now=NOW + timedelta(days=30))
    book.purge(NOW + timedelta(days=4))
    assert findings(book) == []


def test_young_row_keeps_what_follows_it(book: Ledger) -> None:
    book.append([entry(time=NOW), entry(time=NOW + timedelta(days=9)), entry(time=NOW)])
    assert sum(book.purge(NOW + timedelta(days=4))) == 1
    assert findings(book) == []


# Tampering. Each function does by SQL what nobody may, to the row in the middle.


def _values(connection: Connection, sequence: int = 5) -> dict[str, Any]:
    return dict(connection.execute(select(consent).where(consent.c.sequence == sequence)).one()._mapping)


def _set(connection: Connection, place: int = 5, /, **values: Any) -> None:
    connection.execute(update(consent).where(consent.c.sequence == place).values(**values))


def _write(connection: Connection, link: Link) -> None:
    """Put *link* in the place of the row of its number."""
    alike = json.dumps([link.kind, link.policy, link.mode, None])
    connection.execute(insert(circumstance).values(id=link.sequence, said=alike))
    fields = {name: getattr(link, name) for name in Link.__dataclass_fields__ if name in consent.c}
    _set(connection, link.sequence, **{**fields, "circumstance": link.sequence})


def _say(connection: Connection, place: int = 5, /, **values: str) -> None:
    """Change what the row says in the words that many say alike."""
    number = _values(connection, place)["circumstance"]
    kind, policy, mode, alike = json.loads(connection.scalars(select(circumstance.c.said).filter_by(id=number)).one())
    said = {"kind": kind, "policy": policy, "mode": mode} | values
    connection.execute(insert(circumstance).values(id=1, said=json.dumps([*said.values(), alike])))
    _set(connection, place, circumstance=1)


def _say_all(connection: Connection, old: str, new: str) -> None:
    said = connection.scalars(select(circumstance.c.said).where(circumstance.c.said.contains(old))).one()
    connection.execute(update(circumstance).filter_by(said=said).values(said=said.replace(old, new)))


def _swap(connection: Connection) -> None:
    first, second = _values(connection, 5), _values(connection, 6)
    for row in (first, second):
        connection.execute(delete(consent).where(consent.c.sequence == row["sequence"]))
    connection.execute(insert(consent), [first | {"sequence": 6}, second | {"sequence": 5}])


def _rewrite(connection: Connection) -> None:
    """Change a row and hash it anew, as one does who knows how."""
    old = _values(connection)
    new = decision(entry(record="x"), after=Head(sequence=4, hash=old["previous"]), salt="0" * 32)
    _write(connection, new)


def _rewrite_all(connection: Connection) -> None:
    """Change a row and hash everything after it anew, up to the end."""
    head = Head(sequence=4, hash=_values(connection)["previous"])
    for sequence in range(5, 11):
        new = decision(entry(record=f"x{sequence}"), after=head, salt="0" * 32)
        _write(connection, new)
        head = Head(sequence=sequence, hash=new.hash)
    connection.execute(update(ledger).values(hash=head.hash))


def _insert(connection: Connection) -> None:
    for sequence in range(10, 4, -1):
        _set(connection, sequence, sequence=sequence + 1)
    connection.execute(insert(consent), _values(connection, 6) | {"sequence": 5, "record_hash": record_hash("x")})


def _cut(connection: Connection) -> None:
    connection.execute(delete(consent).where(consent.c.sequence > 8))


def _cut_all(connection: Connection) -> None:
    connection.execute(delete(consent))


def _cut_and_hide(connection: Connection) -> None:
    _cut(connection)
    connection.execute(update(ledger).values(sequence=8, hash=_values(connection, 8)["hash"]))


def _purge(connection: Connection) -> None:
    hashed = _values(connection, 3)["hash"]
    connection.execute(delete(consent).where(consent.c.sequence < 4))
    connection.execute(update(ledger).values(purged=3, purged_hash=hashed))


CHANGES: dict[str, tuple[Callable[[Connection], object], list[tuple[str, int]]]] = {
    "sequence": (lambda c: _set(c, 10, sequence=12), [("missing", 10), ("end", 12)]),
    "time": (lambda c: _set(c, at=NOW), [("changed", 5)]),
    "policy": (lambda c: _say(c, policy="1.0"), [("changed", 5)]),
    "mode": (lambda c: _say(c, mode="notice"), [("changed", 5)]),
    "kind": (lambda c: _say(c, kind="erasure"), [("changed", 5)]),
    "record_hash": (lambda c: _set(c, record_hash=record_hash("x")), [("changed", 5)]),
    "content": (lambda c: _set(c, content=_values(c)["content"].replace("/1", "/2")), [("content", 5)]),
    "content unreadable": (lambda c: _set(c, content="[1"), [("content", 5)]),
    "content of another": (lambda c: _set(c, content=_values(c, 6)["content"]), [("content", 5)]),
    "what all say": (lambda c: _say_all(c, "true", "false"), [("content", number) for number in range(1, 11)]),
    "policy of all": (lambda c: _say_all(c, "1.0+1.1", "1.0"), [("changed", number) for number in range(1, 11)]),
    "what all say is gone": (lambda c: c.execute(delete(circumstance)), [("changed", n) for n in range(1, 11)]),
    "month sealed otherwise": (lambda c: c.execute(update(period).values(seal="0" * 64)), [("month", 3)]),
    "month moved": (lambda c: c.execute(update(period).values(sequence=2)), [("month", 2)]),
    "month gone": (lambda c: c.execute(delete(period)), [("missing", 1)]),
    "salt": (lambda c: _set(c, salt="0" * 32), [("content", 5)]),
    "content_hash": (lambda c: _set(c, content_hash="0" * 64), [("changed", 5)]),
    "previous": (lambda c: _set(c, previous="0" * 64), [("changed", 5)]),
    "hash": (lambda c: _set(c, hash="0" * 64), [("changed", 5), ("previous", 6)]),
    "erased": (lambda c: _set(c, salt=None, content=None), [("erased", 5)]),
    "half erased": (lambda c: _set(c, salt=None), [("content", 5)]),
    "deleted": (lambda c: c.execute(delete(consent).where(consent.c.sequence == 5)), [("missing", 5)]),
    "first deleted": (lambda c: c.execute(delete(consent).where(consent.c.sequence == 1)), [("missing", 1)]),
    "last deleted": (_cut, [("end", 8)]),
    "all deleted": (_cut_all, [("end", 0)]),
    "last deleted and hidden": (_cut_and_hide, [("seal", 8)]),
    "swapped": (_swap, [("changed", 5), ("changed", 6), ("previous", 7)]),
    "written anew": (_rewrite, [("previous", 6)]),
    "all written anew": (_rewrite_all, [("seal", 10)]),
    "inserted": (_insert, [("changed", number) for number in range(5, 12)] + [("end", 11)]),
    "purged": (_purge, [("seal", 10)]),
    "head deleted": (lambda c: c.execute(delete(ledger)), [("seal", 10)]),
    "text changed": (
        lambda c: c.execute(update(published).values(text="Yes to everything")),
        [("text", 1)] * 2,
    ),
    "text deleted": (lambda c: c.execute(delete(published)), [("text", 1)] * 2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_change_is_found_and_located(name: str, book: Ledger, database: Database) -> None:
    filled(book)
    change, expected = CHANGES[name]
    database.write(change)
    assert findings(book) == expected


@pytest.mark.parametrize("change", ["append", "append_late", "erase", "purge"])
def test_change_of_the_end_is_not_sealed_by_what_comes_next(change: str, book: Ledger, database: Database) -> None:
    (first, *_) = filled(book)
    database.write(_rewrite_all)
    with pytest.raises(SealError, match="COMPLIANCE_KEYS"):
        if change == "erase":
            book.erase(first.record, now=NOW)
        elif change == "purge":
            list(book.purge(NOW + timedelta(days=5)))
        else:
            getattr(book, change)([entry()])
    assert findings(book) == [("seal", 10)]


@given(data=st.data())
def test_any_flipped_bit_is_found(data: st.DataObject) -> None:
    head, rows = Head(), []
    for number in range(4):
        rows.append(decision(entry(record=f"r{number}"), after=head, salt=f"{number:032x}"))
        head = Head(sequence=rows[-1].sequence, hash=rows[-1].hash)
    names = ("kind", "record_hash", "policy", "mode", "salt", "content", "content_hash", "previous", "hash")
    place, name = data.draw(st.integers(0, 3)), data.draw(st.sampled_from(names))
    value = getattr(rows[place], name)
    index, bit = data.draw(st.integers(0, len(value) - 1)), data.draw(st.integers(0, 6))
    changed = value[:index] + chr(ord(value[index]) ^ 1 << bit) + value[index + 1 :]
    rows[place] = Link(**{**{f: getattr(rows[place], f) for f in Link.__dataclass_fields__}, name: changed})
    checker = Checker(Head())
    assert [checker.check(row) for row in rows][place] in ("changed", "content")


@given(
    record=st.text(),
    before=st.none() | st.text(),
    path=st.text(),
    source=st.none() | st.text(),
    choices=st.dictionaries(st.text(), st.booleans(), max_size=3),
)
def test_what_is_taken_apart_for_the_database_is_put_together_as_it_was(**values: Any) -> None:
    given = entry(**values, texts=TEXTS)
    alike, left = packed(given)
    assert Circumstance(alike).content(left) == given.content
    assert json.loads(alike)[:3] == ["decision", given.policy, given.mode]


# Keys.


def test_seal_of_an_old_key_holds_while_the_key_is_there(database: Database) -> None:
    filled(Ledger(database, [b"old"]))
    assert findings(Ledger(database, [b"new", b"old"])) == []
    assert findings(Ledger(database, [b"new"])) == [("month", 3), ("seal", 10)]
    Ledger(database, [b"new", b"old"]).append([entry()])
    assert findings(Ledger(database, [b"new"])) == [("month", 3)]  # until it is sealed anew, too


def test_seal_is_renewed_so_that_the_old_key_can_go(database: Database) -> None:
    filled(Ledger(database, [b"old"]))
    assert Ledger(database, [b"new"]).renew() is False
    assert Ledger(database, [b"new", b"old"]).renew() is True
    assert findings(Ledger(database, [b"new"])) == []


@pytest.mark.parametrize("purged", [0, 4, 10])
def test_chain_is_sealed_anew_where_the_key_is_gone(purged: int, database: Database) -> None:
    old, new = Ledger(database, [b"old"]), Ledger(database, [b"new"])
    filled(old)
    list(old.purge(NOW + timedelta(days=purged)))
    new.seal()
    assert findings(new) == []
    new.append([entry()])
    assert findings(new) == []
    assert findings(old) == [("month", 3)] * (not purged) + [("seal", 11)]


def test_machine_that_does_not_know_the_key_changes_nothing(database: Database) -> None:
    """The first machine of three has the new key already, the second can check it, the third knows nothing of it."""
    first, second, third = (Ledger(database, keys) for keys in ([b"new", b"old"], [b"old", b"new"], [b"old"]))
    for book in (third, second, first, second, first):
        book.append([entry()])
        assert findings(first) == findings(second) == []
    for change in (lambda: third.append([entry()]), lambda: third.erase("r", now=NOW), lambda: list(third.purge(NOW))):
        with pytest.raises(SealError):
            change()
    assert findings(first) == [] != findings(third)
    second.append([entry()])
    assert third.append([entry()]) == 1  # what it can check it goes on from
    assert findings(first) == findings(third) == []


# What comes late.


def late(book: Ledger, *entries: Entry) -> list[Link]:
    book.append_late(entries, [PRIVACY, COOKIES])
    assert findings(book) == []
    return links(book)


def test_record_that_was_erased_before_it_came_comes_without_its_content(book: Ledger) -> None:
    filled(book)
    assert book.erase("r", now=NOW) == 0
    rows = late(book, entry(), entry(record="r"), entry())
    assert [(link.kind, link.content is None) for link in rows[10:]] == [
        *(("decision", False), ("decision", True), ("decision", False), ("erasure", False)),
    ]
    assert rows[-1].said == {"erased": 12}
    assert len(late(book, entry(record="r"))) == 14  # it comes once


def test_every_decision_of_a_reader_is_erased_in_whatever_order_they_come(book: Ledger) -> None:
    for there, order in itertools.product(["", "a", "b", "ab", "ac"], itertools.permutations("abc")):
        names = [f"{there} {''.join(order)} {name}" for name in "abc"]
        made = [entry(record=name, before=before) for name, before in zip(names, [None, *names], strict=False)]
        chain = dict(zip("abc", made, strict=True))
        book.append([chain[name] for name in there])
        book.erase(names[-1], now=NOW)
        book.append_late([chain[name] for name in order[:1]])
        book.append_late([chain[name] for name in order[1:]])
    assert [link.said for link in links(book) if link.kind == "decision" and link.content] == []
    assert findings(book) == []


def test_what_is_as_old_as_what_was_let_go_of_does_not_come_back(book: Ledger) -> None:
    filled(book)
    assert sum(book.purge(NOW + timedelta(days=5))) == 5
    assert book.append_late([entry(time=NOW + timedelta(days=4)), entry(time=NOW + timedelta(days=5))]) == 1
    assert findings(book) == []


def test_tombstones_go_with_the_decisions_of_their_time(book: Ledger, database: Database) -> None:
    book.erase("r", now=NOW)
    list(book.purge(NOW))
    with database.reading() as connection:
        assert len(connection.execute(select(tombstone)).all()) == 1
    list(book.purge(NOW + timedelta(days=1)))
    with database.reading() as connection:
        assert connection.execute(select(tombstone)).all() == []


# Many at once.


@pytest.mark.slow
def test_workers_append_at_once_without_gaps(address: str, database: Database, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    others = examples(3)
    workers = [spawn.Process(target=append_some, args=(address, str(tmp_path), 25)) for _ in range(others)]
    for worker in workers:
        worker.start()
    book = Ledger(database, [KEY])
    with ThreadPoolExecutor(4) as pool:
        appended = list(pool.map(lambda _: book.append([entry()]), range(60)))
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0] * others
    assert sum(appended) == 60
    assert [link.sequence for link in links(book)] == list(range(1, 61 + 25 * others))
    assert findings(book) == []


def test_rows_that_come_and_go_during_verification_are_no_findings(book: Ledger) -> None:
    entries = [entry(time=NOW + timedelta(seconds=number)) for number in range(4500)]
    book.append(entries, [PRIVACY, COOKIES])

    def busy(rows: Any) -> Any:
        for link in rows:
            if link.sequence == 100:
                book.append([entry()])
                book.erase(entries[4000].record, now=NOW)
                assert sum(book.purge(NOW + timedelta(seconds=3000))) == 3000
            yield link

    walk = Walk(book)
    assert list(verify(book, walk, busy(walk))) == []


def test_what_is_let_go_of_faster_than_it_is_read_is_no_finding(book: Ledger) -> None:
    """Once more has gone than the gap that the walk came upon, the end of what was let go of lies behind it."""
    book.append([entry(time=NOW + timedelta(seconds=number)) for number in range(6500)])

    def busy(rows: Any) -> Any:
        for link in rows:
            if link.sequence == 100:  # of a batch of 2,000
                list(book.purge(NOW + timedelta(seconds=4000)))
            if link.sequence == 4001:
                list(book.purge(NOW + timedelta(seconds=5000)))
            yield link

    walk = Walk(book)
    assert list(verify(book, walk, busy(walk))) == []


@pytest.mark.parametrize("read", [1, 2])
def test_all_that_is_let_go_of_before_it_is_read_is_no_finding(read: int, database: Database) -> None:
    """Nobody has decided for as long as decisions are kept: what was there when it began is gone before it is read."""

    class Busy(Ledger):
        def links(self, after: int = 0, *, last: int | None = None) -> Iterator[Link]:
            reads.append(after)
            if len(reads) == read:
                list(self.purge(NOW + timedelta(days=100)))
            yield from super().links(after, last=last)
            if len(reads) == 1 < read:
                self.append([entry()])

    reads: list[int] = []
    book = Busy(database, [KEY])
    book.append([entry() for _ in range(4)])
    assert (findings(book), len(reads), book.length()) == ([], 2, 0)
    assert findings(Ledger(database, [KEY])) == []


def test_what_is_appended_just_when_the_walk_ends_is_no_finding(book: Ledger) -> None:
    """Between its last row, the head and whatever is asked afterwards."""
    filled(book)
    walk = Walk(book)

    def busy() -> Iterator[Link]:
        for link in walk:
            if link.sequence >= 10:
                book.append([entry()])
            yield link
        book.append([entry()])

    assert list(verify(book, walk, itertools.islice(busy(), 100))) == []
    assert walk.end is not None and walk.end.sequence < book.length()


def test_what_is_erased_just_when_the_walk_ends_is_no_finding(database: Database) -> None:
    class Busy(Ledger):
        """Others append before the end is looked up, and erase that before it is read."""

        asked = 0

        def head(self) -> tuple[Head | None, bool]:
            self.asked += 1
            late = entry()
            if self.asked == 2:
                self.append([late])
            found = super().head()
            if self.asked == 2:
                self.erase(late.record, now=NOW)
            return found

    book = Busy(database, [KEY])
    filled(book)
    assert findings(book) == []
    assert [link.content is None for link in links(book)] == [False] * 10 + [True, False]


@pytest.mark.parametrize("cut", [1, 3])
def test_end_that_is_cut_off_while_others_append_is_found(cut: int, book: Ledger, database: Database) -> None:
    filled(book)
    walk = Walk(book)

    def busy() -> Iterator[Link]:
        for link in walk:
            if link.sequence == 10 - cut:
                database.write(lambda c: c.execute(delete(consent).where(consent.c.sequence > 10 - cut)))
            yield link

    list(busy())  # the rows were read before: it shows the next time
    assert findings(book) == [("end", 10 - cut)]


def test_two_texts_at_once_are_kept_once(database: Database) -> None:
    def work(_: int) -> int:
        return Ledger(database, [KEY]).append([entry()], [PRIVACY, COOKIES])

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(12))) == 12
    assert Ledger(database, [KEY]).text(PRIVACY.hash) == PRIVACY
