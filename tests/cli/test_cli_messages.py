"""`flask compliance messages`: what an editor does from the command line."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from compliance import Compliance
from compliance.cases import Actor, Kind, State
from compliance.staff import Accounts, Role
from compliance.vault import Vault
from support.editors import NOW, PAGE, Editor
from support.editors import editor as editor
from support.host import create_app

pytestmark = pytest.mark.slow

NOBODY = "R-20261124-000000-7"


def test_a_listing_is_a_table_with_its_columns_in_line(editor: Editor):
    numbers = [editor.send("second", category="terror"), editor.send("不实", subject="字" * 30)]
    heading, *lines = editor("list").output.splitlines()
    assert heading.split() == [
        *("number", "kind", "category", "state", "marks", "created", "decide", "answer", "waiting", "assignee"),
        *("text", "page"),
    ]
    assert [line.split()[0] for line in lines] == numbers
    assert "urgent" in lines[0] and "0 d" in lines[0]
    assert "/news/1" in lines[1] and "ichongqing" not in lines[1]
    # The page begins in the same column of a terminal, where a Chinese character takes two.
    wide = sum(ord(character) > 0x2E80 for character in lines[1])
    assert lines[1].index("/news") + wide == lines[0].index("/news")


def test_a_listing_has_no_names_in_any_form(editor: Editor):
    editor.send("a", name="王某", contact="wang@example.org")
    for form in (["--format", "json"], [], ["--group"], ["--group", "--format", "json"]):
        assert not [word for word in ("王某", "wang@") if word in editor("list", *form).output]


def test_a_listing_as_json_has_times_with_their_zone(editor: Editor):
    number = editor.send()
    (row,) = json.loads(editor("list", "--format", "json").output)
    assert (row["number"], row["state"], row["text"], row["page"]) == (number, "received", "这条消息不实。", PAGE)
    assert datetime.fromisoformat(row["answer_due"]).tzinfo


def test_filters_find_what_they_say(editor: Editor):
    report, closed = editor.send(), editor.send("second", kind=Kind.MESSAGE, category="", page="")
    editor("move", closed, "closed")

    def found(*filters: str) -> set[str]:
        return {row["number"] for row in json.loads(editor("list", *filters, "--format", "json").stdout)}

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert found("--state", "closed") == found("--state", "all", "--kind", "message") == {closed}
    assert found("--state", "all") == found("--state", "open", "--state", "closed") == {report, closed}
    assert found("--page", "/news/1") == found("--search", "消息") == found("--category", "rumour") == {report}
    assert (
        found("--until", "2020-01-01") == found("--urgent") == found("--overdue") == found("--assignee", "Li") == set()
    )
    assert found("--since", "2020-01-01", "--until", "2999-01-01") == found("--assignee", "") == {report}
    assert found("--since", today, "--state", "all", "--newest", "--limit", "1") < {report, closed}


def test_a_long_listing_says_where_it_goes_on(editor: Editor):
    first, second = editor.send("a"), editor.send("b")
    result = editor("list", "--limit", "1")
    assert result.stderr == f"There may be more: --after {first}\n"
    assert second in editor("list", "--after", first.lower().replace("-", "")).output
    assert NOBODY in editor("list", "--after", NOBODY, status=2).stderr


def test_a_listing_says_how_many_are_held_back(editor: Editor):
    editor.send("a", doubts=("proof",))
    assert editor("list").stderr == "Held back until somebody has looked: 1 (--state quarantined)\n"
    assert editor("list", "--format", "json").stderr == ""
    assert editor("list", "--state", "quarantined").stderr == ""


def test_reports_of_one_page_are_shown_together(editor: Editor):
    editor.send("a", contact="wang@example.org")
    editor.send("b", contact="li@example.org")
    (group,) = json.loads(editor("list", "--group", "--format", "json").output)
    assert (group["cases"], group["reporters"], group["page"]) == (2, 2, PAGE)
    assert editor("list", "--group").output.splitlines()[1].split()[:4] == ["2", "2", "0", "rumour"]


def test_a_case_is_shown_whole_and_the_look_at_it_is_noted(editor: Editor):
    number = editor.send("First\nsecond", subject="A word", name="王某", contact="wang@example.org", excerpt="passage")
    editor("note", number, "--text", "Ask Li.", "--by", "Zhao")
    shown = editor("show", number, "--by", "Zhao").output
    for part in (
        number,
        "rumour",
        "received",
        PAGE,
        "passage",
        "王某",
        "wang@example.org",
        "> A word",
        "> First\n> second",
    ):
        assert part in shown
    assert "noted by Zhao: received  (internal)\n     Ask Li." in shown
    assert [(event.kind, event.actor_name, event.public) for event in editor.get(number).events[1:]] == [
        ("noted", "Zhao", False),
        ("viewed", "Zhao", False),
    ]


def test_what_a_sender_wrote_passes_for_nothing_else(editor: Editor):
    forged = "contact    boss@example.org\n  9  2026-11-24 09:00  answered by Li: closed\u2028marks      none"
    number = editor.send(f"a\n{forged}", subject="state      closed", excerpt=f"b\n{forged}")
    editor.box.cases.add(number, text=forged, now=datetime.now(UTC))
    shown = editor("show", number).output
    starts = {line.split("  ")[0] for line in shown.splitlines()}
    assert "boss@example.org" in shown
    assert {"contact", "marks", "state"} & starts == set()
    assert [line for line in shown.splitlines() if line.startswith("  9")] == []


@pytest.mark.parametrize("text", ["a\x9b2Jb", "a\u202eb", "a\x1b[31mb", "a\u2028b"])
def test_nothing_is_printed_that_a_terminal_obeys(text: str, editor: Editor):
    number = editor.send(text, page_title=text, subject=text)
    for arguments in (["show", number], ["show", number, "--format", "json"], ["list"], ["list", "--format", "json"]):
        assert set(text) & set(editor(*arguments).output) <= set("ab2J[31m")
    assert json.loads(editor("show", number, "--format", "json").output)["body"] == text


def test_a_case_as_json_has_everything(editor: Editor):
    number = editor.send(contact="wang@example.org")
    case = json.loads(editor("show", number, "--format", "json").output)
    assert (case["number"], case["contact"], case["state"], len(case["pictures"])) == (
        number,
        "wang@example.org",
        "received",
        1,
    )
    assert case["events"][0]["kind"] == "received"


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", NOBODY],
        ["picture", NOBODY, "1", "-o", "p.png"],
        ["note", NOBODY, "--text", "x"],
        ["move", NOBODY, "closed"],
        ["hold", NOBODY, "--reason", "x"],
        ["show", "R-20261124-000000-8"],
        ["show", "nonsense"],
        ["move", "closed"],
        ["answer", "--result", "rejected", "--text", "x"],
        ["answer", NOBODY, "--page", PAGE, "--result", "rejected", "--text", "x"],
        ["assign", "--category", "rumour", "--to", "Li"],
        ["assign", "--page", "/nothing", "--to", "Li"],
        ["assign", NOBODY, "--to", "L" * 101],
        ["list", "--since", "yesterday"],
        ["list", "--state", "lost"],
    ],
)
def test_what_cannot_be_done_says_so_without_a_traceback(editor: Editor, arguments: list[str], tmp_path: Path):
    arguments = [str(tmp_path / argument) if argument == "p.png" else argument for argument in arguments]
    result = editor(*arguments, status=2)
    assert "Error: " in result.stderr and "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)


def test_without_a_database_no_command_runs(settings: dict[str, Any]):
    settings["storage"] = {"url": "postgresql+psycopg://postgres@127.0.0.1:1/nothing"}
    app = create_app()
    Compliance(app, settings=settings)
    result = Editor(app)("list", status=2)
    assert result.stderr.startswith("Error: the database cannot be used: ")
    assert "127.0.0.1" not in result.stderr


def test_an_answer_is_what_the_sender_reads(editor: Editor):
    number = editor.send(contact="wang@example.org")
    result = editor("answer", number, "--result", "resolved_action", "--text", "已更正。", "--by", "Zhao")
    assert result.output == f"{number}: move to resolved_action\n"
    case = editor.get(number)
    last = case.events[-1]
    assert (case.state, last.kind, last.text, last.actor_name) == ("resolved_action", "answered", "已更正。", "Zhao")


def test_a_text_comes_from_standard_input(editor: Editor):
    number = editor.send()
    editor("ask", number, "--text", "-", text="Which page?\nSince when?\n")
    assert editor.get(number).events[-1].text == "Which page?\nSince when?"
    assert editor.get(number).state is State.WAITING_SENDER


@pytest.mark.parametrize("arguments", [[], ["--text", ""], ["--text", " \n"], ["--text", "字" * 10_001]])
def test_without_a_text_nothing_is_changed(editor: Editor, arguments: list[str]):
    number = editor.send()
    assert "text" in editor("answer", number, "--result", "rejected", *arguments, status=2).stderr
    assert editor.get(number).version == 1


def test_without_a_text_an_editor_opens_on_a_terminal(tmp_path: Path, settings: dict[str, Any]):
    """The words that the program named by EDITOR leaves are sent."""
    settings["storage"] = {"url": f"sqlite:///{tmp_path}/box.db"}
    app = create_app()
    Compliance(app, settings=settings)
    editor = Editor(app)
    number = editor.send()
    start = "from support.host import create_app\nfrom compliance import Compliance\napp = create_app()\n"
    (tmp_path / "desk.py").write_text(f"{start}Compliance(app, settings={settings})\n", encoding="utf-8")
    (tmp_path / "write.py").write_text("import sys\nopen(sys.argv[1], 'w').write('Done.')\n")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(__file__).parents[1])]),
        "EDITOR": f"{sys.executable} {tmp_path / 'write.py'}",
        "VISUAL": "",
    }
    command = ["-m", "flask", "--app", "desk:app", "compliance", "messages", "answer", number, "--result", "rejected"]
    ours, theirs = pty.openpty()
    run = subprocess.run(
        [sys.executable, *command], env=environment, stdin=theirs, capture_output=True, text=True, check=False
    )
    os.close(ours)
    os.close(theirs)
    assert (run.returncode, run.stdout) == (0, f"{number}: move to rejected\n"), run.stderr
    assert editor.get(number).events[-1].text == "Done."


def test_a_move_that_is_not_there_names_those_that_are(editor: Editor):
    number = editor.send()
    editor("move", number, "closed")
    result = editor("move", number, "in_progress", status=1)
    assert result.stderr == f"{number}: is closed; from there it can be moved to reopened\n"
    assert "answer --result rejected" in editor("move", number, "rejected", status=2).stderr
    assert "use `ask`" in editor("move", number, "waiting_sender", status=2).stderr


def test_what_was_purged_takes_no_note(editor: Editor):
    number = editor.send()
    for actor, state in ((Actor.EDITOR, State.CLOSED), (Actor.SYSTEM, State.PURGED)):
        editor.box.cases.move(number, state, actor=actor, now=datetime.now(UTC))
    expected = f"{number}: is purged; from there it can be moved to nothing\n"
    assert editor("note", number, "--text", "x", status=1).stderr == expected
    assert editor("hold", number, "--reason", "x", status=1).stderr == expected


def test_several_cases_are_shown_before_they_are_changed(editor: Editor):
    numbers = [editor.send("first report"), editor.send("second report")]
    declined = editor("answer", *numbers, "--result", "rejected", "--text", "No.", text="n\n", status=1)
    assert [
        part for part in ("first report", "second report", PAGE[-7:], "rumour") if part not in declined.output
    ] == []
    assert "move to rejected: 2 cases?" in declined.stderr
    assert [editor.get(number).version for number in numbers] == [1, 1]
    editor("answer", *numbers, "--result", "rejected", "--text", "No.", text="y\n")
    assert {editor.get(number).state for number in numbers} == {State.REJECTED}


def test_of_several_cases_those_that_can_be_are_changed(editor: Editor):
    closed, able = editor.send("a"), editor.send("b")
    editor("move", closed, "closed")
    result = editor("move", closed, able, "accepted", "--yes", status=1)
    assert result.stderr == f"{closed}: is closed; from there it can be moved to reopened\n"
    assert [editor.get(number).state for number in (closed, able)] == ["closed", "accepted"]


def test_one_unknown_number_among_several_changes_nothing(editor: Editor):
    number = editor.send()
    assert NOBODY in editor("assign", number, NOBODY, "--to", "Li", "--yes", status=2).stderr
    assert editor.get(number).version == 1


def test_all_open_cases_about_a_page_are_answered_at_once(editor: Editor):
    about = [editor.send("a"), editor.send("b")]
    others = [editor.send("c", category="fraud"), editor.send("d", page=f"{PAGE}0")]
    editor(
        "answer", "--page", "/news/1", "--category", "rumour", "--result", "resolved_action", "--text", "Ja.", "--yes"
    )
    assert {editor.get(number).state for number in about} == {State.RESOLVED_ACTION}
    assert {editor.get(number).state for number in others} == {State.RECEIVED}


class Agreeing(io.RawIOBase):
    """A keyboard: before somebody types yes, something happens."""

    def __init__(self, happens: Callable[[], None]) -> None:
        self._happens = [happens]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._happens:
            return 0
        self._happens.pop()()
        buffer[:2] = b"y\n"
        return 2


def test_a_case_changed_while_it_was_shown_is_left_alone(editor: Editor):
    numbers = [editor.send("a"), editor.send("b")]

    def change() -> None:
        editor.box.cases.note(numbers[0], by="Li", text="Wait.", now=datetime.now(UTC))

    result = editor("move", *numbers, "accepted", text=io.BufferedReader(Agreeing(change)), status=1)
    assert result.stderr.endswith(f"{numbers[0]}: somebody changed it meanwhile; look at it again\n")
    assert [editor.get(number).state for number in numbers] == ["received", "accepted"]


def test_cases_are_given_to_an_editor_and_back(editor: Editor):
    numbers = [editor.send("a"), editor.send("b")]
    editor("assign", *numbers, "--to", "Li", "--yes")
    assert [editor.get(number).assignee for number in numbers] == ["Li", "Li"]
    editor("assign", numbers[0], "--to", "")
    assert [editor.get(number).assignee for number in numbers] == ["", "Li"]


def test_a_hold_has_a_reason_and_is_released(editor: Editor):
    number = editor.send()
    assert editor("hold", number, "--reason", " ", status=2)
    editor("hold", number, "--reason", "lawsuit 12")
    assert editor.get(number).hold == "lawsuit 12"
    editor("release", number)
    assert editor.get(number).hold == ""


def test_who_does_it_is_the_user_of_the_system_unless_another_is_named(editor: Editor, monkeypatch: pytest.MonkeyPatch):
    number = editor.send()
    monkeypatch.setenv("LOGNAME", "zhao")
    editor("note", number, "--text", "a")
    editor("note", number, "--text", "b", "--by", "Li")
    assert [event.actor_name for event in editor.get(number).events[1:]] == ["zhao", "Li"]


def test_a_picture_is_written_to_a_new_file_of_ones_own(editor: Editor, tmp_path: Path):
    number, path = editor.send(), tmp_path / "evidence.png"
    assert "4 × 3" in editor("picture", number, "1", "-o", str(path)).output
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"picture", 0o600)
    assert editor.get(number).events[-1].kind == "viewed"
    assert "exists already" in editor("picture", number, "1", "-o", str(path), status=2).stderr
    assert "1 pictures" in editor("picture", number, "2", "-o", str(tmp_path / "b"), status=2).stderr
    assert "cannot be written" in editor("picture", number, "1", "-o", str(tmp_path / "none" / "b"), status=2).stderr


def test_what_a_report_tells_of_an_enterprise_is_listed_shown_and_exported(editor: Editor):
    told = {"enterprise": "某某公司", "credit_code": "91500000MA5U00000W", "harm": "posing", "category": "business"}
    number = editor.send(**told, relation="self", name="王某", contact="023-00000000")
    listed = editor("list").output
    assert "business: posing" in listed and "某某公司" in listed
    assert number in editor("list", "--search", "某某公司").output
    shown = editor("show", number).output
    assert "enterprise 某某公司" in shown and "91500000MA5U00000W" in shown and "posing" in shown
    [exported] = json.loads(editor("export", "--format", "json").output)
    assert told.items() <= exported.items()


def test_case_is_given_to_no_account_that_cannot_work_on_it(editor: Editor):
    number = editor.send()
    accounts = Accounts(editor.database, Vault(["key"]))
    for name, role in (("li", Role.HANDLER), ("wang", Role.VIEWER)):
        accounts.add(name, role, elsewhere=True, now=NOW)
    editor("assign", number, "--to", "li")
    accounts.disable("li", now=NOW)
    for name in ("li", "wang"):
        assert f"{name} cannot work on cases" in editor("assign", number, "--to", name, status=2).stderr
    assert editor.get(number).assignee == "li"
    editor("assign", number, "--to", "Zhao of the night shift")  # who has no account works here, too
