"""The promise of the injection: less the injected nodes, every page parses to the tree it had.

The judge is justhtml, a parser that the package does not use. Pages are judged as browsers with scripting and
without it read them.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML

from compliance.page.injection import Markup, Memory, Opening, Stream, inject, opening, original, placed
from support.documents import documents, suite
from support.examples import examples

HEAD = (
    b'<div data-compliance="assets"><link data-compliance="assets" rel="stylesheet" href="/c.css">'
    b'<script data-compliance="assets" src="/c.js"></script></div>'
    b'<section data-compliance="banner"><h2 data-compliance="banner">Cookies</h2>'
    b'<p data-compliance="banner">Read the <a data-compliance="banner" href="/p">policy</a>.</p>'
    b'<form data-compliance="banner" method="post"><button data-compliance="banner">I Agree</button></form></section>'
)
FOOT = (
    b'<footer data-compliance="footer"><p data-compliance="footer">Slogan</p>'
    b'<ul data-compliance="licences"><li data-compliance="licences">'
    b'<a data-compliance="licences" href="https://beian.miit.gov.cn/">ICP</a></li></ul>'
    b'<p data-compliance="message"><a data-compliance="message" href="/m">Leaving a message</a></p></footer>'
)


def shape(page: bytes, *, scripting: bool) -> object:
    """Return the tree of *page* as nested tuples, less our nodes, adjacent text joined."""

    def walk(node: object) -> tuple[object, ...]:
        name = node.name  # type: ignore[attr-defined]
        if name == "!doctype":
            doctype = node.data  # type: ignore[attr-defined]
            return name, doctype.name, doctype.public_id, doctype.system_id
        if name.startswith(("#text", "#comment", "?")):
            return name, node.data  # type: ignore[attr-defined]
        children: list[tuple[object, ...]] = []
        for child in node.children or []:  # type: ignore[attr-defined]
            if "data-compliance" in (getattr(child, "attrs", None) or {}):
                continue
            found = walk(child)
            if found[0] == "#text" and children and children[-1][0] == "#text":
                children[-1] = "#text", f"{children[-1][1]}{found[1]}"
            else:
                children.append(found)
        content = getattr(node, "template_content", None)
        attributes = tuple(sorted((getattr(node, "attrs", None) or {}).items()))
        return name, getattr(node, "namespace", None), attributes, *children, content and walk(content)

    # One character per byte: what bytes above ASCII mean does not matter to the tree.
    return walk(JustHTML(page.decode("latin-1"), sanitize=False, scripting_enabled=scripting).root)


def outer(page: bytes, name: str) -> list[object]:
    """Return the nodes of *page* with our mark *name* that stand in no other node of ours."""
    found: list[object] = []

    def walk(node: object) -> None:
        for child in node.children or []:  # type: ignore[attr-defined]
            mark = (getattr(child, "attrs", None) or {}).get("data-compliance")
            if mark == name:
                found.append(child)
            elif mark is None:
                walk(child)

    walk(JustHTML(page.decode("latin-1"), sanitize=False).root)
    return found


def assert_same_tree(page: bytes, changed: bytes) -> None:
    if changed == page:
        return
    for scripting in (True, False):
        assert shape(changed, scripting=scripting) == shape(page, scripting=scripting), changed


def in_pieces(page: bytes, size: int) -> bytes:
    stream = Stream(lambda *_: Markup(head=HEAD, foot=FOOT))
    pieces = [stream.feed(page[at : at + size]) for at in range(0, len(page), size)]
    return b"".join([*pieces, stream.close()])


@suite
@pytest.mark.parametrize("scripting", [True, False])
def test_no_document_of_the_parser_suite_changes(scripting: bool) -> None:
    changed = []
    for name, page in documents():
        result = inject(page, HEAD, FOOT)
        if result != page and shape(result, scripting=scripting) != shape(page, scripting=scripting):
            changed.append(name)
    assert changed == []


@suite
def test_both_elements_find_a_place_in_nearly_all_pages_of_the_parser_suite() -> None:
    pages = [
        page
        for _, page in documents()
        if re.match(rb"\s*<(?:!doctype|(?:html|head|body)(?=[\s/>]))", page, re.IGNORECASE)
        and not re.search(rb"<frameset", page, re.IGNORECASE)
    ]
    results = [inject(page, HEAD, FOOT) for page in pages]
    both = sum(len(outer(result, "banner")) == len(outer(result, "footer")) == 1 for result in results)
    # The rest end inside a script, a plaintext element or an attribute, where nothing can be placed.
    assert (len(pages), both) == (734, 655)


@pytest.mark.parametrize("end", [b"<htm", b"<a href='x", b"</p", b"<p title=a", b"<b\n"])
def test_no_footer_stands_in_a_tag_that_the_page_left_unfinished(end: bytes) -> None:
    page = b"<!doctype html><p>1" + end
    result = inject(page, HEAD, FOOT)
    assert len(outer(result, "banner")) == len(outer(result, "footer")) == 1
    assert_same_tree(page, result)
    assert in_pieces(page, 1) == in_pieces(page, 4096) == result


@pytest.mark.parametrize(
    "left",
    [
        b"<p>1</p><small>2",
        b"<div><small>2</div>",
        b"<FONT color=red><p>1</p>2",
        b"<font><p>1<p>2",
        b"<p>1</p><p><b>2",
        b"<main><i><u>2</main><hr>",
        b"<div><small><div>1</small></div><b><i>2</b></div>",
        b"<div><strong>1",
        b"<nobr>1</nobr><tt>2<br><code>3</code>",
        b"<small>" + b"<p>1</p>" * 900 + b"<small>2",
    ],
)
def test_no_footer_stands_in_formatting_that_the_page_left_open(left: bytes) -> None:
    page = b"<!doctype html><title>t</title><body>" + left + b"\n</body></html>\n"
    result = inject(page, HEAD, FOOT)
    assert_same_tree(page, result)
    assert in_pieces(page, 1) == in_pieces(page, 4096) == result
    (footer,) = JustHTML(result.decode(), sanitize=False).query("footer")
    assert footer.parent.name == "body"
    assert all(node.attrs for node in footer.query("*"))
    before = original(result)
    assert before is not None and inject(before, HEAD, FOOT) == result


def test_no_footer_stands_in_an_element_of_the_page_that_is_called_like_it() -> None:
    page = b'<!doctype html><footer class="a</p><a href="/b'
    assert inject(page, HEAD, FOOT) == page.replace(b"<footer", HEAD + b"<footer")


@suite
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
def test_a_page_in_pieces_gets_what_the_whole_page_gets(size: int) -> None:
    assert [name for name, page in documents() if in_pieces(page, size) != inject(page, HEAD, FOOT)] == []


ATTRIBUTES = st.sampled_from(
    [
        "",
        "",
        ' class="x"',
        " hidden",
        " a='>'",
        ' title="</body>"',
        ' t="<!--"',
        " x=y",
        ' alt="a > b"',
        "/",
        ' q="',
        " '",
        " =x",
    ]
)
NAMES = st.sampled_from(
    "a a b i p p div div span li ul table tr td th tbody caption select option svg math title style script textarea noscript"
    " P DIV A TABLE TD template button form h1 h2 nobr object body html br img input frameset plaintext pre font center dd dt ruby rt"
    " foreignObject desc path iframe xmp section footer".split()
)
# No attributes on <head>: justhtml takes over those of a second one, which the standard ignores (13.2.6.4.4).
PARTS = st.one_of(
    st.builds("<{}{}>".format, NAMES, ATTRIBUTES),
    st.builds("</{}>".format, NAMES),
    st.sampled_from(
        [
            "text", " ", "\n", "<!-- c -->", "<!--", "-->", "<!-->", "--!>", "<![CDATA[x]]>", "<?pi?>", "</", "<", ">", "\0",
            "</body>", "</html>", "<body>", "<BODY>", "</BODY>", '"', "'", "&amp;", "<!doctype html>", "<a>x</a>", "<p>x</p>",
            "<script>'</body>'</script>", "<script><!--<script></script>", "<svg><path/></svg>", "<noscript><img></noscript>",
            '<img alt="</a>">', "</</a>", "<head>", "<div>" * 9, "</div>" * 3, "<table><tr><td>x</td></tr></table>", "<select><option>x</select>",
        ]
    ),
)  # fmt: skip
OPENINGS = st.sampled_from(
    ["<!doctype html>", "<html>", "<!doctype html><html lang=en><head></head><body>", "<body class=x>", "<!doctype html><title>t</title>",
     "<!-- c --><!DOCTYPE html>\n<html><head><title>t</title></head>\n<body>\n"]
)  # fmt: skip
SOUP = st.builds(lambda first, parts: (first + "".join(parts)).encode(), OPENINGS, st.lists(PARTS, max_size=24))


@settings(max_examples=examples(600), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SOUP)
@example(b'<html><body><img alt="><div>A</div></body></html>')
@example(b"<body><a>" + b"<div>" * 9 + b"<a>x</a>\n</body>\n")
@example(b"<body><p><button></p></button>\n</body>\n")
@example(b'<!doctype html><a><img alt="</a>"><b>')
@example(b"<BODY><p></p><P>\n</body>")
@example(b"<!doctype html><body><svg><frameset>")
@example(b"<body><noscript><p></noscript></p></body>\n")
def test_no_tag_soup_changes(page: bytes) -> None:
    assert_same_tree(page, inject(page, HEAD, FOOT))


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(SOUP, st.lists(st.integers(1, 40), max_size=12))
def test_soup_in_pieces_does_not_depend_on_the_cuts(page: bytes, cuts: list[int]) -> None:
    stream = Stream(lambda *_: Markup(head=HEAD, foot=FOOT))
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(stream.feed(page[at : at + cut]))
        at += cut
    result = b"".join([*pieces, stream.feed(page[at:]), stream.close()])
    assert result == in_pieces(page, 1)
    assert_same_tree(page, result)


PAGE = b"<!DOCTYPE html>\n<html lang='zh-CN'>\n<head><title>t</title></head>\n<body class=\"x\">\n<p>Text</p>\n</body>\n</html>\n"


def test_banner_stands_first_and_footer_last_in_the_body() -> None:
    assert inject(PAGE, b"[", b"]") == PAGE.replace(b'"x">', b'"x">[').replace(b"</p>", b"</p>]")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<!doctype html><body><script>'</body>'</script></body>", "<!doctype html><body>[<script>'</body>'</script>]</body>"),
        ("<!doctype html><body><!-- </body> --></body>", "<!doctype html><body>[<!-- </body> -->]</body>"),
        ("<!doctype html><body><textarea></body></textarea></body>", "<!doctype html><body>[<textarea></body></textarea>]</body>"),
        ("<!doctype html><!-- <body> --><body>x</body>", "<!doctype html><!-- <body> --><body>[x]</body>"),
        ("<!doctype html><title><body></title><body>x</body>", "<!doctype html><title><body></title><body>[x]</body>"),
        ('<!doctype html><body><p title="</body>">x</p></body>', '<!doctype html><body>[<p title="</body>">x</p>]</body>'),
        ('<!doctype html><body data-x="a>b">x</body>', '<!doctype html><body data-x="a>b">[x]</body>'),
        ("<!doctype html><body><svg><title></body></title></svg></body>", None),
        ("<!doctype html><body><template></body></template></body>", None),
        ("<!doctype html><body>a<body>b</body>", "<!doctype html><body>[a<body>b]</body>"),
        ("<!doctype html><body>a</body>b</html>c", "<!doctype html><body>[a</body>b</html>c]"),
        ("<!doctype html><body>a</body></html><!-- served by x -->", "<!doctype html><body>[a]</body></html><!-- served by x -->"),
        ("<!doctype html><title>t</title><p>a", "<!doctype html><title>t</title>[<p>a]"),
        ("<!doctype html>Hello", "<!doctype html>[Hello]"),
        ("<!doctype html><body><div><p>a</p></body></html>\n", "<!doctype html><body>[<div><p>a</p></body></html>\n</div>]"),
        ("<BODY BGCOLOR=white><P>a</P></BODY>", "<BODY BGCOLOR=white>[<P>a</P>]</BODY>"),
        ("\ufeff<!doctype html><body>a</body>", "\ufeff<!doctype html><body>[a]</body>"),
    ],
)  # fmt: skip
def test_places_are_those_of_the_html_standard(before: str, after: str | None) -> None:
    page = before.encode()
    marked = inject(page, HEAD, FOOT).replace(HEAD, b"[").replace(FOOT, b"]").decode()
    assert after is None or marked == after
    assert_same_tree(page, inject(page, HEAD, FOOT))
    assert len(outer(inject(page, HEAD, FOOT), "footer")) == 1


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"plain text",
        b"<p>fragment</p>",
        b"<div><body>fragment</body></div>",
        b"<!-- c --><p>x",
        b"<!doctype html><frameset><frame src=a></frameset>",
        b"<html><head></head><frameset></frameset></html>",
        b"<!doctype html><script>unfinished",
    ],
)
def test_fragments_framesets_and_pages_without_a_safe_place_stay_as_they_are(page: bytes) -> None:
    assert inject(page, HEAD, FOOT) == page == in_pieces(page, 3)


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        ("<html lang=zh-CN>", "zh-CN"),
        ('<html xml:lang="fr" lang="en">', "en"),
        ("<html LANG='pt'>", "pt"),
        ("<html>", None),
        ("<html lang>", None),
        ("<html lang='<b>'>", "<b>"),
        ("", None),
    ],
)
def test_opening_tells_the_language(tag: str, lang: str | None) -> None:
    found = opening(f"<!doctype html><!-- <html lang=xx> -->{tag}<head></head><body>".encode())
    assert found is not None
    assert found.lang == lang


def test_opening_of_a_page_that_only_a_parse_can_place_tells_the_language_too() -> None:
    found = opening(b"<!doctype html><html lang=de><head><select></select>")
    assert found is not None
    assert found.lang == "de"


def test_a_stream_hands_on_at_once_what_cannot_be_the_end() -> None:
    stream = Stream(lambda *_: Markup(head=b"[", foot=b"]"))
    assert stream.feed(b"<!doctype html><body><p>one</p>") == b"<!doctype html><body>[<p>one</p>"
    assert stream.feed(b"<p>two</p> ") == b"<p>two</p>"
    assert stream.feed(b"<p>three</p></bo") == b" <p>three</p>"
    assert stream.feed(b"dy></html>\n") == b""
    assert stream.feed(b"<p>four</p>") == b"</body></html>\n<p>four</p>"
    assert stream.close() == b"]"


def test_a_stream_asks_for_its_markup_once_with_the_opening() -> None:
    asked: list[Opening] = []

    def markup(found: Opening, _: bytes) -> Markup:
        asked.append(found)
        return Markup(head=b"[", foot=b"]")

    stream = Stream(markup)
    for byte in PAGE:
        stream.feed(bytes([byte]))
    stream.close()
    assert [found.lang for found in asked] == ["zh-CN"]


def test_memory_gives_what_a_fresh_reading_gives_and_forgets_old_pages() -> None:
    memory = Memory(size=2000)
    pages = [PAGE.replace(b"Text", b"Text %d" % number) for number in range(40)]
    for page in [*pages, *pages]:
        assert memory.page(bytes(page)).opening == opening(page)
        assert memory.page(bytes(page)).placed == placed(page)
        for foot in (FOOT, b""):
            assert memory.page(bytes(page)).inject(HEAD, foot) == inject(page, HEAD, foot)
    assert sum(len(entry.page) for entry in memory._entries.values()) <= 2000


def test_memory_tells_pages_apart_that_differ_in_one_byte() -> None:
    memory = Memory()
    other = PAGE.replace(b"<p>Text</p>", b"<p>Text<p/>")
    assert memory.page(PAGE).inject(HEAD, FOOT) == inject(PAGE, HEAD, FOOT)
    assert memory.page(other).inject(HEAD, FOOT) == inject(other, HEAD, FOOT)


LISTS = st.lists(PARTS, max_size=8)


@settings(max_examples=examples(600), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(OPENINGS, st.lists(st.tuples(LISTS, LISTS, LISTS), max_size=4), st.lists(PARTS, max_size=16))
@example("<body>", [(["<script>", "a", "</script>"], ["<a>"], ["</a>"])], ["x", "<a>", "y", "</a>", "</body>"])
@example("<body>", [(["<p>"], ["t"], ["<!--"])], ["<b>", "-->", "<script>", "</script>", "</body>"])
@example("<body>", [(["<table>", "<td>"], ["t"], ["<a x='>"])], ["</td>", "</table>", "<p title='", "</body>"])
@example(
    "<body>", [([], [], ["<div>"] * 3), (["<svg><path/></svg>"], ["</div>"], [])], ["<svg><path/></svg>", "</body>"]
)
def test_a_page_like_the_one_before_gets_what_it_gets_alone(
    first: str, changes: list[tuple[list[str], list[str], list[str]]], rest: list[str]
) -> None:
    def page(which: int) -> bytes:
        middle = ("".join((*change[0], *change[which])) for change in changes)
        return "".join((first, *middle, *rest, "</div>" * (which - 1))).encode()

    memory = Memory()
    for one in (page(1), page(2)):
        known = memory.page(one)
        assert (known.opening, known.placed) == (opening(one), placed(one))
        assert known.inject(HEAD, FOOT) == inject(one, HEAD, FOOT)


@suite
def test_a_document_read_after_one_like_it_gets_what_it_gets_alone() -> None:
    frame = (
        b"<!doctype html><title>t</title><body><p>"
        + b"<script>a()</script><a href=/>b</a>" * 9
        + b"%s"
        + b"<i>c</i>" * 9
    )
    memory = Memory()
    memory.page(frame % b"").inject(HEAD, FOOT)
    pages = [(name, frame.replace(b"%s", document)) for name, document in documents()]
    assert [name for name, page in pages if memory.page(page).inject(HEAD, FOOT) != inject(page, HEAD, FOOT)] == []


def test_placed_finds_marks_in_tags_only() -> None:
    page = b"""<!doctype html><p title='<i data-compliance="banner">'>data-compliance="report"</p>
    <!-- <p data-compliance="licences"> --><script>'<p data-compliance="message">'</script>
    <footer class="x" data-compliance="footer"></footer>"""
    assert placed(page) == {"footer"}
    assert placed(PAGE) == frozenset()


@suite
def test_what_was_injected_is_taken_out_again() -> None:
    changed = [(page, inject(page, HEAD, FOOT)) for _, page in documents()]
    lost = [
        page for page, result in changed if result != page and inject(original(result) or b"", HEAD, FOOT) != result
    ]
    assert lost == []
    assert [page for page, result in changed if result == page and original(page) is not None] == []


@pytest.mark.parametrize("page", [b"<!doctype html><body>%s<p>1</p></body>", b"<!doctype html><p>1<div>%s</div><p>2"])
def test_what_was_placed_by_hand_is_not_taken_out(page: bytes) -> None:
    assert original(page % FOOT) is None
    assert original(inject(page % FOOT, HEAD, b"")) == page % FOOT
