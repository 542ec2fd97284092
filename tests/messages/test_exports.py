"""Exports: nothing is left out, nothing is a formula, nobody is named unasked, and size does not matter."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from compliance.cases import Kind, State
from compliance.formats import as_csv, as_json, as_lines, neutral
from compliance.messages.exports import COLUMNS, CONTACTS, records
from compliance.messages.listing import Filter
from compliance.store import Database, tables
from compliance.vault import Vault, VaultError
from support.editors import EVERY, NOW, PAGE, Desk, Editor, report
from support.editors import editor as editor

VAULT = Vault(["key"])


def taken(desk: Desk, which: Filter = EVERY, **options: Any) -> list[dict[str, Any]]:
    return list(records(desk.database, VAULT, which, now=NOW, **options))


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_every_case_is_there_the_oldest_first_with_its_result(database: Database):
    desk = Desk(database)
    newer, older = desk.send("b"), desk.send("a", now=NOW - timedelta(days=1), **report())
    desk.cases.move(older, State.REJECTED, text="Not ours.", now=NOW)
    desk.cases.move(older, State.IN_PROGRESS, now=NOW)
    desk.cases.move(older, State.RESOLVED_ACTION, text="Ours after all.", now=NOW)
    found = taken(desk)
    assert [(row["number"], row["result"], row["answer"]) for row in found] == [
        (older, "resolved_action", "Ours after all."),
        (newer, "", ""),
    ]
    assert [set(row) for row in found] == [set(COLUMNS)] * 2
    assert [row["number"] for row in taken(desk, replace(EVERY, kinds=frozenset({Kind.REPORT})))] == [older]


def test_names_and_contacts_are_there_for_who_asks_and_the_look_is_told_first(database: Database):
    desk = Desk(database)
    named, anonymous = desk.send("a", name="王某", contact="wang@example.org"), desk.send("b", now=NOW + timedelta(1))
    assert not [word for word in ("王某", "wang@") if word in str(taken(desk))]
    looks: list[list[str]] = []
    with_contacts = records(database, VAULT, EVERY, look=lambda numbers: looks.append(list(numbers)), now=NOW)
    first = next(with_contacts)
    assert (looks, first["name"], first["contact"]) == [[named]] or ([[named]], "王某", "wang@example.org")
    assert [(row["number"], row["name"]) for row in with_contacts] == [(anonymous, "")]


def test_a_contact_that_cannot_be_opened_is_told_by_its_place(database: Database):
    desk = Desk(database)
    desk.send(contact="wang@example.org")
    with pytest.raises(VaultError):
        list(records(database, Vault(["other"]), EVERY, look=lambda _: None, now=NOW))


FORMULAS = ["=1+1", "+86-23-67158993", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠A", "﹢1", "−1"]


@pytest.mark.parametrize("before", ["", " ", "\u3000", '"', "'", "\u200b", ' "', "“"])
@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_begins_a_formula(formula: str, before: str):
    assert neutral(before + formula) == f"'{before}{formula}"


@pytest.mark.parametrize("text", ["", "1", "a=b", "王=1", "2026-11-24", "(=1)", "'quoted'", " x"])
def test_other_cells_stay_as_they_are(text: str):
    assert neutral(text) == text


@given(st.text() | st.text(alphabet="=+-@\t\r\n '\"＝＋\u200ba"))
@example("\n=1")
def test_what_a_spreadsheet_sees_is_text_and_the_whole_of_it(text: str):
    text = text.encode("utf-8", "replace").decode()
    columns = ["body", "page"]
    (row,) = read(b"".join(as_csv([{"body": text, "page": "x"}], columns)))
    cell = row["body"]
    assert cell in (text, f"'{text}")
    if cell == text:
        seen = "".join(c for c in text if unicodedata.category(c) != "Cf").lstrip("\"'`‘’“”＂＇" + "".join(SPACES))
        assert unicodedata.normalize("NFKC", seen[:1])[:1] not in tuple("=+-@")


SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace()]


def test_excel_reads_chinese_and_local_times(database: Database):
    desk = Desk(database)
    desk.send("“不实”,\n\n见第三段", **report(category="terror"))
    content = b"".join(as_csv(taken(desk), COLUMNS))
    assert content.startswith(b"\xef\xbb\xbfnumber,kind,")
    (row,) = read(content)
    assert (row["body"], row["created"], row["urgent"]) == ("“不实”,\n\n见第三段", "2026-11-24 12:00:00", "yes")
    assert (row["closed"], row["pictures"]) == ("", "0")


def test_json_is_an_array_or_a_line_each_with_times_in_utc(database: Database):
    desk = Desk(database)
    assert json.loads(b"".join(as_json([]))) == []
    assert b"".join(as_lines([])) == b""
    desk.send("a\nb", subject="字")
    desk.send("c", now=NOW + timedelta(hours=1))
    array = json.loads(b"".join(as_json(taken(desk))))
    lines = b"".join(as_lines(taken(desk))).splitlines()
    assert array == [json.loads(line) for line in lines]
    assert (len(array), array[0]["created"], array[0]["answered"]) == (2, NOW.isoformat(), None)


def fill(database: Database, number: int) -> None:
    """Put many cases into a box at once, many at the same time as others."""

    def rows() -> Iterator[dict[str, Any]]:
        for place in range(number):
            due = NOW + timedelta(days=15)
            moments = dict.fromkeys(("created", "changed", "sender_wrote"), NOW + timedelta(seconds=place // 7))
            yield {
                "id": UUID(int=place),
                "number": f"R-{place}",
                "code_hash": "",
                "kind": Kind.MESSAGE,
                "language": "en",
                "body": "Hello " * 20,
                "body_hash": "",
                "state": State.RECEIVED,
                "decide_due": due,
                "answer_due": due,
                **moments,
            }

    def work(connection: Connection) -> None:
        connection.execute(insert(tables.message), list(rows()))

    database.write(work)


def peak(database: Database) -> tuple[int, int]:
    """How many cases an export has, and the most memory that it takes."""
    tracemalloc.start()
    number = sum(1 for _ in as_csv(records(database, VAULT, EVERY, now=NOW), COLUMNS)) - 1
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return number, most


@pytest.mark.slow
def test_memory_does_not_grow_with_the_cases(tmp_path: Path):
    peaks = []
    for place, number in enumerate((1_200, 12_000)):
        database = Database(f"sqlite:///{place}.db", folder=tmp_path)
        fill(database, number)
        exported, most = peak(database)
        assert exported == number
        peaks.append(most)
        database.close()
    # Ten times the cases; what other threads of the process take meanwhile is counted, too.
    assert peaks[1] < 3 * peaks[0]


def test_export_writes_a_file_for_its_owner(editor: Editor, tmp_path: Path):
    number = editor.send("=1+1", contact="wang@example.org")
    path = tmp_path / "cases.csv"
    editor("export", "-o", str(path))
    (row,) = read(path.read_bytes())
    assert (row["number"], row["body"], path.stat().st_mode & 0o777) == (number, "'=1+1", 0o600)
    assert not set(CONTACTS) & set(row)
    assert "exists already" in editor("export", "-o", str(path), status=2).stderr
    assert editor.get(number).version == 1


def test_export_with_contacts_is_noted_in_the_cases(editor: Editor):
    number = editor.send(name="王某", contact="wang@example.org")
    result = editor("export", "--format", "json", "--with-contacts", "--by", "Zhao")
    (row,) = json.loads(result.stdout)
    assert (row["name"], row["contact"], row["page"], result.stderr) == ("王某", "wang@example.org", PAGE, "")
    assert [(event.kind, event.actor_name) for event in editor.get(number).events[1:]] == [("viewed", "Zhao")]


def test_export_takes_the_filters_of_the_listing(editor: Editor):
    closed = editor.send("a")
    editor.send("b")
    editor("move", closed, "closed")
    lines = editor("export", "--format", "jsonl", "--state", "closed").stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == [closed]
    assert len(editor("export", "--format", "jsonl").stdout.splitlines()) == 2


def test_an_export_that_fails_leaves_no_file(editor: Editor, tmp_path: Path):
    editor.send(contact="wang@example.org")
    tables_gone = tables.message.update().values(contact="lost.value")
    editor.database.write(lambda connection: connection.execute(tables_gone))
    result = editor("export", "--with-contacts", "-o", str(tmp_path / "x.csv"), status=2)
    assert "put the old key back" in result.stderr
    assert list(tmp_path.iterdir()) == []
