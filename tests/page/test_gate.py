"""The promise of the gate: attributes of held elements change, and nothing else of a page does.

The judge is justhtml, a parser that the package does not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML

from compliance.page.html.tokens import LIMIT
from compliance.page.injection import Memory
from compliance.page.trackers import Catalogue, Gate
from compliance.page.trackers.labels import ADDRESSES, NAMES
from support.documents import documents, suite
from support.examples import examples

ALL = frozenset({"functional", "analytics", "advertising", "social"})
CATALOGUE = Catalogue()
GATE = Gate(CATALOGUE, ALL)
HM = b"//hm.baidu.com/hm.js"
_ADDED = re.compile(
    r' data-compliance-hold="[a-z]+"(?: type="text/plain")?|data-compliance-(?=(?:src|srcset|href|type)\b)'
    "|data:,compliance-hold:"
)


def nodes(page: bytes, *, scripting: bool) -> Iterator[tuple[int, str, dict[str, str | None], str]]:
    """Yield depth, name, attributes and text of every node of *page*."""

    def walk(node: object, depth: int) -> Iterator[tuple[int, str, dict[str, str | None], str]]:
        text = getattr(node, "data", None)
        text = text if isinstance(text, str) else text and str(vars(text) if hasattr(text, "__dict__") else text.name)
        yield depth, node.name, dict(getattr(node, "attrs", None) or {}), text or ""  # type: ignore[attr-defined]
        for child in getattr(node, "children", None) or []:
            yield from walk(child, depth + 1)
        content = getattr(node, "template_content", None)
        if content:
            yield from walk(content, depth + 1)

    return walk(JustHTML(page.decode("latin-1"), sanitize=False, scripting_enabled=scripting).root, 0)


def released(attributes: dict[str, str | None]) -> dict[str, str | None]:
    """Undo in *attributes* what the gate does to a tag."""
    if "data-compliance-hold" not in attributes:
        return attributes
    plain = {name: value for name, value in attributes.items() if not name.startswith("data-compliance-")}
    if plain.get("type") == "text/plain" and not {*NAMES, *ADDRESSES} & plain.keys():
        del plain["type"]
    for name in ("src", "srcset", "href", "xlink:href", "type"):
        if f"data-compliance-{name}" in attributes:
            plain[name] = attributes[f"data-compliance-{name}"]
    return plain


def tree(page: bytes, *, scripting: bool) -> list[object]:
    # What stands in <noscript> is text to a browser that runs scripts.
    return [
        (depth, name, sorted(released(attributes).items()), _ADDED.sub("", text))
        for depth, name, attributes, text in nodes(page, scripting=scripting)
    ]


def loads(page: bytes, *, scripting: bool) -> list[str]:
    """Return the addresses of trackers that *page* still loads."""
    found = []
    for _, name, attributes, _ in nodes(page, scripting=scripting):
        if name in ("script", "img", "iframe", "embed", "source") and (address := attributes.get("src")):
            tracker = CATALOGUE.match(address)
            kind = attributes.get("type")
            if tracker and tracker.category in ALL and not (name == "script" and kind not in (None, "", "module")):
                found.append(f"{name} {address}")
    return found


def in_pieces(page: bytes, size: int, gate: Gate = GATE) -> bytes:
    stream = gate.stream()
    return b"".join([*(stream.feed(page[at : at + size]) for at in range(0, len(page), size)), stream.close()])


def assert_promise(page: bytes) -> None:
    held = GATE.whole(page)
    for scripting in (True, False):
        assert tree(held, scripting=scripting) == tree(page, scripting=scripting), held
        assert loads(held, scripting=scripting) == [], held
    assert GATE.whole(held) is held


# Every document of the parser suite, with a tracker put into the middle of it

SNIPPETS = (
    b"<script src=//hm.baidu.com/hm.js></script>",
    b'<img src="//hm.baidu.com/a.gif">',
    b"<iframe src='//player.bilibili.com/player.html'></iframe>",
    b'<script>s.src = "https://hm.baidu.com/hm.js"</script>',
)


def with_trackers() -> Iterator[bytes]:
    for number, (name, page) in enumerate(documents()):
        # In this one the tracker stands in a script of SVG, whose text is markup.
        if name != "tests10.dat:39":
            at = number * 7919 % (len(page) + 1)
            yield page[:at] + SNIPPETS[number % len(SNIPPETS)] + page[at:]


@suite
def test_documents_of_the_parser_suite_keep_their_trees_and_load_no_tracker() -> None:
    for page in with_trackers():
        assert_promise(page)


@suite
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_page_in_pieces_becomes_what_the_whole_page_becomes(size: int) -> None:
    assert [page for page in with_trackers() if in_pieces(page, size) != GATE.whole(page)] == []


@suite
def test_documents_without_trackers_are_handed_back() -> None:
    assert [name for name, page in documents() if GATE.whole(page) is not page or in_pieces(page, 5) != page] == []


# Tag soup

PIECES = st.sampled_from(
    [
        *(snippet.decode() for snippet in SNIPPETS),
        '<link rel="dns-prefetch" href="//hm.baidu.com">',
        "<noscript><img src='//hm.baidu.com/a.gif'></noscript>",
        "<script>document.write('<script src=//hm.baidu.com/hm.js><\\/script>')</script>",
        "<script><!-- <script> //hm.baidu.com/ </script> --></script>",
        "<script><!--",
        "--></script>",
        "<!--",
        "-->",
        "--!>",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<?php echo '<img src=//hm.baidu.com/a.gif>' ?>",
        "<textarea>",
        "</textarea>",
        "<title>",
        "</title >",
        "<style>a{background:url(//hm.baidu.com/a.gif)}</style>",
        "<noscript>",
        "</noscript>",
        "<svg>",
        "</svg>",
        "<svg><title>",
        "<title/>",
        "<foreignObject>",
        "</foreignObject>",
        "<math><mi>",
        "<annotation-xml encoding='text/html'>",
        "</math>",
        "<p title='<script src=//hm.baidu.com/hm.js>'>",
        '<a href="//hm.baidu.com/">',
        "</a",
        '"',
        "'",
        ">",
        "<",
        "</",
        "<table><tr>",
        "<select>",
        "</select>",
        "<template>",
        "</template>",
        "<plaintext>",
        "text ",
        "\n",
    ]
)


@given(st.lists(PIECES, max_size=9).map("".join), st.integers(1, 40))
@example("<!--><img src=//hm.baidu.com/a.gif>", 1)
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_tag_soup_keeps_its_text_and_its_pieces_agree(soup: str, size: int) -> None:
    page = f"<!doctype html><body>{soup}".encode()
    held = GATE.whole(page)
    assert in_pieces(page, size) == held
    assert GATE.whole(held) is held
    for scripting in (True, False):
        assert tree(held, scripting=scripting) == tree(page, scripting=scripting), held


# What is held, and how


@pytest.mark.parametrize(
    ("page", "held"),
    [
        ("<script src=//hm.baidu.com/a.js async nonce=x>", "<script {hold} {plain} data-compliance-src=//hm.baidu.com/a.js async nonce=x>"),
        ("<SCRIPT SRC='//hm.baidu.com/'>", "<SCRIPT {hold} {plain} data-compliance-src='//hm.baidu.com/'>"),
        ("<script\ntype = module\tsrc=//hm.baidu.com/>", "<script {hold} {plain}\ndata-compliance-type = module\tdata-compliance-src=//hm.baidu.com/>"),
        ("<script/src=//hm.baidu.com/>", "<script {hold} {plain}/data-compliance-src=//hm.baidu.com/>"),
        ("<script src=a src=//hm.baidu.com/>", "<script src=a src=//hm.baidu.com/>"),
        ("<script src=//hm.baidu.com/ src=a type=module type=b>", "<script {hold} {plain} data-compliance-src=//hm.baidu.com/ data-compliance-src=a data-compliance-type=module data-compliance-type=b>"),
        ("<img src='https:&#x2f;&#47;hm.baidu.com&sol;a.gif'>", "<img {hold} data-compliance-src='https:&#x2f;&#47;hm.baidu.com&sol;a.gif'>"),
        ("<img src=a srcset='b 1x, //hm.baidu.com/c 2x'>", "<img {hold} data-compliance-src=a data-compliance-srcset='b 1x, //hm.baidu.com/c 2x'>"),
        ("<image src=//hm.baidu.com/a>", "<image {hold} data-compliance-src=//hm.baidu.com/a>"),
        ("<iframe src=\"javascript:'<img src=//hm.baidu.com/a>'\">", "<iframe {hold} data-compliance-src=\"javascript:'<img src=//hm.baidu.com/a>'\">"),
        ("<link rel='DNS-Prefetch' href=//hm.baidu.com>", "<link {hold} rel='DNS-Prefetch' data-compliance-href=//hm.baidu.com>"),
        ("<link rel=canonical href=//hm.baidu.com>", "<link rel=canonical href=//hm.baidu.com>"),
        ("<a href=//hm.baidu.com><p data-x='//hm.baidu.com'>", "<a href=//hm.baidu.com><p data-x='//hm.baidu.com'>"),
        ("<script>'//hm.baidu.com'</script>", "<script {hold} {plain}>'//hm.baidu.com'</script>"),
        ("<script type='text/JavaScript '>'//hm.baidu.com'</script>", "<script {hold} {plain} data-compliance-type='text/JavaScript '>'//hm.baidu.com'</script>"),
        ("<script type=speculationrules>{'//hm.baidu.com'}</script>", "<script {hold} {plain} data-compliance-type=speculationrules>{{'//hm.baidu.com'}}</script>"),
        ("<script type=application/ld+json>{\"u\": \"//hm.baidu.com\"}</script>", "<script type=application/ld+json>{{\"u\": \"//hm.baidu.com\"}}</script>"),
        ("<script language=vbscript>'//hm.baidu.com'</script>", "<script language=vbscript>'//hm.baidu.com'</script>"),
        ("<script src=a.js>'//hm.baidu.com'</script>", "<script src=a.js>'//hm.baidu.com'</script>"),
        ("<script type='text/plain' data-category=analytics src=//x.example/>", "<script {hold} type='text/plain' data-category=analytics src=//x.example/>"),
        ("<script type=text/plain data-cookiecategory=analytics>a()</script>", "<script {hold} type=text/plain data-cookiecategory=analytics>a()</script>"),
        *(
            (f"<script type=text/plain {label}>a()</script>", f"<script {{hold}} type=text/plain {label}>a()</script>")
            for label in (
                "data-category=statistics class=cmplz-script",
                "data-cookieconsent='statistics'",
                "data-cookieconsent='preferences, statistics'",
                "data-cookieyes=cookieyes-analytics",
                "data-cookiefirst-category=performance",
                "data-cookiecategory=performance data-cookiescript=accepted",
                "data-categories=analytics",
                "data-osano=ANALYTICS",
                "data-iub-purposes=4 class=_iub_cs_activate",
                "class='optanon-category-C0002'",
                "class='a optanon-category-C0001-C0002'",
                "data-type=application/javascript data-name=baidu data-src=//hm.baidu.com/hm.js",
            )
        ),
        ("<script type=text/plain data-category=!analytics>a()</script>", "<script type=text/plain data-category=!analytics>a()</script>"),
        ("<script type=text/plain data-category=necessary>a()</script>", "<script type=text/plain data-category=necessary>a()</script>"),
        ("<script type=text/plain class='analytics'>a()</script>", "<script type=text/plain class='analytics'>a()</script>"),
        ("<script type=text/plain data-src=a.js>a()</script>", "<script type=text/plain data-src=a.js>a()</script>"),
        ("<script type=text/plain data-category=others>a()</script>", "<script type=text/plain data-category=others>a()</script>"),
        ("<article data-category=analytics>text/plain", "<article data-category=analytics>text/plain"),
        ("<noscript><img src=//hm.baidu.com/a></noscript>", "<noscript><img {hold} data-compliance-src=//hm.baidu.com/a></noscript>"),
        ("<svg><script href=//hm.baidu.com/ /></svg>", "<svg><script {hold} {plain} data-compliance-href=//hm.baidu.com/ /></svg>"),
        ("<img src=//hm.baidu.com/a alt='never closed", "<img src=//hm.baidu.com/a alt='never closed"),
        ("<script>'//hm.baidu.com' never closed", "<script {hold} {plain}>'//hm.baidu.com' never closed"),
    ],
)  # fmt: skip
def test_only_attributes_of_the_held_tag_change(page: str, held: str) -> None:
    expected = held.format(hold='data-compliance-hold="analytics"', plain='type="text/plain"')
    assert GATE.whole(page.encode()).decode() == expected
    assert GATE.whole(expected.encode()) == expected.encode()


def test_a_script_that_uses_what_is_held_waits_with_it() -> None:
    library = b"<script src='//api.map.baidu.com/api?v=3.0'></script>"
    use = b"<script>var map = new BMap.Map('map')</script>"
    assert GATE.whole(b"<!doctype html>" + use + library).count(b"hold") == 1
    assert GATE.whole(b"<!doctype html>" + library + use).count(b'hold="functional"') == 2
    assert GATE.whole(b"<!doctype html>" + library + b"<script>x.BMap(); BMaps.a()</script>").count(b"hold") == 1


def test_a_script_of_several_categories_waits_for_the_least_expected() -> None:
    page = b"<!doctype html><script>['//hm.baidu.com', '//cnzz.com', '//criteo.com', '//connect.qq.com']</script>"
    assert b'hold="advertising"' in GATE.whole(page)


def test_only_the_categories_that_are_held_count() -> None:
    social = Gate(CATALOGUE, frozenset({"social", "necessary"}))
    page = b"<script src=//hm.baidu.com></script><script src=//connect.qq.com></script><script src=//dcs.conac.cn/js/a>"
    assert social.whole(page).count(b"data-compliance-hold") == 1
    assert Gate(CATALOGUE, frozenset()).whole(page) is page


def test_marked_scripts_are_told_apart_for_a_reader_who_allows_them() -> None:
    gate = Gate(CATALOGUE, frozenset(), asked=ALL)
    page = b"<script type=text/plain data-category=analytics>a()</script><script src=//hm.baidu.com></script>"
    assert gate.whole(page) == page.replace(b"<script type", b'<script data-compliance-hold="analytics" type')


# Bounds

LONG = b"/* " + b"a" * LIMIT + b" */"


@pytest.mark.parametrize(
    ("page", "count"),
    [
        # Of a script the first part is looked into; where it ends is known all the same.
        (b"<script>'//hm.baidu.com';" + LONG + b"</script>" + SNIPPETS[1], 2),
        (b"<script>" + LONG + b"'//hm.baidu.com'</script>" + SNIPPETS[1], 1),
        (b"<script>" + LONG + b"<!--<script></script>" + SNIPPETS[1] + b"--></script>" + SNIPPETS[1], 1),
        (b"<noscript>" + LONG + SNIPPETS[1] + b"</noscript>" + SNIPPETS[1], 1),
        (b"<textarea>" + LONG + SNIPPETS[1] + b"</textarea>" + SNIPPETS[1], 1),
        (b"<!--" + LONG + SNIPPETS[1] + b"-->" + SNIPPETS[1], 1),
        (b"<?" + LONG + SNIPPETS[1] + SNIPPETS[1], 1),
        (b"<svg><![CDATA[" + LONG + SNIPPETS[1] + b"]]>" + SNIPPETS[1], 1),
        # A tag that long stays, and is passed to its end.
        (b"<img src=//hm.baidu.com/a alt='" + LONG + b">'>" + SNIPPETS[1], 1),
        (b"<img src=data:," + LONG.replace(b" ", b"") + b" alt='>'>" + SNIPPETS[1], 1),
        (b"<p " + b"a=b c " * (LIMIT // 4) + b"d='>'>" + SNIPPETS[1], 1),
        (b"<textarea title='" + LONG + b"'>" + SNIPPETS[1] + b"</textarea " + b"a " * LIMIT + b">" + SNIPPETS[1], 1),
        (b"<script title='" + LONG + b"'>'//hm.baidu.com'</script>" + SNIPPETS[1], 1),
        (
            b"<svg title='"
            + LONG
            + b"'><title/>"
            + SNIPPETS[1]
            + b"</svg "
            + b"a " * LIMIT
            + b"><title/>"
            + SNIPPETS[1],
            1,
        ),
        (b"<" + b"a" * LIMIT * 2 + b">" + SNIPPETS[1], 1),
        (b"<p " + b"a" * LIMIT + b"\n = '>'" + b"b" * LIMIT + b" =c" + b" " * LIMIT + b"= d>" + SNIPPETS[1], 1),
    ],
)
def test_tokens_longer_than_the_bound_are_passed_in_the_same_way_whole_and_in_pieces(page: bytes, count: int) -> None:
    held = GATE.whole(page)
    assert held.count(b"data-compliance-hold") == count
    for size in (60_001, LIMIT - 1, LIMIT, LIMIT + 1):
        assert in_pieces(page, size) == held


@pytest.mark.slow
def test_memory_stays_flat_over_a_long_page() -> None:
    stream = GATE.stream()
    text = b"<p>Two rivers.</p><img src=//hm.baidu.com/a.gif>" * 400
    sent = most = 0
    for piece in [b"<!doctype html>", *[text] * 60, b"<script>", *[b"a" * 9000] * 90, b"</script>", *[text] * 30]:
        sent += len(stream.feed(piece))
        most = max(most, len(stream.waiting))
    sent += len(stream.close())
    assert most <= LIMIT + len(text)
    assert sent > 90 * len(text)


_TEXT = b"<p>" + b"Nothing to hold here. " * 90 + b"</p>"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"a", b"<script src=//hm.baidu.com/hm.js></script>"),
        (b"<script src=//hm.baid.com/hm.js></script>", b"<script src=//hm.baidu.com/hm.js></script>"),
        (b"<script src=//hm.bai-du.com/hm.js></script>", b"<script src=//hm.baidu.com/hm.js></script>"),
        (b"<p>//hm.baidu.com/hm.js</p>", b"<img src=//hm.baidu.com/hm.js>"),
        (b"<!--<script src=//hm.baidu.com/hm.js></script>-->", b"<script src=//hm.baidu.com/hm.js></script>-->"),
        (b"<script type=text/plane data-category=analytics>a()</script>", b"<script type=text/plain data-category=analytics>a()</script>"),
        (b"<script src=//hm.baidu.com/hm.js></script>", b"a"),
    ],
)  # fmt: skip
def test_a_page_like_the_one_before_is_held_as_it_is_alone(before: bytes, after: bytes) -> None:
    memory = Memory()
    for page in (b"<!doctype html><body>" + _TEXT + part + _TEXT for part in (before, after, before)):
        known = memory.page(page)
        assert known.noted(GATE.mark, partial(GATE.concerns, marked=known.marked), GATE.read) == GATE.whole(page)
