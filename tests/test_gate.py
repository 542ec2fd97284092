"""The promise of the gate: attributes of held elements change, and nothing else of a page does.

The judge is justhtml, a parser that the package does not use.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML
from test_injection import documents, suite

from compliance.trackers import Catalogue, Gate

ALL = frozenset({"functional", "analytics", "advertising", "social"})
CATALOGUE = Catalogue()
GATE = Gate(CATALOGUE, ALL)
HM = b"//hm.baidu.com/hm.js"
_ADDED = re.compile(
    r' data-compliance-hold="[a-z]+"(?: type="text/plain")?|data-compliance-(?=(?:src|srcset|href|type)\b)'
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
    if plain.get("type") == "text/plain" and not {"data-category", "data-cookiecategory"} & plain.keys():
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
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_tag_soup_keeps_its_text_and_its_pieces_agree(soup: str, size: int) -> None:
    page = f"<!doctype html><body>{soup}".encode()
    held = GATE.whole(page)
    assert in_pieces(page, size) == held
    assert GATE.whole(held) is held
    for scripting in (True, False):
        assert tree(held, scripting=scripting) == tree(page, scripting=scripting), held
