"""What a page says, read as a reader takes it: charsets nobody names, credits, links, what a yes will load, reasons."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner
from test_audit_rules import CONTEXT, check

from compliance.audit import rules
from compliance.audit.loaded import loaded
from compliance.audit.page import Page
from compliance.audit.runner import Audit
from compliance.audit.site import Context
from compliance.audit.summaries import summarise
from compliance.audit.targets import Reason, told
from compliance.audit.website import Website
from compliance.cli import compliance
from compliance.page.trackers import Catalogue
from support.certificates import Authority

GERMAN = "Über die Fußgängerbrücke führt künftig ein Weg für alle Bürger."
POLISH = "Zażółć gęślą jaźń, proszę państwa: nowy most już otwarty."
RUSSIAN = "Новости города: открыт новый мост через реку."
CHINESE = "跨江步道昨日开放"


@pytest.mark.parametrize(
    ("host", "head", "text", "charset"),
    [
        ("news.example.de", "", GERMAN, "windows-1252"),
        ("news.example", "<html lang=de-AT>", GERMAN, "windows-1252"),
        ("news.example", "", GERMAN, "windows-1252"),
        ("news.example.pl", "", POLISH, "windows-1250"),
        ("news.example", "<html lang='pl'>", POLISH, "windows-1250"),
        ("news.example.fr", "", "L'été a déjà révélé ses secrets à Genève", "windows-1252"),
        ("news.example.ru", "", RUSSIAN, "windows-1251"),
        ("news.example", "<html lang=ru>", RUSSIAN, "windows-1251"),
        ("news.example.tw", "", "跨江步道昨日開放", "big5"),
        ("news.example.jp", "", "橋が開通しました", "shift_jis"),
        ("news.example.cn", "", CHINESE, "gb18030"),
        ("news.example", "", CHINESE, "gb18030"),
        # As the template says, not the text.
        ("news.example", "<html lang=en>", CHINESE, "gb18030"),
        ("news.example.de", "<html lang=zh-CN>", CHINESE, "gb18030"),
    ],
)
def test_charset_that_nothing_names_is_guessed_from_language_and_place(
    host: str, head: str, text: str, charset: str
) -> None:
    page = Page(f"https://{host}/", f"{head}<p>{text}".encode("gbk" if charset == "gb18030" else charset))
    assert (page.charset, page.text) == (charset, text)


SENTENCE = "步道沿江而行，全长六公里，沿线设有休息平台，栏杆降低了一些。"
STORY = f"<h1>步道开放</h1><p>{SENTENCE * 2}</p><p>{SENTENCE * 3}</p>"


def ids(markup: str, url: str = "https://news.example/2026/11/24/1.html", *, home: bool = False) -> set[str]:
    return {one.rule.id for one in check(Page(url, markup.encode(), home=home))[0]}


@pytest.mark.parametrize("url", ["/2026/11/24/1.html", "/news/10231.html", "/a/123456/", "/content_9981.htm"])
def test_article_without_any_credit_lacks_all_of_them(url: str) -> None:
    assert {"C201", "C202", "C203", "C204"} <= ids(STORY, f"https://news.example{url}")


@pytest.mark.parametrize(
    ("markup", "url"),
    [
        (STORY.replace("步道开放", "关于我们"), "/about/123.html"),
        (STORY, "/about.html"),
        (f"<h1>Tags</h1><p>2026-11-24</p><p>{SENTENCE} Run by the city.</p>", "/tags/city"),
        ("<h1>新闻</h1>" + f"<p><a href=/1>{SENTENCE * 2}</a></p>" * 9, "/list/100.html"),
    ],
)  # fmt: skip
def test_what_tells_no_story_needs_no_credit(markup: str, url: str) -> None:
    assert not {"C201", "C202", "C203", "C204"} & ids(markup, f"https://news.example{url}")


@pytest.mark.parametrize("label", ["来源", "责任编辑", "作者"])
@pytest.mark.parametrize(
    "behind",
    [
        *("<a href=/2>下一篇：江水上涨</a>", "<a href=/>返回首页</a>", "<span>打印</span>", "<p>分享到</p>"),
        *("<p>相关阅读</p>", "<b>|</b>", ""),
    ],
)
def test_label_with_nothing_but_the_way_on_behind_it_is_empty(label: str, behind: str) -> None:
    credits = "<p>2026-11-24</p><p>来源：日报 作者：王一 责任编辑：李二</p>"
    assert "C205" in ids(f"<h1>步道</h1>{credits}<p>{label}：</p>{behind}")


@pytest.mark.parametrize("value", ["重庆日报", "上游新闻", "下江网", "王返", "首都之窗", "新华社"])
def test_label_with_a_name_behind_it_is_filled(value: str) -> None:
    assert "C205" not in ids(f"<h1>步道</h1><p>2026-11-24</p><p>作者：王一 责任编辑：李二 来源：{value}</p>")


@pytest.mark.parametrize(
    ("links", "missing"),
    [
        ("<a href=/c>Cookie 设置</a> <a href=/u>用户协议</a>", True),
        ("<a href=/c>隐私设置</a> <a href=/u>用户协议</a>", True),
        ("<a href=/c>Privacy settings</a> <a href=/u>Terms</a>", True),
        ("<a href=/c>Your Privacy Choices</a>", True),
        ("<a href=/c>隐私政策</a>", False),
        ("<a href=/c>用户协议与隐私条款</a>", False),
        ("<a href=/c>Privacy Policy and Cookie Settings</a>", False),
        ("<a href=/c>Privacy</a>", False),
    ],
)
def test_what_opens_a_choice_is_no_policy(links: str, missing: bool) -> None:
    assert ("C301" in ids(f"<body>{links}", "https://news.example/", home=True)) is missing


@pytest.mark.parametrize(
    "markup",
    [
        "<script type=text/plain data-compliance-hold=analytics data-compliance-src=https://hm.baidu.com/hm.js?1></script>",
        "<iframe data-compliance-hold=social data-compliance-src=https://www.youtube.com/embed/x></iframe>",
        "<script type=text/plain data-category=analytics src=https://hm.baidu.com/hm.js></script>",
        "<script type=text/plain data-category=analytics data-src=https://hm.baidu.com/hm.js></script>",
        "<script type=text/plain data-cookieconsent=statistics data-src=https://static.hotjar.com/c/h.js></script>",
        "<script type=text/plain class=cmplz-script data-cmplz-src=https://connect.facebook.net/x.js></script>",
        "<iframe data-cookieblock-src=https://player.vimeo.com/video/1></iframe>",
        "<iframe data-src=https://player.vimeo.com/video/1 data-name=vimeo></iframe>",
        "<script type=text/plain class=_iub_cs_activate suppressedsrc=https://hm.baidu.com/hm.js></script>",
    ],
)
def test_what_waits_for_a_yes_is_a_recipient_that_does_not_run(markup: str) -> None:
    page = Page("https://news.example/", markup.encode(), home=True)
    assert [one.runs for one in loaded(page, CONTEXT.catalogue)] == [False]
    findings, facts = check(page)
    assert any(one.name == "recipient" for one in facts)
    assert not [one for one in findings if one.rule.id in ("C501", "C502")]


def test_summary_keeps_the_whole_link_of_a_number() -> None:
    href = "https://beian.mps.gov.cn/#/query/webSearch?code=50010402001494"
    page = Page("https://news.example/", f"<a href='{href}'>渝公网安备50010402001494号</a>".encode(), home=True)
    assert [one.link for one in summarise(page, CONTEXT).licences] == [href]


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_report_says_in_its_language_what_was_not_read(tmp_path: Path, language: str) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.html").write_text("<p>1</p>")
    (tmp_path / "a.html").unlink()
    (tmp_path / "a.html").symlink_to("/etc/hostname.html")
    for form in ("text", "json", "html", "sarif"):
        arguments = ["check", str(tmp_path), "--limit", "2", "--format", form, "--language", language]
        result = CliRunner().invoke(compliance, arguments)
        limit, outside = (told(Reason(key, count=2), language) for key in ("pages", "outside"))
        assert limit in result.output and outside in result.output, (form, result.output[-800:])
    if language == "zh_CN":
        assert not any(word in limit + outside for word in ("limit", "folder"))
    assert json.loads(json.dumps(Reason("pages", count=2))) == "the limit of 2 pages was reached"


@pytest.fixture(scope="module")
def mistrusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A site whose certificate was signed by nobody that this machine knows."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = b"<!doctype html><title>News</title><p>1</p><a href=/2>2</a>"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = Authority(tmp_path_factory.mktemp("certificates")).context("localhost")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_certificate_that_is_not_trusted_is_a_finding_and_the_site_is_read(mistrusted: str) -> None:
    audit = Audit(Website(mistrusted, delay=0, connections=1), Context(catalogue=Catalogue(), today=date(2026, 11, 24)))
    list(audit)
    report = audit.report(now=datetime(2026, 11, 24, tzinfo=UTC))
    assert report.count == 2
    (finding,) = [one for one in report.findings if one.rule.id == "C809"]
    assert (finding.page, "certificate" in finding.excerpt.lower()) == (f"{mistrusted}/", True)
    assert report.held(rules()["C809"])
