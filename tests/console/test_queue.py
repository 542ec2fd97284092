"""The pages about messages, as editors, supervisors and viewers use them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy.event import listen

from compliance.cases import Kind, State
from compliance.messages import bookmarks, drafts, replies
from compliance.staff import Permission, Role, may
from support.desk import Browser, Office, heading
from support.desk import office as office
from support.editors import PAGE, PICTURE

DAY = timedelta(days=1)
PERSONAL = ("王某", "wang@example.org")


def change(office: Office, number: str, **values: Any) -> dict[str, Any]:
    return {"version": office.get(number).version, "language": "zh_CN", **values}


def listed(browser: Browser, query: str = "") -> list[str]:
    """The numbers on a page of the queue, in order."""
    response = browser.get(f"/messages{query}")
    assert response.status_code == 200
    return re.findall(r'<a href="/cases/([^"]+)"', response.text)


def queries(office: Office, act: Any) -> int:
    ran: list[str] = []

    def count(*call: Any) -> None:
        ran.append(call[2])

    listen(office.console.store.database.engine, "before_cursor_execute", count)
    act()
    return len(ran)


@pytest.fixture
def handler(office: Office) -> Browser:
    office.add("li", full_name="李娜")
    return office.of(office.console.accounts.get("li"))


def test_the_queue_begins_with_what_is_due_and_names_nobody(office: Office, handler: Browser):
    soon, late = office.send("a", days=3), office.send("b", days=30, name=PERSONAL[0], contact=PERSONAL[1])
    assert listed(handler) == [late, soon]
    text = handler.get("/messages?lang=en").text
    assert re.search("Overdue by [0-9]+ working days", text) and "1 working day left" in text
    assert not [word for word in PERSONAL if word in text]


def test_a_filter_is_a_link(office: Office, handler: Browser):
    rumour, terror = (
        office.send("谣言来了"),
        office.send("b", category="terror", page=f"{PAGE}0", page_title="Bridge"),
    )
    held = office.send("c", doubts=("links",))
    mine = office.send("d", category="", kind=Kind.MESSAGE, page="", days=1)
    cases = office.console.store.box.cases
    cases.assign(mine, by="", to="li", now=office.now)
    assert (
        listed(handler, "?assignee=me") == [mine] == listed(handler, "?assignee=li") == listed(handler, "?kind=message")
    )
    assert set(listed(handler, "?assignee=-")) == {rumour, terror}
    assert (
        listed(handler, "?q=谣言")
        == [rumour]
        == listed(handler, "?category=rumour")
        == listed(handler, "?page=/news/1")
    )
    assert listed(handler, "?state=held") == [held]
    assert listed(handler, "?urgent=1") == [terror]
    assert listed(handler, "?since=2026-11-24&sort=newest&state=open") == [terror, rumour]
    assert listed(handler, f"?sort=newest&after={terror}") == [rumour, mine]
    page = handler.get("/messages?group=1&category=rumour").text
    (link,) = re.findall(r'href="(/messages\?[^"]*page=[^"]*)"', page)
    assert listed(handler, unescape(link).removeprefix("/messages")) == [rumour]


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "kind=letter",
        "since=yesterday",
        "until=2026-13-01",
        "after=1",
        "sort=up",
        "urgent=yes",
        "after=R-20261124-000000-7",
        "q=" + "字" * 3000,
        "until=9999-12-31",
    ],
)
def test_a_link_that_cannot_be_read_is_refused_in_words(office: Office, handler: Browser, query: str):
    office.send()
    response = handler.get(f"/messages?{query}")
    assert response.status_code == 400 and 'role="alert"' in response.text


def test_pages_take_as_many_queries_for_few_as_for_many(office: Office, handler: Browser):
    first = office.send("first")
    queue = ("", "?group=1", "?q=不实&sort=newest&state=all", "?overdue=1", "?today=1", f"?after={first}")
    paths = (*(f"/messages{query}" for query in queue), f"/cases/{first}", "/")

    def counted() -> list[int]:
        return [queries(office, lambda path=path: handler.get(path)) for path in paths]

    counted()
    few = counted()
    for place in range(30):
        number = office.send(f"不实 {place}", page=PAGE if place % 2 else f"{PAGE}{place}")
        office.console.store.box.cases.note(number, by="li", text="a", now=office.now)
        office.console.store.box.cases.note(first, by="li", text="b", now=office.now)
    # The listeners of earlier counts go on counting into lists of their own.
    assert counted() == few


def test_a_case_shows_what_was_sent_safely_and_no_contact(office: Office, handler: Browser):
    odd = "<script>alert(1)</script>'\"&lt;"
    number = office.send(odd, page_title=odd, excerpt=odd, subject=odd, name=PERSONAL[0], contact=PERSONAL[1])
    response = handler.get(f"/cases/{number}")
    assert heading(response).endswith(number)
    assert "<script>alert" not in response.text and not [word for word in PERSONAL if word in response.text]
    (frame,) = re.findall(r'<iframe sandbox="allow-same-origin"[^>]* srcdoc="([^"]*)"', response.text)
    assert "<script>alert" not in unescape(frame) and odd in unescape(unescape(frame))
    picture = handler.get(f"/cases/{number}/pictures/1")
    assert (picture.data, picture.mimetype) == (PICTURE.content, PICTURE.mimetype)
    assert handler.get(f"/cases/{number}/pictures/2").status_code == 404
    seen = [(act.action, act.about) for act in office.trail()]
    assert seen == [("case_viewed", number), ("picture_viewed", number)]
    assert handler.get(f"/cases/{number.lower().replace('-', '')}").location == f"/cases/{number}"
    assert handler.get("/cases/R-20261124-000000-7").status_code == 404 == handler.get("/cases/x").status_code


def test_an_answer_is_written_kept_and_sent(office: Office, handler: Browser):
    number = office.send(page_title="两会")
    database = office.console.store.database
    reply = replies.keep(
        database, name="a", language="zh_CN", text="关于《{title}》（{number}）：", by="", now=office.now
    )
    form = {"target": "resolved_action", "text": "您好。", "do": "insert", "reply": str(reply)}
    assert handler.post(f"/cases/{number}/answer", change(office, number, **form)).status_code == 303
    (draft,) = drafts.of_case(database, number)
    assert (draft.text, draft.target, draft.editor) == (
        f"您好。\n\n关于《两会》（{number}）：",
        "resolved_action",
        "li",
    )
    assert unescape(handler.get(f"/cases/{number}").text).count(draft.text) == 1
    written = change(office, number, target="resolved_action", text=f"{draft.text}已更正。")
    assert handler.post(f"/cases/{number}/draft", written).status_code == 204
    assert drafts.of_case(database, number)[0].text.endswith("已更正。")
    assert handler.post(f"/cases/{number}/answer", written).status_code == 303
    case = office.get(number)
    assert (case.state, case.events[-1].text, case.events[-1].actor_name) == ("resolved_action", written["text"], "li")
    assert drafts.of_case(database, number) == []
    assert office.trail()[-1].action == "case_answered"


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"target": "rejected", "text": " "}, 422),
        ({"target": "rejected", "text": "字" * 10_001}, 422),
        ({"target": ""}, 422),
        ({"target": "reopened"}, 409),
        ({"target": "lost"}, 400),
        ({"target": "accepted", "version": "a"}, 400),
        ({"target": "accepted", "version": "99"}, 409),
        ({"target": "accepted", "language": "xx"}, 400),
        ({"target": "accepted", "do": "explode"}, 400),
    ],
)
def test_an_answer_that_cannot_be_sent_changes_nothing(
    office: Office, handler: Browser, values: dict[str, Any], status: int
):
    number = office.send()
    response = handler.post(f"/cases/{number}/answer", change(office, number, **{"text": "您好", **values}))
    assert response.status_code == status
    assert office.get(number).version == 1
    if status in (409, 422):
        assert 'role="alert"' in response.text


def test_the_second_of_two_editors_sees_both_versions_and_loses_nothing(office: Office, handler: Browser):
    number = office.send()
    mine = change(office, number, target="rejected", text="我的答复")
    cases = office.console.store.box.cases
    cases.move(number, State.RESOLVED_ACTION, by="zhao", text="别人的答复", version=1, now=office.now)
    response = handler.post(f"/cases/{number}/answer", mine)
    assert response.status_code == 409
    assert "我的答复" in response.text and "别人的答复" in response.text and 'value="2"' in response.text
    assert [draft.text for draft in drafts.of_case(office.console.store.database, number)] == ["我的答复"]
    assert office.get(number).state == "resolved_action"
    # What was chosen is no move any more; another one is.
    again = change(office, number, target="in_progress", text="我的答复")
    assert handler.post(f"/cases/{number}/answer", again).status_code == 303
    assert office.get(number).events[-1].text == "我的答复"


def test_many_are_shown_then_changed_then_taken_back(office: Office, handler: Browser):
    numbers = [office.send(str(place)) for place in range(3)]
    closed = office.send("closed")
    office.console.store.box.cases.move(closed, State.CLOSED, now=office.now)
    chosen = [f"{number}:1" for number in numbers] + [f"{closed}:2"]
    form: dict[str, Any] = {"case": chosen, "act": "resolved_action", "language": "zh_CN"}
    preview = handler.post("/messages/bulk", form)
    assert preview.status_code == 200 and all(number in preview.text for number in [*numbers, closed])
    assert {office.get(number).state for number in numbers} == {"received"}
    assert handler.post("/messages/bulk", {**form, "do": "go"}).status_code == 422
    text = "您的举报（{number}）已处理。{odd}"
    assert numbers[0] in handler.post("/messages/bulk", {**form, "do": "insert", "text": text}).text
    # Somebody changes one of them between the preview and its confirmation.
    office.console.store.box.cases.note(numbers[1], by="zhao", text="Wait.", now=office.now)
    done = handler.post("/messages/bulk", {**form, "do": "go", "text": text})
    assert done.status_code == 303
    for number in (numbers[0], numbers[2]):
        case = office.get(number)
        assert (case.state, case.events[-1].text) == ("resolved_action", f"您的举报（{number}）已处理。{{odd}}")
    assert office.get(numbers[1]).state == "received"
    page = handler.get(done.location)
    assert numbers[1] in page.text  # told as one that was changed in the meantime
    back = handler.post(f"{done.location}/undo", {"text": "我们再核实一次。"})
    assert back.status_code == 303
    assert {office.get(number).state for number in (numbers[0], numbers[2])} == {"in_progress"}
    assert office.actions()[-1] == "cases_taken_back"


def test_what_is_no_spam_is_let_in_with_one_click(office: Office, handler: Browser):
    number = office.send(doubts=("links",))
    page = handler.get("/messages?state=held").text
    assert f'form="not-spam" name="case" value="{number}:1"' in page
    handler.post("/messages/bulk", {"case": f"{number}:1", "act": "received", "do": "go"})
    assert office.get(number).state == "received"


def test_cases_are_taken_given_and_handed_over(office: Office, handler: Browser):
    office.add("zhao")
    chief = office.of(Role.SUPERVISOR)
    number, other = office.send("a"), office.send("b")
    assert handler.post(f"/cases/{number}/assign", {"to": "zhao", "version": "1"}).status_code == 403
    assert handler.post(f"/cases/{number}/assign", {"to": "li", "version": "1"}).status_code == 303
    assert chief.post(f"/cases/{number}/assign", {"to": "zhao", "version": "1"}).status_code == 409
    assert chief.post(f"/cases/{other}/assign", {"to": "nobody-known", "version": "1"}).status_code == 400
    assert handler.post("/messages/bulk", {"case": f"{other}:1", "act": "give", "to": "zhao"}).status_code == 403
    given = {"case": f"{other}:1", "act": "give", "to": "li", "do": "go"}
    assert chief.post("/messages/bulk", {**given, "to": ""}).status_code == 422
    assert chief.post("/messages/bulk", given).status_code == 303
    assert handler.post("/messages/hand-over", {"whose": "zhao", "to": "li"}).status_code == 403
    assert handler.post("/messages/hand-over", {"whose": "li", "to": "li"}).status_code == 422
    done = handler.post("/messages/hand-over", {"whose": "li", "to": "zhao"})
    assert [office.get(one).assignee for one in (number, other)] == ["zhao", "zhao"]
    assert office.of(office.console.accounts.get("zhao")).post(f"{done.location}/undo").status_code == 403
    assert chief.post(f"{done.location}/undo").status_code == 303
    assert [office.get(one).assignee for one in (number, other)] == ["li", "li"]
    assert chief.post("/messages/hand-over", {"whose": "zhao", "to": ""}).status_code == 422


def test_of_many_who_take_a_case_at_once_one_has_it(office: Office):
    number = office.send()
    names = [office.add(f"editor{place}").name for place in range(6)]
    browsers = [office.of(office.console.accounts.get(name)) for name in names]

    def take(place: int) -> int:
        return browsers[place].post(f"/cases/{number}/assign", {"to": names[place], "version": "1"}).status_code

    with ThreadPoolExecutor(len(names)) as pool:
        answers = list(pool.map(take, range(len(names))))
    assert sorted(answers) == [303] + [409] * 5
    case = office.get(number)
    assert (case.assignee, case.version) == (names[answers.index(303)], 2)
    assert office.actions().count("case_assigned") == 1


def test_what_describes_a_field_of_a_case_is_there_once(office: Office):
    text = office.of(Role.SUPERVISOR).get(f"/cases/{office.send(contact=PERSONAL[1])}").text
    ids = re.findall(r'\sid="([^"]+)"', text)
    named = re.findall(r'\sfor="([^"]+)"', text) + " ".join(re.findall(r'describedby="([^"]+)"', text)).split()
    assert len(ids) == len(set(ids)) and set(named) <= set(ids) and {"hold", "hold-hint", "reason-hint"} <= set(named)


def test_a_contact_is_revealed_for_a_reason_that_is_noted(office: Office, handler: Browser):
    number = office.send(name=PERSONAL[0], contact=PERSONAL[1])
    assert handler.post(f"/cases/{number}/reveal", {"reason": " "}).status_code == 422
    assert len(office.get(number).events) == 1
    response = handler.post(f"/cases/{number}/reveal", {"reason": "电话核实"})
    assert response.status_code == 200 and all(word in response.text for word in PERSONAL)
    shown = handler.post(f"/cases/{number}/reveal?lang=zh_CN", {"reason": "电话核实"}).text
    assert f'<dt>姓名</dt><dd dir="auto">{PERSONAL[0]}</dd>' in shown
    act = office.trail()[-1]
    assert (act.action, act.about, act.said["reason"]) == ("contact_revealed", number, "电话核实")
    event = office.get(number).events[-1]
    assert (event.kind, event.text, event.public) == ("viewed", "电话核实", False)
    # Later on one has to prove again who one is, and before that nothing is shown.
    office.wait(minutes=30)
    later = handler.post(f"/cases/{number}/reveal", {"reason": "again"})
    assert later.status_code == 403 and not [word for word in PERSONAL if word in later.text]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reads_and_changes_what_its_table_says(office: Office, role: Role):
    number = office.send(name=PERSONAL[0], contact=PERSONAL[1])
    browser = office.of(role)
    reads, handles, directs, reveals = (
        may(role, Permission(name)) for name in ("read_cases", "handle_cases", "direct_cases", "reveal_contacts")
    )
    form = {"version": "1", "target": "accepted", "language": "zh_CN", "text": "a", "name": "a", "reason": "a"}
    asked = [
        *(
            (reads, "get", path)
            for path in ("/messages", f"/cases/{number}", f"/cases/{number}/pictures/1", "/messages/keys")
        ),
        *((handles, "get", path) for path in ("/messages/replies", "/messages/hand-over")),
        (reveals, "post", f"/cases/{number}/reveal"),
        *((handles, "post", f"/cases/{number}/{name}") for name in ("draft", "note")),
        (handles, "post", "/messages/bulk"),
        *((directs, "post", path) for path in (f"/cases/{number}/hold", "/messages/replies")),
    ]
    for allowed, method, path in asked:
        response = getattr(browser, method)(path, **({"data": form} if method == "post" else {}))
        assert (response.status_code != 403) == allowed, path
        if not allowed:
            assert not [word for word in PERSONAL if word in response.text]


def test_a_case_is_held_for_a_reason_and_released(office: Office, handler: Browser):
    number, chief = office.send(), office.of(Role.SUPERVISOR)
    assert handler.post(f"/cases/{number}/hold", {"reason": "lawsuit"}).status_code == 403
    for reason in ("lawsuit 7", ""):
        assert chief.post(f"/cases/{number}/hold", {"reason": reason}).status_code == 303
        assert office.get(number).hold == reason
    assert office.actions()[-2:] == ["case_held", "case_held"]


def test_replies_have_known_places_only(office: Office, handler: Browser):
    chief = office.of(Role.SUPERVISOR)
    form = {"name": "a", "language": "zh_CN", "text": "{number} {contact}"}
    refused = chief.post("/messages/replies", form)
    assert refused.status_code == 422 and "contact" in refused.text and "{number} {contact}" in unescape(refused.text)
    assert chief.post("/messages/replies", {**form, "text": "{number}"}).status_code == 303
    (kept,) = replies.replies(office.console.store.database)
    assert handler.get("/messages/replies").text.count("{number}") >= 2
    assert chief.post("/messages/replies", {**form, "id": str(kept.id), "text": "再见"}).status_code == 303
    assert chief.post("/messages/replies", {**form, "id": "x", "text": "a"}).status_code == 400
    assert chief.post(f"/messages/replies/{kept.id}/discard").status_code == 303
    assert replies.replies(office.console.store.database) == []


def test_a_search_is_kept_under_a_name(office: Office, handler: Browser):
    kept = handler.post("/messages/searches", {"name": "Late", "query": "overdue=1&nonsense=2", "shared": "on"})
    assert kept.location == "/messages?overdue=1"
    (one,) = bookmarks.bookmarks(office.console.store.database, "zhao")
    assert (one.name, one.query) == ("Late", "overdue=1")
    assert ">Late" in office.of(Role.VIEWER).get("/messages").text
    office.of(Role.VIEWER).post(f"/messages/searches/{one.id}/discard")
    assert bookmarks.bookmarks(office.console.store.database, "li") == [one]
    handler.post(f"/messages/searches/{one.id}/discard")
    assert bookmarks.bookmarks(office.console.store.database, "li") == []
    assert handler.post("/messages/searches", {"name": "a", "query": "state=lost"}).status_code == 400


def test_a_form_without_its_token_changes_nothing(office: Office, handler: Browser):
    number = office.send()
    form = change(office, number, target="accepted")
    assert handler.post(f"/cases/{number}/answer", form, token=False).status_code == 400
    assert office.get(number).state == "received"


@pytest.mark.parametrize("gone", ["disabled", "a viewer now"])
def test_case_goes_back_to_nobody_who_cannot_work_on_it_any_more(office: Office, gone: str):
    li, zhao = office.add("li"), office.add("zhao")
    number, other = office.send("one"), office.send("two")
    office.console.store.box.cases.assign(number, by="li", to="li", now=office.now)
    form = {"case": [f"{one}:{office.get(one).version}" for one in (number, other)]}
    chief = office.of(Role.SUPERVISOR)
    done = chief.post("/messages/bulk", {**form, "act": "give", "to": "zhao", "do": "go"})
    assert {office.get(one).assignee for one in (number, other)} == {"zhao"}
    if gone == "disabled":
        office.console.accounts.disable(li.name, now=office.now)
    else:
        office.console.accounts.set_role(li.name, Role.VIEWER)
    page = chief.get(done.location).text
    assert "stays: li cannot work on it any more" in page and "Take it back for 1 case" in page
    after = chief.post(f"{done.location}/undo", follow_redirects=True).text
    assert "Taken back: 1 of 2 cases." in after and f"cannot work on them any more: {number}" in after
    assert (office.get(number).assignee, office.get(other).assignee) == (zhao.name, "")


def test_account_that_cannot_work_any_more_tells_of_its_open_cases(office: Office):
    office.add("li")
    office.console.store.box.cases.assign(office.send(), by="li", to="li", now=office.now)
    browser = office.of(Role.ADMINISTRATOR)
    assert "still with this account" not in browser.get("/accounts/li").text
    office.console.accounts.disable("li", now=office.now)
    page = browser.get("/accounts/li").text
    assert "1 open case is still with this account" in page and 'href="/messages/hand-over?whose=li"' in page
    assert '<option value="li" selected>' in browser.get("/messages/hand-over?whose=li").text
    assert '<option value="li" selected>' in browser.get("/messages?assignee=li").text


def test_shared_search_of_somebody_who_has_gone_is_let_go_of_by_a_supervisor(office: Office, handler: Browser):
    for shared in ({"shared": "on"}, {}):
        handler.post("/messages/searches", {"name": "Rumours", "query": "category=rumour", **shared})
    kept = {one.shared: one for one in bookmarks.bookmarks(office.console.store.database, "li")}
    for who, left in ((Role.HANDLER, [*kept.values()]), (Role.SUPERVISOR, [kept[False]])):
        browser = office.of(who)
        for one in kept.values():
            browser.post(f"/messages/searches/{one.id}/discard")
        found = bookmarks.bookmarks(office.console.store.database, "li")
        assert {one.id for one in found} == {one.id for one in left}
