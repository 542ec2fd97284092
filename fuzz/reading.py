"""What `check` reads: pages held to every check, texts of footers, policies and articles."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from compliance.audit.checks import PAGE
from compliance.audit.hotlines import hotlines
from compliance.audit.numbers import found
from compliance.audit.page import Page
from compliance.audit.runner import examine
from compliance.audit.site import Context
from compliance.audit.statements import missing
from compliance.characters import with_ascii_digits
from compliance.outside.hosts import host_of
from compliance.outside.mailboxes import mailbox

from . import soup
from .pages import CATALOGUE
from .target import Target

CONTEXT = Context(catalogue=CATALOGUE, today=date(2026, 11, 30), hosts=frozenset({"news.example"}))
_HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Content-Type", "Content-Security-Policy", "Set-Cookie", "Content-Language", "Link", "Refresh"]
        ),
        soup.texts(),
    ),
    max_size=3,
)


def _page(made: tuple[bytes, list[tuple[str, str]], str, bool]) -> None:
    content, headers, path, home = made
    page = Page(f"https://news.example/{path}", content, headers=headers, home=home, depth=1)
    examined = examine(page, CONTEXT, PAGE)
    for finding in examined.findings:
        assert len(finding.excerpt) < 1_000


def _text(text: str) -> None:
    for line in hotlines(text):
        assert line.printed in with_ascii_digits(text)
    for kind, number, *_ in found(text):
        assert kind and number
    list(missing(text))
    if name := host_of(f"https://{text}"):
        assert len(name) <= 253 and name.isascii()
    if box := mailbox(text):
        assert "@" in box and not any(character.isspace() for character in box)


TARGETS = [
    Target(
        name="audit",
        inputs=st.tuples(soup.bodies(), _HEADERS, st.sampled_from(["", "a.html", "2026/11/30/1.html"]), st.booleans()),
        test=_page,
    ),
    Target(name="texts", inputs=st.one_of(soup.texts(), soup.pages()), test=_text),
]
