"""The first page, and how the parts do."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

from sqlalchemy import update

from compliance.audit.looks import History, Look
from compliance.cases import State
from compliance.messages import drafts
from compliance.staff import Role
from compliance.store.tables import outbox
from support.desk import Office
from support.desk import office as office
from support.host import SETTINGS


def cards(text: str) -> dict[str, str]:
    return {name: count for count, name in re.findall(r"<strong[^>]*>([0-9]+)</strong> ([^<]+)</a>", text)}


def test_the_first_page_says_what_is_due_and_what_somebody_should_look_at(office: Office) -> None:
    late, today = office.send("late", days=30), office.send("today", category="terror", days=1)
    later = office.send("later")
    office.wait(hours=1)
    office.console.store.box.cases.assign(later, by="", to="handler", now=office.now)
    office.add("zhao", full_name="赵敏")
    for editor, number, review in (("zhao", late, True), ("zhao", today, False), ("handler", later, False)):
        drafts.save(
            office.console.store.database,
            number,
            editor=editor,
            target=State.REJECTED,
            language="en",
            text=f"draft of {editor} about {number}",
            review=review,
            version=1,
            now=office.now,
        )
    text = office.of(Role.HANDLER).get("/?lang=en").text
    waiting = {"Mine": "1", "Nobody&#39;s": "2", "Due today": "2", "Overdue": "2", "Held back": "0"}
    assert cards(text) == {**waiting, "For a second look": "1"}
    assert f"draft of zhao about {late}" in text and f"draft of zhao about {today}" not in text
    assert f"draft of handler about {later}" in text
    assert "How the parts do" not in text


def test_who_reads_no_cases_sees_none_on_the_first_page(office: Office) -> None:
    number = office.send("secret")
    text = office.of(Role.AUDITOR).get("/?lang=en").text
    assert not cards(text) and number not in text and "How the parts do" in text


# What a page that is open asks for by itself

LIVE = {"HX-Request": "true", "HX-Current-URL": "http://localhost/messages?state=held"}


def test_counts_are_told_anew_only_where_they_are_others(office: Office) -> None:
    office.send("late", days=30)
    browser = office.of(Role.HANDLER)
    first = browser.get("/counts?lang=en", headers=LIVE)
    assert 'data-count="1"' in first.text and "Overdue: 1." not in first.text  # nothing has changed: nothing is said
    (again,) = re.findall(r'hx-get="(/counts[^"]+)"', first.text)
    assert browser.get(unescape(again), headers=LIVE).status_code == 204
    office.send("held", doubts=("words",))
    assert "Overdue: 1. For a second look: 0. Held back: 1." in browser.get(unescape(again), headers=LIVE).text


def test_a_page_that_asks_by_itself_keeps_no_session_alive(office: Office) -> None:
    browser = office.of(Role.HANDLER)
    for _ in range(5):
        office.wait(minutes=11)
        assert browser.get("/counts", headers=LIVE).status_code == 200
    office.wait(minutes=11)
    over = browser.get("/counts?lang=en", headers=LIVE)
    assert over.status_code == 401 and "You are signed out" in over.text and "hx-get" not in over.text
    assert "/sign-in?next=/messages?state%3Dheld" in over.text


def test_a_page_that_asks_by_itself_is_told_that_the_database_is_away(office: Office) -> None:
    browser = office.of(Role.HANDLER)
    assert browser.get("/?lang=en").status_code == 200
    file = Path(str(office.console.store.database.engine.url.database))
    office.console.store.database.close()
    file.write_bytes(b"no database" * 1_000)
    away = browser.get("/counts", headers=LIVE)
    assert away.status_code == 503 and "The database does not answer" in away.text and "hx-get" not in away.text
    assert "<html" not in away.text


def test_what_was_given_up_is_told_and_tried_again(tmp_path: Path) -> None:
    office = Office(tmp_path, {**SETTINGS, "messages": {"deliver_to": ["editors@example.org"]}})
    number = office.send("a")
    chief = office.of(Role.SUPERVISOR)
    database = office.console.store.database
    database.write(lambda connection: connection.execute(update(outbox).values(state="dead", error="refused")))
    assert "Notices and letters" in chief.get("/?lang=en").text
    page = chief.get("/health?lang=en").text
    assert number in page and "refused" in page and "were given up" in page and "Last message accepted" in page
    assert office.of(Role.AUDITOR).post("/health/retry").status_code == 403
    assert chief.post("/health/retry").status_code == 303
    assert "1 wait, 0 were given up" in chief.get("/health").text
    act = office.trail()[-1]
    assert (act.action, act.said["count"]) == ("deliveries_retried", 1)


def test_last_look_at_the_site_is_told_with_what_is_new(tmp_path: Path) -> None:
    file = tmp_path / "looks.jsonl"
    office = Office(tmp_path, history=file)
    chief = office.of(Role.SUPERVISOR)
    assert "No look was kept yet" in chief.get("/health?lang=en").text
    first = Look(target="https://a.example", time=office.now, findings={}, numbers={}, trackers={}, unread={})
    history = History(file)
    history.add(first)
    assert "The first look" in chief.get("/health").text
    hosts = {"stats.example": "https://a.example/1", "www.google-analytics.com": "https://a.example/2"}
    for day, seen in ((1, {"www.google-analytics.com": "https://a.example/9"}), (2, hosts)):
        history.add(first.model_copy(update={"trackers": seen, "time": office.now + timedelta(days=day)}))
    page = chief.get("/health").text
    assert "pages load from stats.example now" in page
    for host, day in (("stats.example", 2), ("www.google-analytics.com", 1)):
        row = page.partition(f'<th scope="row">{host}</th>')[2].partition("</tr>")[0]
        seen = (office.now + timedelta(days=day)).isoformat(timespec="seconds")
        assert f'datetime="{seen}"' in row and f"https://a.example/{3 - day}" in row
    assert "[[consent.trackers]]" in page
    file.write_text("no look\n")
    page = chief.get("/health")
    assert page.status_code == 200 and "is no look of" in page.text


def test_version_of_the_policies_stands_among_the_parts(office: Office) -> None:
    page = office.of(Role.AUDITOR).get("/health?lang=en").text
    assert office.console.documents.policy(office.now.date()) in page.partition("Version of the policies")[2]
    assert "The last look at the site" not in page
