"""Pages and texts that nobody wrote: pages of the tests cut, joined and strewn with what is special somewhere."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from tests.support.footers import footers
from tests.support.odd import ODD
from tests.support.vendors import VENDORS

from .target import ROOT

CHARSETS = ("utf-8", "gbk", "gb18030", "big5", "utf-16", "utf-16-be", "iso-2022-jp", "shift_jis", "windows-1252")
_MARKS = (
    *(
        "<",
        ">",
        "</",
        "/>",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        '"',
        "'",
        "=",
        "&",
        "&amp;",
    ),
    *("&#x2f;", "&#0;", "&#1114112;", "\0", "\x1a", "\x0c", "\r", "\n", "\t", " ", "\ufeff", "\u200b", "\ufffd", "\\"),
    *("<!doctype html>", "<html lang=en>", "<html>", "<head>", "</head>", "<body>", "</body>", "</html>", "<frameset>"),
    *("<meta charset=gbk>", "<meta charset=utf-16>", "<base href=//cdn.example/>", "<title>", "</title>", "<style>"),
    *("</style>", "<textarea>", "</textarea>", "<noscript>", "</noscript>", "<template>", "</template>", "<plaintext>"),
    *(
        "<table><tr><td>",
        "</table>",
        "<select>",
        "</select>",
        "<svg>",
        "</svg>",
        "<math><mi>",
        "</math>",
        "<a>",
        "</a>",
    ),
    *("<script>", "</script>", "<script><!--<script>", "<script type=module>", "<script type='application/json'>"),
    *("<script src=//hm.baidu.com/hm.js>", "<img src=//hm.baidu.com/a.gif>", "<iframe src=//www.youtube.com/embed/x>"),
    *("<img srcset='a 1x, //hm.baidu.com/c 2x'>", "<link rel=preload as=script href=//hm.baidu.com/hm.js>"),
    *("style='background:url(//hm.baidu.com/a)'", "@import '//hm.baidu.com/a.css';", "url(", "data:text/html,"),
    *("srcdoc=", "onload=", "data-compliance=banner", "data-compliance-src=", "data-category=analytics", "nonce=x"),
    *("google-analytics.com", "https:", "//", "javascript:", "document.write(", "window.__STATE__=", "JSON.parse('"),
    *(
        "举报电话：023-67158993",
        "（24小时）",
        "渝ICP备20009753号-2",
        "渝公网安备 50010302000001号",
        "许可证编号：",
        "来源：",
    ),
    *(
        "责任编辑：",
        "隐私政策",
        "我们收集",
        "您有权",
        "+86 (0)23",
        "010-",
        "12377",
        "转",
        "ext.",
        "http://",
        "mailto:",
        "tel:",
    ),
)


@cache
def seeds() -> tuple[str, ...]:
    """Return pages that somebody wrote."""
    files = sorted((ROOT / "tests" / "pages").glob("*/*.html"))
    read = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    read += [footer.content.decode(errors="replace") for footer in footers()]
    return (*read, *(vendor.head + vendor.body for vendor in VENDORS))


def texts(longest: int = 400) -> st.SearchStrategy[str]:
    """Make up texts of any characters, odd ones among them."""
    odd = st.builds(lambda name, length: ODD[name](length), st.sampled_from(sorted(ODD)), st.integers(4, longest))
    return st.one_of(st.text(max_size=40), st.lists(_pieces(), max_size=8).map("".join), odd)


def pages() -> st.SearchStrategy[str]:
    """Make up pages."""
    cut = st.deferred(
        lambda: st.builds(
            lambda page, start, length: page[int(start * len(page)) :][:length],
            st.sampled_from(seeds()),
            st.floats(0, 1),
            st.sampled_from([20, 80, 400, 4_000]),
        )
    )
    many = st.builds(lambda piece, times: piece * times, _pieces(), st.sampled_from([2, 9, 60, 400]))
    opening = st.sampled_from(["", "<!doctype html>", "<!doctype html><html lang=zh-CN><head>", "<html><body>"])
    parts = st.lists(st.one_of(_pieces(), _pieces(), cut, many, st.text(max_size=9)), max_size=24)
    return st.builds(lambda opening, parts: opening + "".join(parts), opening, parts)


def bodies() -> st.SearchStrategy[bytes]:
    """Make up the bytes of pages: in a charset, or with bytes that belong to none."""
    coded = st.builds(lambda page, charset: page.encode(charset, "replace"), pages(), st.sampled_from(CHARSETS))
    strewn = st.builds(
        lambda page, at, rest: page[: int(at * len(page))] + rest + page[int(at * len(page)) :],
        coded,
        st.floats(0, 1),
        st.binary(max_size=6),
    )
    return st.one_of(pages().map(lambda page: page.encode("utf-8", "replace")), coded, strewn, st.binary(max_size=200))


def _pieces() -> st.SearchStrategy[str]:
    return st.sampled_from(_MARKS)
