"""The forms of a report: each is what programs and people take it for, whatever stands on the pages."""

from __future__ import annotations

import base64
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator
from lxml.html import document_fromstring
from openpyxl import load_workbook
from PIL import Image

from compliance.audit import Address, Finding, Number, PageSummary, Report, Severity, rules
from compliance.audit.behaviour import Act, Behaviour
from compliance.audit.findings import Acceptance
from compliance.audit.readers import Reader
from compliance.audit.recipients import Recipient
from compliance.audit.report import Failed, Screenshot
from compliance.audit.reports import FORMS, PRINTED
from compliance.audit.reports.words import words
from compliance.audit.stored import Store, Stored
from compliance.audit.targets import Refusals
from compliance.cli import compliance
from compliance.licences import KINDS
from compliance.page.trackers import Catalogue
from support.frameworks import PACKAGES

LANGUAGES = ("en", "zh_CN")
HOSTILE = (
    '"><script src=https://evil.test/x.js></script>',
    "</pre></li><img src=x onerror=alert(1)>",
    "]]><failure/>",
    "{{ 7*7 }}{% raw %}",
    "\x00\x0b\x1b[31m\ufffe\udcc3",  # the last is a byte in the name of a file
)
SEEN = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)


def finding(rule: str, text: str, **more: Any) -> Finding:
    """A finding of *rule* with *text* wherever a page can put it."""
    fields = {name for language in LANGUAGES for words in (rules()[rule].seen, rules()[rule].remedy)
              for _, name, _, _ in Formatter().parse(words[language]) if name}  # fmt: skip
    values = dict.fromkeys(fields, text)
    return Finding(rule=rules()[rule], **{"page": f"{text}.html", "line": 3, "excerpt": text, "values": values, **more})


def report(text: str = "<p>渝ICP备</p>", target: str = "build/html") -> Report:
    """A report with everything that one can have."""
    accepted = Acceptance(reason=text, expires=date(2027, 1, 1), by=text)
    findings = (
        finding("C001", text, line=None),
        finding("C002", text),
        finding("C002", f"{text}!", lapsed=accepted),
        finding("C017", text, accepted=accepted),
        finding("C501", text, pages=5, also=("a.html", "b.html", text)),
        finding("C103", text),
        finding("C901", text),
    )
    page = PageSummary(
        url=text,
        charset="utf-8",
        lang="zh-CN",
        licences=(Number(kind="icp", number=text, link=text),),
        trackers=(Address(host=text, purpose="analytics", element="script"),),
    )
    unread = Refusals()
    unread.add(text, text)
    return Report(
        target=target,
        time=SEEN,
        pages=(page, page),
        count=2,
        findings=findings,
        limit="the limit of 2 pages was reached",
        more={"C002": 7},
        unread=unread,
        baseline=True,
        recipients=(Recipient(host=text, provider={"en": text}, through=(text,), readers=frozenset(Reader)),),
        stored=(Stored(store=Store.COOKIE, name=text, host=text, lifetime=34_128_000, setter=text),),
        behaviours=(Behaviour(act=Act.CANVAS, script=text, to=text),),
    )


def written(form: str, *reports: Report, language: str = "en") -> bytes:
    """A report as the command writes it to a file."""
    if form in PRINTED:
        return PRINTED[form](reports, language, ())
    return "".join(FORMS[form](reports, language)).encode("utf-8", "backslashreplace")


@pytest.fixture(scope="module")
def schema() -> Draft4Validator:
    if not PACKAGES.is_dir():
        pytest.skip("node_modules is missing (make node_modules/.package-lock.json)")
    file = PACKAGES / "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
    return Draft4Validator(json.loads(file.read_text("utf-8")))


# SARIF


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("target", ["build/html", "/srv/site", "https://www.example.com", "带 空格"])
def test_sarif_keeps_to_the_schema(schema: Draft4Validator, target: str, language: str) -> None:
    log = json.loads(written("sarif", report("".join(HOSTILE), target), language=language))
    assert [error.message for error in schema.iter_errors(log)] == []


def test_sarif_says_what_a_code_host_shows() -> None:
    (run,) = json.loads(written("sarif", report()))["runs"]
    results = {result["ruleId"]: result for result in run["results"]}
    described = run["tool"]["driver"]["rules"]
    assert all(described[result["ruleIndex"]]["id"] == id_ for id_, result in results.items())
    assert described[0]["help"]["markdown"].count("\n- ") == len(rules()["C001"].basis)
    assert {id_: (one["level"], one["kind"]) for id_, one in results.items()} == {
        "C001": ("error", "fail"),
        "C002": ("error", "fail"),
        "C017": ("warning", "fail"),
        "C501": ("warning", "fail"),
        "C103": ("note", "fail"),
        "C901": ("none", "review"),
    }
    place = results["C501"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {
        "uri": "build/html/%3Cp%3E%E6%B8%9DICP%E5%A4%87%3C/p%3E.html",
        "uriBaseId": "%SRCROOT%",
    }
    assert place["region"] == {"startLine": 3, "snippet": {"text": "<p>渝ICP备</p>"}}
    assert "region" not in results["C001"]["locations"][0]["physicalLocation"]
    assert results["C017"]["suppressions"][0]["justification"] == "<p>渝ICP备</p>"
    assert (results["C017"]["baselineState"], results["C001"]["baselineState"]) == ("unchanged", "new")
    assert results["C001"]["suppressions"] == []
    told = [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]]
    assert told == ["<p>渝ICP备</p>", "the limit of 2 pages was reached"]


# JUnit


@given(text=st.text(), language=st.sampled_from(LANGUAGES))
def test_junit_is_well_formed_whatever_pages_hold(text: str, language: str) -> None:
    root = ElementTree.fromstring(written("junit", report(text), language=language))
    assert [suite.get("name") for suite in root] == ["build/html"]


def test_junit_has_a_case_for_every_rule() -> None:
    root = ElementTree.fromstring(written("junit", report(), replace(report(), findings=())))
    suite, clean = root
    browserless = [rule for rule in rules().values() if not (rule.browser or rule.connection)]
    assert (suite.get("tests"), clean.get("tests")) == (str(len(browserless)),) * 2
    assert (suite.get("failures"), suite.get("skipped"), clean.get("failures")) == ("3", "2", "0")
    assert (root.get("failures"), root.get("tests")) == ("3", str(2 * len(browserless)))
    children = {case.get("name", "")[:4]: [child.tag for child in case] for case in suite}
    assert {id_: tags for id_, tags in children.items() if tags} == {
        "C001": ["failure"],
        "C002": ["failure"],
        "C017": ["skipped"],
        "C103": ["system-out"],
        "C501": ["failure"],
        "C901": ["skipped"],
    }
    failure = next(suite.iter("failure"))
    assert failure.get("type") == "error" and "<p>渝ICP备</p>.html" in (failure.text or "")


# HTML


def elements(page: bytes) -> Iterator[Any]:
    return document_fromstring(page.decode()).iter("*")


#: The tags of a report about pages that hold nothing odd.
PLAIN = [element.tag for element in elements(written("html", report("text")))]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE[:4])
def test_html_shows_hostile_pages_as_text(text: str, language: str) -> None:
    page = written("html", report(text), language=language)
    tags = {element.tag for element in elements(page)}
    assert not tags & {"script", "img", "iframe", "link", "form", "object"}
    assert not [name for element in elements(page) for name in element.attrib if name.startswith("on")]
    assert text in document_fromstring(page.decode()).text_content()


@given(text=st.text())
def test_html_has_the_same_elements_whatever_pages_hold(text: str) -> None:
    assert [element.tag for element in elements(written("html", report(f"{text}.")))] == PLAIN


def test_html_says_everything_in_its_own_language() -> None:
    english, chinese = (
        document_fromstring(written("html", report(), language=one).decode()).text_content() for one in LANGUAGES
    )
    assert "2026-11-25 01:30 (China time)" in english
    assert "2026年11月25日 01:30（北京时间）" in chinese
    for text in ("and 4 more pages", "and 7 more like these", "Accepted until 2027-01-01", "consent.mode"):
        assert text in english
    assert rules()["C901"].title["zh_CN"] in chinese and rules()["C901"].title["en"] not in chinese
    # What is known from practice alone says so once, however many rules it concerns.
    assert english.count("known here from practice") == chinese.count("依据通行做法整理") == 1


def test_words_of_the_frame_are_complete() -> None:
    def flat(table: Any, path: str = "") -> dict[str, set[str | None]]:
        if isinstance(table, str):
            return {path: {name for _, name, _, _ in Formatter().parse(table) if name}}
        if isinstance(table, list):  # one of something, and several
            return flat({"one": table[0], "several": table[1]}, path)
        return {key: names for name, value in table.items() for key, names in flat(value, f"{path}.{name}").items()}

    assert flat(words()["en"]) == flat(words()["zh_CN"])
    assert set(words()["en"]["kinds"]) == set(KINDS)
    assert {tracker.category for tracker in Catalogue().trackers} <= set(words()["en"]["purposes"])
    assert {f"{severity}_means" for severity in Severity} <= set(words()["en"])


def test_a_manager_finds_verdict_first_things_and_what_is_in_order() -> None:
    told = document_fromstring(written("html", report("text")).decode())
    (verdict,) = told.find_class("verdict")
    assert verdict.text_content().startswith("The site breaks 2 rules that laws name and probably breaks 1 rule; first")
    (first,) = told.xpath('//ol[@class="first"]')
    assert [one.get("href")[1:5] for one in first.iter("a")] == ["C002", "C001", "C501", "C103"]
    assert [one.text for one in first.find_class("badge")][:2] == ["web developers", "management"]
    kept = {row[0].text: row[1].text for row in told.xpath("//table")[0].iter("tr") if len(row) == 2}
    held = [rule for rule in rules().values() if rule.topic["en"] == "Filings and licences"]
    assert kept["Filings and licences"] == f"{len(held) - 2} of {len(held)}"
    # Every rule that is broken has one line, and leads to its details.
    lines = [row.xpath(".//a")[0].get("href")[1:] for row in told.xpath("//table")[1].iter("tr") if row.xpath(".//a")]
    assert lines == [one.get("id") for one in told.iter("details") if one.get("id")]
    clean = document_fromstring(written("html", replace(report(), findings=())).decode())
    assert clean.find_class("verdict")[0].text_content().startswith("Nothing that was read speaks against the site")


def test_pictures_are_in_the_report_itself() -> None:
    shots = [
        Screenshot(page="/", reader=reader, part=part, content=f"{reader} {part}".encode())
        for reader in Reader
        for part in ("banner", "footer")
        if part == "footer" or reader is Reader.UNDECIDED
    ]
    told = document_fromstring(written("html", replace(report("text"), screenshots=shots)).decode())
    shown = [base64.b64decode(one.get("src").partition("base64,")[2]).decode() for one in told.iter("img")]
    # The footer is that of a reader before whom no banner lies over it.
    assert shown == ["undecided banner", "refusing footer"]


def test_of_a_reader_who_never_decided_nothing_is_said() -> None:
    shot = Screenshot(page="/", reader=Reader.UNDECIDED, part="footer", content=b"")
    host = Recipient(host="t.example", readers=frozenset({Reader.UNDECIDED}))
    never, refused = (
        document_fromstring(written("html", replace(report("text"), recipients=[host], screenshots=shots)).decode())
        for shots in ([shot], [shot, replace(shot, reader=Reader.REFUSING)])
    )
    rows = [[cell.text for cell in one.xpath('//tr[td="t.example"]/td')[3:6]] for one in (never, refused)]
    assert rows == [["yes", "not known", "not known"], ["yes", "not known", "no"]]


# All


@pytest.mark.parametrize("form", [*FORMS, "html"])
def test_command_writes_every_form(form: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<title>新闻</title>", "utf-8")
    output = tmp_path / "report"
    result = CliRunner().invoke(compliance, ["check", str(tmp_path), "--format", form, "-o", str(output)])
    assert (result.exit_code, result.output) == (1, "")
    starts = {"json": b'{"target"', "sarif": b'{\n "$schema"', "junit": b"<?xml", "html": b"<!doctype html>"}
    tables = dict.fromkeys(["recipients", "stored", "behaviours"], "\ufeff".encode())
    start = {**starts, **tables, "consent": b"# "}[form]
    assert output.read_bytes().startswith(start) and output.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("form", ["json", "sarif"])
@pytest.mark.parametrize("character", "\x7f\x9b\x85\u2028\u202e\ufeff")
def test_nothing_in_json_is_obeyed_by_a_terminal(character: str, form: str) -> None:
    text = written(form, report(f"a{character}b", f"https://a{character}b.example")).decode()
    assert character not in text
    assert json.loads(text)


# What people go on working in


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", [*HOSTILE, "=1+1", "+SUM(A1)", "a" * 40_000])
def test_a_workbook_holds_what_pages_say_as_text(text: str, language: str) -> None:
    book = load_workbook(io.BytesIO(PRINTED["xlsx"]([report(text), report("other", "https://b.test")], language, ())))
    say = words()[language]
    assert book.sheetnames[:3] == [say["sites"]["title"], say["findings"], say["by_rule"]]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    head, *rows = book[say["findings"]].iter_rows(values_only=True)
    assert [row[1] for row in rows] == [one.rule.id for one in report().findings] * 2
    assert len(head) == len(rows[0]) and all(head)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_document_says_what_the_page_does(text: str, language: str) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 10)).save(picture, "PNG")
    shot = Screenshot(page=text, reader=Reader.UNDECIDED, part="banner", content=picture.getvalue())
    written = replace(report(text), screenshots=[shot])
    document = Document(io.BytesIO(PRINTED["docx"]([written, report("other", "https://b.test")], language, ())))
    paragraphs = [one.text for one in document.paragraphs]
    told = words()[language]
    assert paragraphs.count(told["title"]) == 1 and len(document.inline_shapes) == 1
    assert {"build/html", "https://b.test"} <= set(paragraphs)
    headings = [one.text for one in document.paragraphs if (one.style.name or "").startswith("Heading")]
    assert {told["do_first"], told["in_order"], told["by_rule"], told["appendix"]} <= set(headings)
    assert any(rules()["C501"].title[language] in one for one in headings)
    assert sum(rule in " ".join(paragraphs) for rule in ("C001", "C002", "C501", "C103", "C901")) == 5


def test_command_says_what_to_install_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "index.html").write_text("<title>新闻</title>", "utf-8")
    for form, module in (("docx", "docx"), ("xlsx", "openpyxl")):
        output = tmp_path / f"report.{form}"
        check = ["check", str(tmp_path), "--format", form, "-o", str(output)]
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, module, None)
            result = CliRunner().invoke(compliance, check)
        assert result.exit_code == 2 and "pip install 'flask-compliance[office]'" in result.output
        assert not output.exists()
        assert CliRunner().invoke(compliance, check).exit_code == 1 and output.read_bytes().startswith(b"PK")


def tables(page: Any) -> list[list[list[str]]]:
    """The cells of every table of *page*, of a site or of all."""
    rows = [table.iterfind(".//tr") for table in page.iterfind(".//table")]
    return [[[cell.text_content() for cell in row] for row in table] for table in rows]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_several_sites_come_together_on_a_page_of_their_own(text: str, language: str) -> None:
    clear = replace(report("other", "https://b.test"), findings=())
    failed = Failed(target=f"https://{text}", reason=f"no page: {text}")
    page = document_fromstring(PRINTED["html"]([report(text), clear], language, [failed]).decode())
    say = words()[language]["sites"]
    parts = (say["error"][0], say["clear"][0], say["failed"][0])
    assert page.find_class("verdict")[0].text_content() == say["total"].format(of=3, said=say["and"].join(parts))
    sites, common = tables(page)[:2]
    assert [row[0] for row in sites[1:3]] == ["build/html", "https://b.test"]
    assert sites[1][1:] == ["3", "1", "1", "1", "2"] and sites[2][1:] == ["0", "0", "0", "0", "2"]
    assert sites[3][1].startswith("no page: ") and not page.xpath("//script") and not page.xpath("//img[@onerror]")
    assert [row[0][:4] for row in common[1:]] == ["C001", "C002", "C501", "C103"]
    assert {row[2] for row in common[1:]} == {"1"}
    for link in page.xpath("//table[1]//a/@href"):
        assert page.xpath("//*[@id=$id]", id=link.removeprefix("#"))


def test_one_site_has_no_page_of_all() -> None:
    page = document_fromstring(written("html", report()).decode())
    assert len(page.xpath("//h1")) == 1 and page.xpath("//h1")[0].text_content() == words()["en"]["title"]
