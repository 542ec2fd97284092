"""Markdown to HTML that is safe to show, shaped for reading: anchors, contents, tables, links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import chain, count, pairwise
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from bs4.element import NavigableString, Tag
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

from ..errors import Message
from ..outside.hosts import host_of
from ..outside.text import normalised
from .marks import FOREIGN, MARKED, Heading, unmark

_LONGEST_HEADING = 300  # characters of a heading that its id is made of
_SCHEMES = {"http", "https", "mailto", "tel"}
_SCHEME = re.compile(r"([^/?#:]*):")
_DOCUMENT = re.compile(r"([a-z][a-z0-9-]*)\.md(#.*)?")
_ABROAD = re.compile(r"(?:https?:)?//", re.IGNORECASE)
#: Ids that the page around a document uses for itself.
_TAKEN = ("contents", "versions", "permalink", "compliance-banner", "compliance-saved")
# The id of a heading as Python-Markdown and kramdown write it; Pandoc's `{#` would begin a comment of the placeholders.
_ID = re.compile(r"\s*\{: *#(?P<id>[a-z][a-z0-9-]*) *\}\s*\Z")


class _CommonMark(MarkdownIt):
    """CommonMark and tables, without raw HTML, and headings with ids."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.enable("table")
        self.core.ruler.after("block", "ids", _ids)

    def validateLink(self, url: str) -> bool:
        """Return whether *url* is no program: a relative address, or one of a scheme that only leads somewhere.

        Browsers skip controls and spaces around and inside of a scheme (WHATWG URL, section 4.4).
        """
        scheme = _SCHEME.match(re.sub(r"[\x00-\x20\x7f-\xa0]", "", unquote(url)))
        return scheme is None or scheme[1].lower() in _SCHEMES


def _ids(state: StateCore) -> None:
    """Take the ids of headings out of their words: what a setting brings is escaped here, and is none."""
    for opening, words in pairwise(state.tokens):
        if opening.type == "heading_open" and (given := _ID.search(words.content)):
            opening.attrSet("id", given["id"])
            words.content = words.content[: given.start()]


_COMMONMARK = _CommonMark()


@lru_cache(maxsize=64)
def shape(
    markdown: str, *, language: str, site: str, prefix: str, names: frozenset[str]
) -> tuple[str, tuple[Heading, ...]]:
    """Render *markdown*, a text in *language*: the HTML, and its table of contents.

    *site* is the address of the site and *prefix* the path of our own pages on it. A link to ``cookies.md`` leads to
    the document of that name, which must be one of *names*.

    Raises `ValueError`, saying what to write, for a link to nowhere and for a picture from elsewhere.
    """
    soup = BeautifulSoup(_COMMONMARK.render(markdown), "html.parser")
    _languages(soup, language)
    contents = tuple(_headings(soup))
    _tables(soup)
    for link in soup.find_all("a", href=True):
        _link(link, site, prefix, names, {heading.id for heading in contents})
    for picture in soup.find_all("img", src=True):
        if _ABROAD.match(str(picture["src"])):
            raise ValueError(
                Message(
                    "the picture %(address)s is on another host; keep it on the site, as in /static/…",
                    address=str(picture["src"]),
                )
            )
    return unmark(str(soup)), contents


def _languages(soup: BeautifulSoup, language: str) -> None:
    """Put words in another language into elements that say so (WCAG 2.2, criterion 3.1.2).

    Official names of licences stand in Chinese in every language.
    """
    pattern = MARKED if language.partition("_")[0] in {"zh", "ja", "ko"} else FOREIGN
    for text in soup.find_all(string=pattern):
        content, end = str(text), 0
        pieces: list[NavigableString | Tag] = []
        for words in pattern.finditer(content):
            said = {"lang": words["language"] or "zh"}
            pieces += [
                NavigableString(content[end : words.start()]),
                _span(soup, said, words["words"] or words[0]),
            ]
            end = words.end()
        text.replace_with(*pieces, NavigableString(content[end:]))


def _span(soup: BeautifulSoup, attributes: Mapping[str, str], text: str) -> Tag:
    span = soup.new_tag("span", attrs=dict(attributes))
    span.string = text  # which older versions take no other way
    return span


def _headings(soup: BeautifulSoup) -> list[Heading]:
    """Give headings their ids, and links to themselves; the page's own heading is above them all.

    An id is what the text gives it, else what the heading says. No level is left out: who moves from heading to heading
    by keyboard would look for it.
    """
    found = soup.find_all(re.compile("^h[1-6]$"))
    lower = any(tag.name == "h1" for tag in found)
    given = [str(tag["id"]) for tag in found if tag.has_attr("id")]
    ids, level = {*_TAKEN, *given}, 1
    if taken := [id for id, times in Counter((*_TAKEN, *given)).items() if times > 1]:
        raise ValueError(Message("the id %(id)s of a heading is taken; give it another one", id=taken[0]))
    headings = []
    for tag in found:
        level = min(int(tag.name[1]) + lower, level + 1, 6)
        tag.name = f"h{level}"
        text = " ".join(unmark(tag.get_text()).split())
        tag["id"] = anchor = str(tag.get("id") or _slug(text, ids))
        ids.add(anchor)
        # Beside the heading, whose name it would lengthen; the sign itself is not read aloud.
        link = soup.new_tag(
            "a", attrs={"href": f"#{anchor}", "class": "compliance-permalink", "aria-labelledby": f"permalink {anchor}"}
        )
        link.append(_span(soup, {"aria-hidden": "true"}, "#"))
        tag.wrap(soup.new_tag("div", attrs={"class": "compliance-heading"})).append(link)
        headings.append(Heading(id=anchor, text=text, level=level))
    return headings


def _slug(text: str, ids: Collection[str]) -> str:
    """Return an id that says what a heading says, and is none of *ids*."""
    # Chinese characters are word characters, too. NFKC: full-width and half-width forms are the same to a reader.
    text = normalised(text, longest=_LONGEST_HEADING, form="NFKC").lower()
    slug = re.sub(r"[\W_]+", "-", text).strip("-") or "section"
    return next(one for one in chain([slug], (f"{slug}-{number}" for number in count(2))) if one not in ids)


def _tables(soup: BeautifulSoup) -> None:
    """Let tables scroll by themselves on narrow screens, by keyboard too, and say what their first row is."""
    for table in soup.find_all("table"):
        before = table.find_previous(re.compile("^h[1-6]$"))
        named = {"role": "group", "aria-labelledby": str(before["id"])} if before else {}
        table.wrap(soup.new_tag("div", attrs={"class": "compliance-table", "tabindex": "0", **named}))
        for cell in table.find_all(["th", "td"]):
            # Alignment comes as a style attribute, which our own Content-Security-Policy forbids.
            del cell["style"]
            if cell.name == "th":
                cell["scope"] = "col"


def _link(link: Tag, site: str, prefix: str, names: Collection[str], ids: Collection[str]) -> None:
    href = str(link["href"])
    if href.startswith("#") and unquote(href[1:]) not in ids:
        raise ValueError(
            Message(
                "the link %(link)s leads to no heading; there are %(known)s",
                link=unquote(href),
                known=", ".join(sorted(ids)),
            )
        )
    if document := _DOCUMENT.fullmatch(href):
        if document[1] not in names:
            raise ValueError(
                Message(
                    "the link %(link)s leads to no document; there are %(known)s",
                    link=href,
                    known=", ".join(sorted(names)),
                )
            )
        link["href"] = f"{prefix}/legal/{document[1]}{document[2] or ''}"
    elif _ABROAD.match(href) and host_of(href) != host_of(site):
        link["rel"] = "noopener noreferrer"
        if urlsplit(href).netloc not in link.get_text():
            link["class"] = "compliance-address"  # on paper it says where it leads
