"""Where a script ends: the two ways in which its text is read, at once and in pieces, end it where browsers do.

The judges are justhtml, a parser that the package does not use, and the documents of the html5lib test suite.
"""

from __future__ import annotations

import re

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from justhtml import JustHTML

from compliance.page.html.scripts import ScriptText
from compliance.page.html.syntax import SCRIPT, compiled
from support.documents import documents, suite
from support.examples import examples

START = b"<script>"
_WHOLE = compiled(SCRIPT)
_END_TAG = re.compile(rb"</script[ \t\n\f\r]*>", re.IGNORECASE)
PARTS = st.sampled_from(
    ["<!--", "-->", "--!>", "<!-->", "<!--->", "<!---->", "-", "--", "<", ">", "/", "!", "x", " ", "\n", "'", "<!-",
     "<!", "\0", "<script", "<script>", "<SCRIPT ", "<script/", "<scripts>", "</script", "</script>", "</SCRIPT\n>",
     "</script x>", "</scripts>", "</script/>", "< /script>"]
)  # fmt: skip


def seen(text: bytes) -> bytes:
    """Return what a browser takes for the script that begins with *text*."""
    node = JustHTML((START + text).decode("latin-1"), sanitize=False).query("script")[0]
    return "".join(child.data for child in node.children).replace("\ufffd", "\0").encode("latin-1")


def in_pieces(text: bytes, size: int) -> bytes:
    """Return what is read as the script that begins with *text*, when it comes in pieces of *size*."""
    reader, place, came = ScriptText(), 0, b""
    for start in range(0, len(text), size):
        came += text[start : start + size]
        place, ended = reader.find(came, place)
        if ended:
            return came[:place]
    return came


def check(text: bytes) -> None:
    script = seen(text)
    for size in (1, 2, 7, len(text) or 1):
        assert in_pieces(text, size) == script, size
    whole = _WHOLE.match(START + text)
    # A script that does not end, or whose end tag is an odd one, is for those who read more carefully.
    end = _END_TAG.match(text, len(script))
    assert (whole and whole.end()) == (end and len(START) + end.end())


@settings(max_examples=examples(600), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PARTS, max_size=14).map(lambda parts: "".join(parts).encode()))
@example(b"<!--<script></script>x</script>y")
@example(b"<!--><script></script>x</script>")
@example(b"<!--<script>--></script>x")
@example(b"<!--<script </script>--></script>")
def test_both_readers_end_a_script_where_browsers_do(text: bytes) -> None:
    check(text)


@suite
def test_both_readers_end_the_scripts_of_the_suite_where_browsers_do() -> None:
    # Line ends are the parser's to change, and characters beyond ASCII no part of the question.
    for _, page in documents():
        page = page.replace(b"\r", b"\n").decode("utf-8", "replace").encode("ascii", "replace")
        for found in re.finditer(rb"<script(?:[ \t][^<>'\"]*)?>", page):
            check(page[found.end() :])
