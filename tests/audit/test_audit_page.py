"""A page as the audit reads it: the charsets of old sites, broken markup, feet, kinds."""

from __future__ import annotations

from datetime import date

import pytest

from compliance.audit.checks import delivery
from compliance.audit.loaded import loaded
from compliance.audit.page import Page, PageKind
from compliance.audit.site import Context
from compliance.page.trackers import Catalogue, Tracker

FOOT = "渝ICP备20009753号-2 互联网新闻信息服务许可证编号：50120220004"


def page(markup: str | bytes, **options: object) -> Page:
    content = markup if isinstance(markup, bytes) else markup.encode()
    return Page("https://news.example/a/b.html", content, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "headers", "charset", "declared"),
    [
        pytest.param("<p>重庆", "text/html; charset=utf-8", "utf-8", "utf-8", id="header"),
        pytest.param("<meta charset=utf-8><p>重庆", "text/html", "utf-8", "utf-8", id="markup"),
        pytest.param("\ufeff<meta charset=gbk><p>重庆", "text/html", "utf-8", "gbk", id="mark before markup"),
        pytest.param("<p>重庆", "text/html", "utf-8", None, id="nothing said, UTF-8"),
        pytest.param("<p>重庆".encode("gbk"), "", "gb18030", None, id="nothing said, GBK"),
        pytest.param("<meta charset=gb2312><p>重庆镕㎡".encode("gbk"), "", "gbk", "gb2312", id="GBK labelled GB2312"),
        pytest.param("<meta charset=big5><p>重慶".encode("big5"), "", "big5", "big5", id="Big5"),
        pytest.param(b"\xff\xfe" + "<p>重庆".encode("utf-16le"), "", "utf-16le", None, id="UTF-16"),
        pytest.param("<p>重庆", "text/html; charset=nonsense", "utf-8", "nonsense", id="a label nobody knows"),
    ],
)
def test_text_is_read_as_a_browser_reads_it(
    content: str | bytes, headers: str, charset: str, declared: str | None
) -> None:
    read = page(content, headers=[("Content-Type", headers)])
    assert (read.charset, read.decoded.declared, read.decoded.undecodable) == (charset, declared, 0)
    assert read.text[:2] in ("重庆", "重慶")


@pytest.mark.parametrize(
    ("head", "written", "read_in"),
    [
        pytest.param("<meta charset=utf-8>", "utf-8", "utf-8", id="UTF-8"),
        pytest.param("<meta charset=gb2312>", "gbk", "gbk", id="GBK"),
        pytest.param("", "gbk", "gb18030", id="nothing said, GBK"),
        pytest.param("", "utf-8", "utf-8", id="nothing said, UTF-8"),
    ],
)
def test_bytes_that_are_no_characters_are_counted(head: str, written: str, read_in: str) -> None:
    read = page((head + "<p>" + "重庆" * 40).encode(written) + b"\xff<p>more")
    assert (read.charset, read.decoded.undecodable) == (read_in, 1)
    assert read.text.startswith("重庆") and read.text.endswith("more")


@pytest.mark.parametrize(
    "markup",
    [
        "", "   ", "<!-- nothing -->", "plain", "\0<p>x", "<p>a<table><b>c</p></td>", "<" * 50,
        "<font>" * 2_000 + "deep",
    ],
)  # fmt: skip
def test_broken_markup_is_read_all_the_same(markup: str) -> None:
    read = page(markup)
    assert read.kind in PageKind and read.text is not None and read.footer is not None
    assert [read.links, read.scripts, read.frames, read.forms] == [[], [], [], []]
    if "deep" in markup:
        assert "deep" in read.text


def test_text_is_what_a_reader_sees() -> None:
    read = page(
        "<title>No</title><p>Ｔｅｌ：<b>12</b><i>377</i></p><script>no()</script><template>no</template>"
        "<p\nhidden>no</p><p style='color:red; Display: none'>no</p><td>12318</td><td>110</td><noscript>no</noscript>"
    )
    assert read.text == "Tel:12377 12318 110"


@pytest.mark.parametrize(
    "foot",
    [
        f"<footer><p>{FOOT}</p></footer>",
        f"<div class='g-footer clearfix'><p>{FOOT}</p></div>",
        f"<div id=bottom>{FOOT}</div><script>late()</script>",
        f"<table role=contentinfo><td>{FOOT}</table>",
        f"<center>{FOOT}</center>",
    ],
)
def test_foot_is_found(foot: str) -> None:
    read = page(f"<body><div class=football>{'News. ' * 400}</div>{foot}")
    assert "渝ICP备20009753号-2 互联网新闻信息服务许可证编号:50120220004" in read.footer
    assert len(read.footer) < 2_000


def test_parts_of_a_page() -> None:
    read = page(
        "<base href='/sub/'><a href='x.html#top' rel='nofollow noopener' title=More><img src=p.png alt=Photo></a>"
        "<a name=n>no</a>"
        "<a href='http://[bad'>odd</a><iframe src='//other.example/f'></iframe><script src='/s.js'></script>"
        "<script type='application/LD+json; x'>{}</script><footer><img src=shield.png></footer>"
        "<form method=POST><label for=m>Mail</label><input id=m type=email><label>Text<textarea></textarea></label>"
        "<input type=hidden name=h><input type=submit></form>"
    )
    link = read.links[0]
    assert (link.url, link.name) == ("https://news.example/sub/x.html", "Photo More")
    assert link.rel == {"nofollow", "noopener"}
    assert [frame.url for frame in read.frames] == ["https://other.example/f"]
    assert [(script.url, script.type) for script in read.scripts] == [
        ("https://news.example/s.js", ""),
        ("", "application/ld+json"),
    ]
    assert [image.url for image in read.footer_images] == ["https://news.example/sub/shield.png"]
    assert [(read.forms[0].method, field.type, field.label) for field in read.forms[0].fields] == [
        ("post", "email", "Mail"),
        ("post", "textarea", "Text"),
    ]


@pytest.mark.parametrize(
    ("markup", "options", "kind"),
    [
        ("<h1>News</h1>", {"home": True}, PageKind.HOME),
        ("<title>隐私政策 - 新闻网</title>", {}, PageKind.POLICY),
        ("<h1>Terms of use</h1>", {}, PageKind.POLICY),
        ("<meta property=og:type content=article>", {}, PageKind.ARTICLE),
        ('<script type="application/ld+json">{"@type": "NewsArticle"}</script>', {}, PageKind.ARTICLE),
        ("<h1>标题</h1><span>2023-01-14 09:30</span><span>来源：重庆日报</span>", {}, PageKind.ARTICLE),
        ("<h1>Heading</h1><article>One</article>", {}, PageKind.ARTICLE),
        ("<article>One</article><article>Two</article>", {}, PageKind.OTHER),
        ("<ul><li>2023-01-14 One<li>2023-01-15 Two</ul>", {}, PageKind.OTHER),
    ],
)
def test_kind_of_a_page(markup: str, options: dict[str, object], kind: PageKind) -> None:
    assert page(markup, **options).kind is kind


def test_text_behind_a_picture_is_text_of_its_link() -> None:
    assert [link.text for link in page("<a href=x><img src=s.png> 渝公网安备<b>50010402001494</b>号</a>").links] == [
        "渝公网安备50010402001494号"
    ]


def test_several_headers_of_one_name() -> None:
    read = page("", headers=[("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "y")])
    assert (read.headers.all("SET-COOKIE"), read.headers["x"], "y" in read.headers) == (["a=1", "b=2"], "y", False)


def test_finding_quotes_the_place_in_one_short_line() -> None:
    read = page("<p>\n<b\nclass='x'>" + "long\n" * 100 + "</b>")
    finding = read.found("C001", read.tagged("b")[0], number=5)
    assert finding.line == 2 or finding.line == 3
    assert finding.excerpt.startswith('<b class="x"> long long') and len(finding.excerpt) == 200
    assert finding.values == {"number": "5"}


def test_a_relative_address_loads_from_the_host_of_the_page() -> None:
    own = [
        Tracker(host=f"{name}.news.example", path="/count.js", category="analytics", provider={"en": "Count"})
        for name in ("m", "www")
    ]
    catalogue = Catalogue(own, host="www.news.example")
    content = b"<!doctype html><script src=/count.js></script>"
    pages = [f"https://{name}.news.example/" for name in ("m", "www", "en")] + ["a.html"]
    found = {url: [one.host for one in loaded(Page(url, content), catalogue)] for url in pages}
    assert found == {
        "https://m.news.example/": ["m.news.example"],
        "https://www.news.example/": ["www.news.example"],
        "https://en.news.example/": [],
        "a.html": ["www.news.example"],
    }


OURS = "<link data-compliance rel=stylesheet href=/c/x.css><script data-compliance src=/c/x.js{}></script>"


@pytest.mark.parametrize(
    ("told", "nonce", "refused"),
    [
        ("script-src *.example; style-src news.example:443/c/", "", []),
        ("script-src https://news.example/c/x.js; style-src https:", "", []),
        ("default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'", " nonce=abc", []),
        ("default-src 'self'; script-src 'nonce-abc' 'strict-dynamic'", " nonce=old", ["script-src"]),
        ("default-src 'self'; script-src 'self' 'strict-dynamic'", "", ["script-src"]),
        ("script-src-elem 'none'; script-src 'self'", "", ["script-src-elem"]),
        ("script-src http://news.example/elsewhere/", "", ["script-src"]),
        ("default-src *, style-src 'none'", "", ["style-src"]),
        ("sandbox allow-forms", "", ["sandbox"]),
    ],
)
def test_a_policy_is_judged_as_browsers_do(told: str, nonce: str, refused: list[str]) -> None:
    content = f'<!doctype html><meta http-equiv="Content-Security-Policy" content="{told}">{OURS.format(nonce)}'
    context = Context(catalogue=Catalogue(), today=date(2026, 1, 1))
    for url in ["https://news.example/a/b.html"] + ["a/b.html"] * ("example" not in told):
        found = list(delivery.policy(Page(url, content.encode()), context))
        assert [one.values["directive"] for one in found] == refused


@pytest.mark.parametrize("content", ["<?>", "<!\0", "<?php echo '<p>'; ?>", "<![-", "</\ufffe", "<?<a:b>", "\0 渝"])
def test_what_is_no_page_is_read_all_the_same(content: str) -> None:
    read = page(content)
    assert ("渝" in read.text) == ("渝" in content)
    assert list(read.links) == []


def test_several_feet_are_read_in_their_order() -> None:
    feet = [f"{number} Road" for number in range(60)]
    assert page("<p>Text".join(f"<footer>{foot}</footer>" for foot in feet)).footer == " ".join(feet)
