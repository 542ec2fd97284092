"""A page as it is read for an audit: once, and everything beyond its tree only when a check asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import islice
from typing import cast
from urllib.parse import urljoin

from ..characters import without_invisible
from ..outside.hosts import host_of
from ..outside.text import normalised, stream_safe
from . import numbers
from .decoding import Decoded, decode
from .findings import Finding
from .kinds import PageKind as PageKind
from .kinds import kind_of
from .parts import Form, Frame, Image, Link, Script
from .rules import rules
from .tree import Element, holder, parse, styled, text_of, visible

EXCERPT = 200  # characters
MOST_FRAMES = 8  # of a page that are read
# What counts as the foot of a page that marks none: the last characters of its text, its last links.
_FOOT = 1_500
_FOOT_LINKS = 40
_NAMED_FOOT = re.compile(
    r"(?:^|[\s_-])(?:site|page|main|g)?-?(?:foot(?:er)?|bottom|copyright)(?:$|[\s_\d-])", re.IGNORECASE
)
_FOOT_MARKS = ("foot", "Foot", "FOOT", "ottom", "opyright", "COPYRIGHT", "contentinfo")
_FOOT_TAGS = ("div", "section", "table", "ul", "dl", "p", "center", "td", "nav", "aside")
# What makes nearly every Chinese text one that has to be normalised: replaced apart, which is ten times as fast.
# The ratio and the colon of vertical print are no colons to Unicode, and to whoever types a footer.
_WIDE = (*zip("，：∶︰；！？（）｜－／％．＋＆＝～＂\u3000\xa0", ',:::;!?()|-/%.+&=~"  ', strict=True), ("…", "..."))
_WORDS = re.compile(r"[\w-]+")
_FOOT_FILE = re.compile(
    r"(?:foot|bottom|copyright|banquan|dibu|inc_?end)[\w-]*\.(?:js|s?html?|php|asp|jsp)", re.IGNORECASE
)
_FOOT_PICTURE = re.compile("ICP|备案|copyright|版权", re.IGNORECASE)
# White space, and what a terminal or an editor takes for an order.
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")


class Headers(Mapping[str, str]):
    """The headers of a response by name in any case; of several with one name the last, and `all` of them."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._all: dict[str, list[str]] = {}
        for name, value in pairs:
            self._all.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return self._all[name.lower()][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def all(self, name: str) -> Sequence[str]:
        """Return every value of *name*, in order."""
        return self._all.get(name.lower(), [])


class Page:
    """One page of a site.

    *url* is its address, or its path below the folder that is checked. *home* is the page that a reader starts at;
    *depth* is how many clicks lead here from it, None where that is not known. *status* and *headers* are those of the
    response; a file has 200 and none. *opener* reads a page of the same site, such as one in a frame: what stands there
    stands on this page for a reader, so its text, links and pictures are part of it.
    """

    def __init__(
        self,
        url: str,
        content: bytes,
        *,
        status: int = 200,
        headers: Iterable[tuple[str, str]] = (),
        home: bool = False,
        depth: int | None = None,
        opener: Callable[[str], Page | None] = lambda url: None,
    ) -> None:
        self.url = url
        self.status = status
        self.headers = Headers(headers)
        self.home = home
        self.depth = 0 if home else depth
        self._opener = opener
        self.decoded: Decoded = decode(content, self.headers, host_of(url))
        self.root: Element = parse(self.decoded.text)

    # What it says of itself

    @property
    def charset(self) -> str:
        """The charset that the page is read in."""
        return self.decoded.charset

    @cached_property
    def lang(self) -> str | None:
        """The language that the root element names."""
        return self.root.get("lang") or self.root.get("xml:lang")

    @cached_property
    def title(self) -> str:
        """The text of the title."""
        return next((one for element in self.tagged("title") if (one := text_of(element))), "")

    @cached_property
    def metas(self) -> Mapping[str, str]:
        """The contents of `<meta>` by their name, property or http-equiv, in lower case; the first of a name counts."""
        found: dict[str, str] = {}
        for element in self.tagged("meta"):
            name = element.get("name") or element.get("property") or element.get("http-equiv")
            if name:
                found.setdefault(name.lower(), element.get("content") or "")
        return found

    @cached_property
    def kind(self) -> PageKind:
        """What the page is for."""
        return kind_of(self)

    @cached_property
    def ours(self) -> bool:
        """Whether the page carries elements of this package."""
        return "data-compliance" in self.source

    # Elements

    @property
    def source(self) -> str:
        """The markup as text."""
        return self.decoded.text

    @cached_property
    def elements(self) -> Mapping[str, list[Element]]:
        """Every element by its tag, in lower case, in the order of the page."""
        found: dict[str, list[Element]] = {}
        for element in self.root.iter("*"):
            found.setdefault(element.tag, []).append(element)
        return found

    def tagged(self, *tags: str) -> Sequence[Element]:
        """Return the elements with one of *tags*; those of one tag in the order of the page."""
        if len(tags) == 1:
            return self.elements.get(tags[0], [])
        return [element for tag in tags for element in self.elements.get(tag, [])]

    @cached_property
    def styled(self) -> Sequence[Element]:
        """Every element with a style of its own, or that may be hidden."""
        return styled(self.root)

    @cached_property
    def links(self) -> Sequence[Link]:
        """Every `<a>` and `<area>` with an address."""
        own = [Link(self, element) for element in self.tagged("a", "area") if element.get("href") is not None]
        return own + [link for page in self.framed for link in page.links]

    @cached_property
    def foot_links(self) -> Sequence[Link]:
        """The links of a home page, those in the foot of another: what a site repeats is found there."""
        if self.home:
            return self.links
        feet = [link for foot in self.footers for link in foot.iter("a")] or self.tagged("a")[-_FOOT_LINKS:]
        own = [Link(self, element) for element in feet if element.get("href") is not None]
        return own + [link for page in self.framed for link in page.links]

    @cached_property
    def scripts(self) -> Sequence[Script]:
        """Every script that runs: from an address, or written in the page."""
        return [Script(self, element) for element in self.tagged("script")]

    @cached_property
    def images(self) -> Sequence[Image]:
        """Every picture."""
        return [Image(self, element) for element in self.tagged("img")] + [
            image for page in self.framed for image in page.images
        ]

    @cached_property
    def frames(self) -> Sequence[Frame]:
        """Every frame of a frameset, and every page within the page."""
        return [Frame(self, element) for element in self.tagged("frame", "iframe")]

    @cached_property
    def framed(self) -> Sequence[Page]:
        """The pages of this site that its frames show."""
        urls = dict.fromkeys(frame.url for frame in self.frames if frame.url and frame.url != self.url)
        return [page for url in islice(urls, MOST_FRAMES) if (page := self._opener(url))]

    @cached_property
    def forms(self) -> Sequence[Form]:
        """Every form."""
        return [Form(self, element) for element in self.tagged("form")]

    # Text

    @cached_property
    def text(self) -> str:
        """What a reader sees, in one form of every character (NFKC), with single spaces."""
        return " ".join((self._own_text, *(page.text for page in self.framed))).strip()

    @cached_property
    def _own_text(self) -> str:
        return tidy(visible(self.root, among=self.styled))

    @cached_property
    def own(self) -> str:
        """The text without its articles: what the site says of itself."""
        feet = {up for foot in self.footers for up in foot.iterancestors()}
        told = [one for one in self.tagged("article") if one not in feet]
        if not told:
            return self.text
        own = tidy(visible(self.root, among=self.styled, without=told))
        return " ".join((own, *(page.own for page in self.framed))).strip()

    @cached_property
    def footers(self) -> Sequence[Element]:
        """What the page marks as its foot, by element, role, class or id; the outermost elements alone."""
        marked: dict[Element, None] = dict.fromkeys(self.tagged("footer"))
        if any(mark in self.source for mark in _FOOT_MARKS):
            for element in self.tagged(*_FOOT_TAGS):
                names = _names_foot(element.get("class", ""), element.get("id", ""))
                if names or element.get("role") == "contentinfo":
                    marked[element] = None
        return [one for one in marked if not any(up in marked for up in one.iterancestors())]

    @cached_property
    def footer(self) -> str:
        """The text of the foot; the last of the page's text where nothing is marked."""
        marked = tidy(" ".join(visible(element, among=self.styled) for element in self.footers))
        own = marked if self.footers else self._own_text[-_FOOT:]
        return " ".join((own, *(page.footer for page in self.framed))).strip()

    @cached_property
    def footer_images(self) -> Sequence[Image]:
        """The pictures in the foot, whose text nobody but a person can read."""
        feet = set(self.footers)
        own = [one for one in self.images if one.page is self and any(up in feet for up in one.element.iterancestors())]
        return own + [image for page in self.framed for image in page.footer_images]

    @cached_property
    def numbers(self) -> Sequence[numbers.Shown]:
        """Every number of a licence: in the text of a home page, in the foot of another."""
        return numbers.read(self)

    @cached_property
    def unread(self) -> Element | None:
        """The frame, script or picture that seems to show the foot, which nothing here reads."""
        for element in (*self.tagged("frame", "iframe"), *self.tagged("script")):
            if _FOOT_FILE.search(element.get("src") or ""):
                return element
        if frames := self.tagged("frame"):
            return frames[-1]
        pictures = self.footer_images or self.images[-3:]
        return next((one.element for one in pictures if _FOOT_PICTURE.search(f"{one.alt} {one.url}")), None)

    # Helpers of checks

    @cached_property
    def base(self) -> str:
        """What relative addresses start from."""
        own = next((href for one in self.tagged("base") if (href := one.get("href"))), None)
        return urljoin(self.url, own) if own else self.url

    def resolve(self, address: str) -> str:
        """Return *address* as an absolute one, without its fragment; of a file, its path from the folder's top."""
        address = stream_safe(address.strip().partition("#")[0])
        if address.startswith(("https://", "http://")):
            return address
        if address.startswith("/") and not address.startswith("//") and "/." not in address:
            return f"{self._origin}{address}" if self.host else address.lstrip("/")
        try:
            whole = urljoin(self.base, address)
        except ValueError:  # such as an IPv6 host without its bracket
            return address
        return whole if self.host or whole.startswith("//") else whole.lstrip("/")

    @cached_property
    def _origin(self) -> str:
        return "/".join(self.base.split("/", 3)[:3])

    @cached_property
    def host(self) -> str | None:
        """The host of the page, in ASCII; None for a file."""
        return host_of(self.url) or None

    def where(self, text: str) -> Element | None:
        """Return the element in which the longest word of *text* stands, None where it stands in none as it is."""
        word = max(_WORDS.findall(text), key=len, default="")
        return holder(self.root, word) if word else None

    def excerpt(self, element: Element) -> str:
        """Return what stands at *element*: its start tag and text in one line, at most `EXCERPT` characters."""
        pairs = "".join(f' {name!s}="{value!s}"' for name, value in element.items())
        return shorten(f"<{element.tag}{pairs}> {text_of(element)}")

    def found(
        self,
        rule: str,
        element: Element | None = None,
        *,
        excerpt: str | None = None,
        line: int | None = None,
        **values: object,
    ) -> Finding:
        """Return a finding of *rule* here: at *element*, at a *line* that no element begins, or of the page as a whole.

        *excerpt* is what to quote where the element's own would be wrong. *values* fill the braces of the rule's texts.
        """
        for page in self.framed if element is not None else ():
            if any(one is element for one in page.root.iter("*")):
                return page.found(rule, element, excerpt=excerpt, line=line, **values)
        if excerpt is None:
            excerpt = "" if element is None else self.excerpt(element)
        return Finding(
            rule=rules()[rule],
            page=self.url,
            line=line if element is None else cast("int | None", element.sourceline),
            excerpt=shorten(excerpt),
            values={name: shorten(str(value)) for name, value in values.items()},
        )


@lru_cache(maxsize=4_096)  # the same names on page after page
def _names_foot(classes: str, name: str) -> bool:
    return _NAMED_FOOT.search(f"{classes} {name}") is not None


def tidy(text: str) -> str:
    """Return *text* with one form of every character (NFKC), single spaces and nothing invisible."""
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    text = text if text.isascii() else without_invisible(text)
    return " ".join(normalised(text, longest=len(text), form="NFKC").split())


def shorten(text: str) -> str:
    """Return *text* in one line of at most `EXCERPT` characters."""
    line = _BLANK.sub(" ", text).strip()
    return line if len(line) <= EXCERPT else f"{line[: EXCERPT - 1]}…"
