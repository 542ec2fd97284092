"""The library: all documents of a site, in their languages and versions, and which of them is in force."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from hashlib import sha256
from itertools import chain
from pathlib import Path

from markupsafe import Markup

from ..deadlines import day, midnight
from ..errors import DocumentError, Message, said
from ..languages import nearest
from ..paths import TEMPLATES
from ..settings import Settings
from .marks import Heading, unmark
from .sources import Source, find

#: The documents that a reader's consent is about: a material version of them asks again (PIPL art. 14, GDPR art. 7).
POLICIES = ("privacy", "cookies")
#: The documents that every site has, in the order of the footer.
STARTERS = (*POLICIES, "children", "terms", "about", "contact")
_OURS = TEMPLATES / "documents"
_SUMMARY = 160  # more is cut off anyway


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a reader sees of a document: *html* is safe, *text* is the title and the filled Markdown."""

    html: str
    contents: tuple[Heading, ...]
    text: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """One version of a document in one language, filled and rendered by *fill* when it is first read.

    *language* is the language of the text; the links of *html* to our own pages start at the root of the host (see
    `shown`). A *standing* document is in force whatever the day, for without it there would be none.
    """

    name: str
    language: str
    title: str
    version: str
    effective: date
    material: bool
    prefix: str
    standing: bool = False
    fill: Callable[[], Shape] = field(repr=False, compare=False)

    @cached_property
    def _shape(self) -> Shape:
        return self.fill()

    @property
    def html(self) -> str:
        """The text as HTML that is safe to show."""
        return self._shape.html

    @property
    def contents(self) -> tuple[Heading, ...]:
        """The headings."""
        return self._shape.contents

    @property
    def text(self) -> str:
        """The title and the filled Markdown."""
        return self._shape.text

    @cached_property
    def text_hash(self) -> str:
        """The SHA-256 of the text, in hexadecimal digits."""
        return sha256(self.text.encode()).hexdigest()

    @property
    def starts(self) -> date:
        """The first day on which the document is shown as the one in force."""
        return date.min if self.standing else self.effective

    @property
    def since(self) -> datetime:
        """The moment at which the document takes effect: midnight in China."""
        return midnight(self.effective)

    @property
    def summary(self) -> str:
        """The first words of the text, for lists of search results."""
        first = re.search(r"<p>(.*?)</p>", self.html, re.DOTALL)
        words = Markup(first[1]).striptags() if first else self.title
        return words if len(words) <= _SUMMARY else f"{words[: _SUMMARY - 1].rstrip()}…"

    def shown(self, base: str, query: str) -> str:
        """Return the HTML where our own pages lie under *base* and are asked for their language with *query*."""
        # No text can look like a link: there a "<" is a character reference.
        ours = re.compile(rf'(?<=<a href="){re.escape(self.prefix)}(/[^"?#]*)(\??)')
        # A link with a query of its own keeps it: it may name its language.
        return ours.sub(lambda link: f"{base}{link[1]}{link[2] or query}", self.html)


class Library:
    """All documents of a site.

    Args:
        languages: those of the site, the default one first.
    """

    def __init__(self, documents: Iterable[Document], languages: Sequence[str]) -> None:
        self._texts: dict[str, dict[str, tuple[Document, ...]]] = {}
        for document in sorted(documents, key=_age, reverse=True):
            texts = self._texts.setdefault(document.name, {})
            texts[document.language] = (*texts.get(document.language, ()), document)
        self._languages = tuple(languages)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the documents, those that every site has first."""
        known = tuple(name for name in STARTERS if name in self._texts)
        return (*known, *sorted(self._texts.keys() - set(known)))

    def get(self, name: str, locale: str, version: str | None = None, today: date | None = None) -> Document | None:
        """Return the document *name* as a reader of *locale* reads it best: the one in force *today*, or *version*.

        Its `language` says which language that is. A *version* may be one that takes effect later.
        """
        if version is None:
            return next(iter(self.versions(name, locale, today)), None)
        return next(iter(self._together(name, locale, version)), None)

    def versions(self, name: str, locale: str, today: date | None = None) -> tuple[Document, ...]:
        """Return the versions of *name* in the language that a reader of *locale* gets, the one of *today* first."""
        return _best(self._in_force(name, today), locale)

    def coming(self, name: str, locale: str, today: date | None = None) -> tuple[Document, ...]:
        """Return the versions of *name* that take effect after *today*, the next one first."""
        latest = today or day(datetime.now(UTC))
        kept = _best(self._served(self._texts.get(name, {})), locale)
        return tuple(one for one in reversed(kept) if one.starts > latest)

    def languages(self, name: str, version: str | None = None) -> tuple[str, ...]:
        """Return the languages that *name* can be asked for in: what is in force today, or *version*."""
        texts = self._served(self._texts.get(name, {})) if version else self._in_force(name, None)
        return tuple(
            language
            for language, kept in texts.items()
            if nearest(language, self._languages) and (not version or any(one.version == version for one in kept))
        )

    def pair(self, name: str, locale: str, one: str, other: str) -> tuple[Document, Document] | None:
        """Return two versions of *name* in a language that has both, the earlier one first."""
        match self._together(name, locale, one, other):
            case [earlier, later]:
                return earlier, later
        return None

    def revisions(
        self, locale: str, since: str | None = None, today: date | None = None
    ) -> tuple[tuple[Document, Document], ...]:
        """Return what readers are asked again for: each document as it was and as it is *today*.

        *since* is the policy version (see `policy`) of a decision; without it what counts is the latest day on which a
        material version took effect. A document that has no earlier version in the reader's language is left out.
        """
        labels = (since.split("+") * len(POLICIES))[: len(POLICIES)] if since else [None] * len(POLICIES)
        found = []
        for name, label in zip(POLICIES, labels, strict=True):
            versions = self.versions(name, locale, today)
            newest = next((place for place, one in enumerate(versions) if one.material), None)
            if newest is None:
                continue
            asked = versions[newest]
            earlier = (one for one in versions[newest + 1 :] if label in (None, one.version))
            if label != asked.version and (old := next(earlier, None)):
                found.append((asked.starts, old, versions[0]))
        latest = max((effective for effective, _, _ in found), default=None)
        return tuple((old, new) for effective, old, new in found if since or effective == latest)

    def policy(self, today: date | None = None) -> str:
        """Return the policy version that a decision of *today* is about.

        It changes when a material version of the privacy or the cookie document takes effect in any language of the
        site, and at no other time: a translation that comes later under the same version asks nobody again.
        """
        labels = []
        for name in POLICIES:
            texts = self._in_force(name, today)
            material = [one for versions in texts.values() for one in versions if one.material]
            labels.append(max(material, key=_age).version if material else "0")
        return "+".join(dict.fromkeys(labels))

    def _in_force(self, name: str, today: date | None) -> dict[str, tuple[Document, ...]]:
        """Return what has taken effect by language, newest first."""
        latest = today or day(datetime.now(UTC))
        return self._served(
            {
                language: in_force
                for language, versions in self._texts.get(name, {}).items()
                if (in_force := tuple(one for one in versions if one.starts <= latest))
            }
        )

    def _served(self, texts: dict[str, tuple[Document, ...]]) -> dict[str, tuple[Document, ...]]:
        """Return those of *texts* that readers of the site's languages get."""
        wanted = dict.fromkeys(_language(texts, locale) for locale in self._languages)
        return {language: texts[language] for language in wanted if language}

    def _together(self, name: str, locale: str, *versions: str) -> tuple[Document, ...]:
        """Return *versions*, the earliest first, in the best language that has all of them."""
        texts = {}
        for language, kept in self._served(self._texts.get(name, {})).items():
            found = tuple(one for one in reversed(kept) if one.version in versions)
            if len(found) == len(versions):
                texts[language] = found
        return _best(texts, locale)


def _best(texts: Mapping[str, tuple[Document, ...]], locale: str) -> tuple[Document, ...]:
    """Return those of *texts* that a reader of *locale* reads best."""
    language = _language(texts, locale)
    return texts[language] if language else ()


def _language(texts: Mapping[str, tuple[Document, ...]], locale: str) -> str | None:
    """Return which language of *texts* a reader of *locale* reads best: where none is near, English."""
    offered = tuple(sorted(texts))
    return nearest(locale, offered) or nearest("en", offered) or next(iter(offered), None)


def load(settings: Settings, *, folders: Sequence[Path]) -> Library:
    """Read the documents in *folders*.

    What a later folder has of a document in a language stands in place of all that earlier ones have of it. Raises
    `DocumentError` for a document that cannot be shown as it is; the starter documents can, and wait for a reader.
    """
    found: dict[tuple[str, str], list[Source]] = {}
    for folder in folders:
        here: dict[tuple[str, str], list[Source]] = {}
        for source in find(folder):
            versions = here.setdefault((source.name, source.language), [])
            twin = next((other for other in versions if other.version == source.version), None)
            if twin:
                raise DocumentError(
                    source.path,
                    Message(
                        "%(path)s is version %(version)s, too; give it another one",
                        path=str(twin.path),
                        version=repr(source.version),
                    ),
                )
            versions.append(source)
        found |= here
    names = frozenset(name for name, _ in found)
    # The starter texts are in force at a site from the day on which it had them, which no file of ours can know.
    published = settings.legal.effective or day(settings.changed or datetime.now(UTC))
    documents = []
    for source in chain.from_iterable(found.values()):
        starter = source.path.is_relative_to(_OURS)
        document = Document(
            name=source.name,
            language=source.language,
            title=source.title,
            version=source.version,
            effective=max(source.effective, published) if starter else source.effective,
            material=source.material,
            prefix=settings.site.prefix,
            standing=starter,
            fill=partial(_shape, source, settings, names),
        )
        documents.append(document)
        if not starter:
            _ = document.html
    return Library(documents, settings.site.languages)


def _shape(source: Source, settings: Settings, names: frozenset[str]) -> Shape:
    # With the readers of Markdown and HTML, read when a document is.
    from .markup import shape
    from .placeholders import fill, placeholders

    text = fill(source, placeholders(settings, source.language))
    prefix = settings.site.prefix
    try:
        html, contents = shape(text, language=source.language, site=settings.site.url, prefix=prefix, names=names)
    except ValueError as error:
        raise DocumentError(source.path, said(error)) from error
    return Shape(html=html, contents=contents, text=f"{source.title}\n\n{unmark(text)}")


def _age(document: Document) -> tuple[date, list[tuple[int, str]]]:
    """Order documents by the day they take effect, then by version: 1.10 is newer than 1.9."""
    parts = re.findall(r"\d+|\D+", document.version)
    return document.starts, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
