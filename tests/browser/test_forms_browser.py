"""The forms as readers fill them in: over the page and on pages of their own, with and without JavaScript."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, Response
from PIL import Image
from sqlalchemy import select
from test_browser import HOSTS, LOOK

from compliance import Compliance
from compliance.cases import State
from compliance.messages import Box
from compliance.store import Database
from compliance.store.tables import attachment, message
from support.browser import Browser, Page, Route, expect, serving
from support.browser import chromium as chromium
from support.browser import open_page as open_page
from support.host import create_app

POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; worker-src 'self'"
FOOTER = "[data-compliance=footer]"
DIALOG = "dialog.compliance-dialog"
FAILED = ".compliance-failed:not([hidden])"
KEEP = "We have it. Please keep this number and this code"
STYLED = (
    "<!doctype html><html lang={lang}><meta name=viewport content='width=device-width'><title>Styled</title>"
    "<link rel=stylesheet href=/site.css><body><main><h1>News</h1></main></body></html>"
)
TEXT = "The year in the third paragraph is wrong."


class Site:
    """A running site: its address, and what it has kept."""

    def __init__(self, url: str, app: Flask) -> None:
        self.url = url
        self.box: Box = app.extensions["compliance"].box
        self.database: Database = app.extensions["compliance"].database

    @property
    def kept(self) -> list[Any]:
        with self.database.reading() as connection:
            return list(connection.execute(select(message)))

    @property
    def pictures(self) -> int:
        with self.database.reading() as connection:
            return len(connection.execute(select(attachment.c.id)).all())


def create_site(settings: dict[str, Any], *, policy: str = POLICY, css: str = "") -> Flask:
    """A news site under a strict policy, in English at `/`, in Chinese at `/zh`."""
    app = create_app()
    for path, lang in (("/styled", "en"), ("/styled/zh", "zh-CN")):
        app.add_url_rule(path, path, STYLED.format(lang=lang).__str__)
    app.add_url_rule("/site.css", "css", lambda: Response(css, mimetype="text/css"))
    app.add_url_rule("/favicon.ico", "icon", lambda: Response(status=204))

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        return response

    settings["consent"]["position"] = "flow"
    Compliance(app, settings=settings)
    return app


@pytest.fixture
def site(settings: dict[str, Any]) -> Iterator[Site]:
    app = create_site(settings)
    with serving(app) as url:
        yield Site(url, app)


def open_form(page: Page, name: str = "Leaving a message") -> Any:
    """Open a form of the footer over the page."""
    page.locator(FOOTER).get_by_role("link", name=name).click()
    dialog = page.locator(DIALOG)
    expect(dialog).to_be_visible()
    return dialog


def fill_report(place: Any) -> None:
    place.get_by_label("Category").select_option("Rumours")
    place.get_by_label("Address of the page").fill("/news/1")
    place.get_by_label("What is wrong with it").fill("The flood that it tells of did not happen.")
    place.get_by_label("What I report is true").check()


def send(place: Any) -> None:
    place.locator("form[data-styles] .compliance-buttons button").click()


def picture() -> dict[str, Any]:
    file = BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    return {"name": "proof.png", "mimeType": "image/png", "buffer": file.getvalue()}


# Over the page


def test_message_is_sent_from_the_page_it_is_about(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    expect(dialog.get_by_role("heading", level=1)).to_be_focused()
    expect(dialog.get_by_label("Address of the page")).to_have_value(f"{site.url}/")
    dialog.get_by_label("Your message").fill(TEXT)
    send(dialog)
    expect(dialog.get_by_role("heading", name=KEEP)).to_be_focused()
    [kept] = site.kept
    expect(dialog.get_by_text(kept.number)).to_be_visible()
    # The widget's proof was taken: nobody has to look whether a person wrote this.
    assert (kept.state, kept.page_title) == ("received", "News")
    assert page.url == f"{site.url}/"
    dialog.get_by_role("link", name="Open the page of this receipt").click()
    expect(page.get_by_text(kept.number)).to_be_visible()


def test_a_report_is_sent_from_the_page_it_is_about(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/zh")
    dialog = open_form(page, "网上举报")
    dialog.get_by_label("举报类别").select_option("谣言类")
    dialog.get_by_label("举报说明").fill("文中所述洪水并未发生。")
    dialog.get_by_label("我承诺据实举报，所述情况据我所知属实。").check()
    send(dialog)
    expect(dialog.get_by_text("提交成功，请保存登记编号和查询码")).to_be_visible()
    [kept] = site.kept
    assert (kept.kind, kept.category, kept.language, kept.page) == ("report", "rumour", "zh_CN", f"{site.url}/zh")


def test_nothing_of_the_form_is_loaded_before_it_is_wanted(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page("about:blank")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.goto(site.url, wait_until="networkidle")
    assert not [url for url in loaded if "form." in url or "altcha" in url or "challenge" in url]
    dialog = open_form(page)
    assert not [url for url in loaded if "altcha" in url or "challenge" in url]
    with page.expect_request("**/challenge/message"):
        dialog.get_by_label("Your message").focus()


@pytest.mark.parametrize("leave", ["Escape", "Close"])
def test_a_closed_dialog_gives_the_focus_back_and_keeps_the_text(
    site: Site, open_page: Callable[..., Page], leave: str
) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)
    if leave == "Escape":
        page.keyboard.press("Escape")
    else:
        dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Leaving a message")).to_be_focused()
    expect(open_form(page).get_by_label("Your message")).to_have_value(TEXT)


def test_after_a_receipt_the_next_form_is_an_empty_one(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    for number in (1, 2):
        dialog = open_form(page)
        dialog.get_by_label("Your message").fill(f"{TEXT} {number}")
        send(dialog)
        expect(dialog.get_by_text(KEEP)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(DIALOG)).to_have_count(0)
    assert len(site.kept) == 2


def test_the_keyboard_alone_is_enough(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    page.get_by_role("link", name="Leaving a message").focus()
    page.keyboard.press("Enter")
    expect(page.locator(DIALOG).get_by_role("heading", level=1)).to_be_focused()

    def tab_to(role: str, name: str) -> None:
        wanted = page.locator(DIALOG).get_by_role(role, name=name)
        for _ in range(20):
            page.keyboard.press("Tab")
            if wanted.evaluate("node => node.getRootNode().activeElement === node"):
                return
        raise AssertionError(f"Tab does not reach {name!r}")

    tab_to("textbox", "Your message")
    page.keyboard.type(TEXT)
    tab_to("button", "Send")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=KEEP)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Leaving a message")).to_be_focused()


def test_a_link_opened_elsewhere_is_left_to_the_browser(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Leaving a message").click(modifiers=["Control"])
    expect(opened.value.get_by_label("Your message")).to_be_visible()
    expect(page.locator(DIALOG)).to_have_count(0)


@pytest.mark.parametrize("broken", ["**/form.*.js", "**/compliance/message"])
def test_where_the_form_cannot_be_shown_the_link_leads_to_it(
    site: Site, open_page: Callable[..., Page], broken: str
) -> None:
    page = open_page(site.url)
    failures: list[Route] = []

    def fail_once(route: Route) -> None:
        failures.append(route)
        route.abort() if len(failures) == 1 else route.continue_()

    page.route(broken, fail_once)
    page.get_by_role("link", name="Leaving a message").click()
    page.wait_for_url("**/compliance/message")
    expect(page.get_by_label("Your message")).to_be_visible()


@pytest.mark.parametrize("css", ["unset", "preflight", "classless"])
def test_css_of_the_site_does_not_reach_the_dialog(
    settings: dict[str, Any], open_page: Callable[..., Page], css: str
) -> None:
    looks = []
    for host in ("plain", css):
        rules = HOSTS[host] + "body{margin:0!important;font-family:serif!important}"
        with serving(create_site(settings, css=rules)) as url:
            page = open_page(f"{url}/styled")
            open_form(page)
            looks.append(page.eval_on_selector_all(f"{DIALOG}, {DIALOG} *", LOOK))
    assert len(looks[0]) > 50
    for bare, styled in zip(*looks, strict=True):
        assert styled == bare


def test_the_dialog_adds_one_node_to_the_page_and_no_style(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    theirs = "document.querySelectorAll(':not([data-compliance], [data-compliance] *)').length"
    styles = "document.styleSheets.length"
    before = page.evaluate(theirs), page.evaluate(styles)
    open_form(page)
    assert (page.evaluate(theirs), page.evaluate(styles)) == before
    assert page.locator("body > [data-compliance=dialog]").count() == 1


# What is wrong


def test_what_is_wrong_is_told_at_once_and_led_to(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page, "Report illegal information online")
    dialog.get_by_label("Address of the page").fill("")
    dialog.get_by_role("textbox", name="Name (optional)").fill("Wang")
    dialog.get_by_label("Pictures as evidence").set_input_files([picture()])
    send(dialog)
    summary = dialog.locator(FAILED)
    expect(summary).to_be_focused()
    assert [link.inner_text() for link in summary.get_by_role("link").all()] == [
        "Please choose what it is about.",
        "Please give the address of the page, or say below where the information stands.",
        "Please say what is wrong with it.",
        "Please confirm that what you report is true as far as you know.",
    ]
    summary.get_by_role("link").first.click()
    expect(dialog.get_by_label("Category")).to_be_focused()
    assert page.url == f"{site.url}/"
    told = dialog.get_by_label("Category").evaluate(
        "node => node.getAttribute('aria-describedby').split(' ').map(id => node.getRootNode().getElementById(id))"
        ".map(note => note.textContent)"
    )
    assert told[-1] == "Please choose what it is about."
    # Nothing is lost: neither the text nor the chosen picture.
    expect(dialog.get_by_role("textbox", name="Name (optional)")).to_have_value("Wang")
    fill_report(dialog)
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert site.pictures == 1 and site.kept[0].state == "received"


def test_the_page_of_a_form_says_what_is_wrong_in_the_readers_language(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(f"{site.url}/compliance/message?lang=zh-CN")
    send(page)
    expect(page.locator(FAILED)).to_be_focused()
    expect(page.locator(FAILED)).to_contain_text("请填写留言内容。")
    assert page.title().startswith("有误：")
    page.get_by_label("留言内容").fill("第三段的年份有误。")
    send(page)
    page.wait_for_url("**/receipt/**")
    assert [kept.state for kept in site.kept] == ["received"]


def test_without_javascript_the_focus_goes_to_what_is_wrong(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/compliance/message", java_script_enabled=False)
    page.get_by_label("Your message").fill("\u200b\u200b")
    page.get_by_label("Pictures").set_input_files([picture()])
    send(page)
    expect(page.locator(FAILED)).to_be_focused()
    expect(page.locator(FAILED)).to_contain_text("Pictures have to be chosen again.")


# What must not be lost, and not be twice


def test_clicked_twice_it_is_one_message(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)
    dialog.get_by_role("button", name="Send").dblclick()
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert len(site.kept) == 1


def test_offline_the_text_stays_and_is_sent_again(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)
    page.context.set_offline(True)
    send(dialog)
    expect(dialog.locator(FAILED)).to_be_focused()
    expect(dialog.locator(FAILED).get_by_role("link", name="+86-23-67158993")).to_be_visible()
    expect(dialog.get_by_label("Your message")).to_have_value(TEXT)
    page.context.set_offline(False)
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert len(site.kept) == 1


def test_an_answer_that_gets_lost_makes_no_second_message(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/compliance/message", lose)
    send(dialog)
    expect(dialog.locator(FAILED)).to_be_focused()
    [kept] = site.kept
    page.unroute("**/compliance/message")
    send(dialog)
    expect(dialog.get_by_text(kept.number)).to_be_visible()
    assert len(site.kept) == 1


def test_what_is_changed_after_a_lost_answer_becomes_a_second_message_only_when_sent_again(
    site: Site, open_page: Callable[..., Page]
) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)

    def lose(route: Route) -> None:
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/compliance/message", lose, times=1)
    send(dialog)
    expect(dialog.locator(FAILED)).to_be_focused()
    dialog.get_by_label("Your message").fill(f"{TEXT} And in the fourth.")
    send(dialog)
    expect(dialog.locator(FAILED)).to_contain_text("has arrived already")
    assert len(site.kept) == 1
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert [kept.body for kept in site.kept] == [TEXT, f"{TEXT} And in the fourth."]


def test_a_locked_database_loses_no_text(site: Site, open_page: Callable[..., Page], settings: dict[str, Any]) -> None:
    page = open_page(site.url)
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)
    assert site.kept == []  # the tables are there
    with site.database.reading() as connection:
        file = connection.exec_driver_sql("PRAGMA database_list").first()[2]
    lock = sqlite3.connect(file, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        send(dialog)
        expect(dialog.locator(FAILED)).to_contain_text("could not be kept just now", timeout=30_000)
    finally:
        lock.close()
    expect(dialog.locator(FAILED).get_by_role("link", name="+86-23-67158993")).to_be_visible()
    expect(dialog.get_by_label("Your message")).to_have_value(TEXT)
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert len(site.kept) == 1


# Where no proof of work can be made


def test_without_javascript_a_message_waits_for_an_editor(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/zh", java_script_enabled=False)
    page.locator(FOOTER).get_by_role("link", name="留言").click()
    expect(page.get_by_label("网页地址")).to_have_value(f"{site.url}/zh")
    page.get_by_label("留言内容").fill("第三段的年份有误。")
    send(page)
    [kept] = site.kept
    expect(page).to_have_url(f"{site.url}/compliance/receipt/{kept.number}?lang=zh-CN")
    expect(page.get_by_text(kept.number)).to_be_visible()
    assert kept.state == "quarantined"


def test_without_https_a_message_waits_for_an_editor(
    site: Site, open_page: Callable[..., Page], settings: dict[str, Any]
) -> None:
    page = open_page(site.url.replace("127.0.0.1", "news.test"))
    assert not page.evaluate("isSecureContext")
    dialog = open_form(page)
    dialog.get_by_label("Address of the page").fill("/")
    dialog.get_by_label("Your message").fill(TEXT)
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert [kept.state for kept in site.kept] == ["quarantined"]


def test_without_the_widget_a_message_waits_for_an_editor(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(site.url)
    page.route("**/altcha/**", lambda route: route.abort())
    dialog = open_form(page)
    dialog.get_by_label("Your message").fill(TEXT)
    send(dialog)
    expect(dialog.get_by_text(KEEP)).to_be_visible()
    assert [kept.state for kept in site.kept] == ["quarantined"]


@pytest.mark.parametrize("types", ["'none'", "svelte-trusted-html"])
def test_under_trusted_types_a_message_waits_for_an_editor(
    settings: dict[str, Any], chromium: Browser, types: str
) -> None:
    app = create_site(settings, policy=f"{POLICY}; require-trusted-types-for 'script'; trusted-types {types}")
    with serving(app) as url, chromium.new_context() as context:
        page = context.new_page()
        page.goto(url)
        dialog = open_form(page)
        dialog.get_by_label("Your message").fill(TEXT)
        send(dialog)
        expect(dialog.get_by_text(KEEP)).to_be_visible(timeout=60_000)
        assert [kept.state for kept in Site(url, app).kept] == ["quarantined"]


# What belongs to a kind


@pytest.mark.parametrize("javascript", [True, False])
def test_fields_of_a_kind_are_shown_with_it(site: Site, open_page: Callable[..., Page], javascript: bool) -> None:
    page = open_page(f"{site.url}/compliance/message", java_script_enabled=javascript)
    expect(page.get_by_label("What do you ask for?")).to_be_hidden()
    page.get_by_label("A request about my personal information").check()
    expect(page.get_by_label("What do you ask for?")).to_be_visible()
    expect(page.get_by_label("Address of the page")).to_be_hidden()
    expect(page.get_by_text("answered within 15 working days")).to_be_visible()
    page.goto(f"{site.url}/compliance/report")
    expect(page.get_by_label("In this infringement you are")).to_be_hidden()
    page.get_by_label("Category").select_option("Infringement of personal rights")
    expect(page.get_by_label("In this infringement you are")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name (optional)")).to_have_count(0)
    expect(page.get_by_role("group", name="About the enterprise")).to_be_hidden()
    page.get_by_label("Category").select_option("Infringement of the rights of businesses")
    expect(page.get_by_label("In this infringement you are")).to_be_visible()
    expect(page.get_by_label("Unified social credit code")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name (optional)")).to_have_count(0)


def test_categories_of_the_national_centre_come_first(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/compliance/report")
    groups = page.eval_on_selector_all("optgroup", "all => all.map(group => [group.label, group.children.length])")
    assert groups == [["Categories of China’s national reporting centre (12377)", 8], ["Further categories", 7]]


def test_a_link_fills_in_the_page_and_nothing_that_a_reader_would_say(
    site: Site, open_page: Callable[..., Page]
) -> None:
    query = "page=/news/1&title=Flood&category=rumour&body=Pay%20me&contact=me@example.org"
    page = open_page(f"{site.url}/compliance/report?{query}")
    expect(page.get_by_label("Address of the page")).to_have_value("/news/1")
    expect(page.get_by_label("Category")).to_have_value("rumour")
    expect(page.get_by_label("What is wrong with it")).to_have_value("")
    expect(page.get_by_label("E-mail or telephone")).to_have_value("")


def test_the_trap_is_for_robots_alone(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{site.url}/compliance/report")
    trap = page.locator("[name=website]")
    assert trap.evaluate("node => node.getBoundingClientRect().width * node.parentNode.parentNode.clientHeight") < 400
    assert trap.evaluate("node => { node.focus(); return document.activeElement === node }") is False
    expect(page.get_by_role("textbox", name="Leave this empty")).to_have_count(0)


# The receipt


@pytest.fixture
def receipt(site: Site, open_page: Callable[..., Page]) -> Page:
    """The page of a receipt, right after a report."""
    page = open_page(f"{site.url}/compliance/report", permissions=["clipboard-read", "clipboard-write"])
    fill_report(page)
    send(page)
    page.wait_for_url("**/receipt/**")
    return page


def test_number_and_code_are_copied_together(site: Site, receipt: Page) -> None:
    [kept] = site.kept
    receipt.get_by_role("button", name="Copy both").click()
    expect(receipt.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = receipt.evaluate("navigator.clipboard.readText()")
    assert f"Receipt number: {kept.number}\nCode: " in copied
    assert copied.endswith(f"https://www.ichongqing.info/compliance/receipt/{kept.number}")


def test_a_printed_receipt_says_what_is_needed_and_has_no_buttons(site: Site, receipt: Page) -> None:
    [kept] = site.kept
    receipt.emulate_media(media="print")
    for shown in (receipt.get_by_text(kept.number), receipt.get_by_text("iChongqing, "), receipt.get_by_role("img")):
        expect(shown.first).to_be_visible()
    for button in receipt.locator("main button").all():
        expect(button).to_be_hidden()


def test_the_result_stands_out_and_the_times_are_those_of_china(site: Site, receipt: Page) -> None:
    [kept] = site.kept
    said = "We have taken the article down.\nThank you."
    site.box.cases.move(kept.number, State.RESOLVED_ACTION, text=said, now=datetime(2026, 11, 24, 18, 5, tzinfo=UTC))
    receipt.reload()
    result = receipt.get_by_role("region", name="Handled: action was taken")
    assert result.inner_text().endswith(said)
    expect(receipt.locator(".compliance-timeline time").last).to_have_text("November 25, 2026 02:05")
    receipt.goto(f"{receipt.url}?lang=zh-CN")
    expect(receipt.locator(".compliance-timeline time").last).to_have_text("2026年11月25日 02:05")
    expect(receipt.get_by_role("region", name="已办结：已依法依规处置")).to_be_visible()


def test_a_case_is_added_to_closed_and_taken_up_again(site: Site, receipt: Page) -> None:
    receipt.get_by_label("Text").fill("It is on the front page, too.")
    receipt.get_by_role("button", name="Send").click()
    expect(receipt.get_by_text("It is on the front page, too.")).to_be_visible()
    receipt.get_by_role("button", name="I need no answer any more").click()
    expect(receipt.get_by_label("Text")).to_have_count(0)
    receipt.get_by_role("button", name="Take it up again").click()
    expect(receipt.get_by_role("button", name="I need no answer any more")).to_be_visible()


def test_a_forgotten_code_is_asked_for(site: Site, receipt: Page) -> None:
    [kept] = site.kept
    code = receipt.locator(".compliance-copied").last.inner_text()
    receipt.get_by_role("button", name="Forget the code").click()
    expect(receipt.get_by_label("Receipt number")).to_have_value(kept.number)
    receipt.get_by_label("Code").fill("AAAA-BBBB-CCCC-DDDD")
    receipt.get_by_role("button", name="Show").click()
    expect(receipt.locator(FAILED)).to_be_focused()
    receipt.get_by_label("Code").fill(code.lower().replace("-", " "))
    receipt.get_by_role("button", name="Show").click()
    expect(receipt.get_by_text(kept.number)).to_be_visible()


# How it looks


def check(page: Page) -> None:
    """Fail where axe finds something, a target is small or the page scrolls sideways."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    # Else axe copies the stylesheets of the shadow tree into the page, which its policy forbids.
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    assert json.dumps([(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]) == "[]"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.eval_on_selector_all(
        ".compliance-form :is(select, textarea, input:not([type=hidden], [inert] *)), .compliance-buttons button, "
        ".compliance-close, summary, .compliance-ways a",
        """all => all.filter(node => node.checkVisibility())
            .map(node => [node.outerHTML.slice(0, 80), (node.closest('.compliance-choice') ?? node).offsetHeight])
            .filter(([html, height]) => height < 44)""",
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
def test_every_page_can_be_used_by_everybody(
    site: Site, open_page: Callable[..., Page], lang: str, scheme: str
) -> None:
    page = open_page(
        f"{site.url}/compliance/case?lang={lang}", color_scheme=scheme, viewport={"width": 360, "height": 740}
    )
    check(page)
    page.goto(f"{site.url}/compliance/message?lang={lang}")
    check(page)
    send(page)
    expect(page.locator(FAILED)).to_be_focused()
    check(page)
    page.goto(f"{site.url}/compliance/report?lang={lang}")
    check(page)
    page.locator("[name=category]").select_option("rumour")
    page.locator("[name=page]").fill("/")
    page.locator("[name=body]").fill(TEXT)
    page.locator("[name=truth]").check()
    send(page)
    page.wait_for_url("**/receipt/**")
    [kept] = site.kept
    site.box.cases.move(kept.number, State.RESOLVED_ACTION, text=TEXT, now=datetime.now(UTC))
    page.reload()
    check(page)


@pytest.mark.parametrize(("width", "height"), [(320, 256), (360, 740), (1440, 900)])
@pytest.mark.parametrize("path", ["/styled", "/styled/zh"])
def test_the_dialog_can_be_used_by_everybody(
    site: Site, open_page: Callable[..., Page], path: str, width: int, height: int
) -> None:
    page = open_page(site.url + path, viewport={"width": width, "height": height})
    page.locator(f"{FOOTER} [data-compliance=report] a[data-form]").click()
    dialog = page.locator(DIALOG)
    expect(dialog).to_be_visible()
    check(page)
    assert dialog.evaluate("node => node.scrollWidth <= node.clientWidth")
    box = dialog.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
    send(dialog)
    expect(dialog.locator(FAILED)).to_be_focused()
    check(page)
