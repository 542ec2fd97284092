"""Legal documents: Markdown found, filled from the settings, rendered once, kept with its earlier versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import yaml
from bs4 import BeautifulSoup
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markdown_it import MarkdownIt
from markupsafe import Markup
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from .errors import DocumentError
from .languages import nearest
from .settings import Settings

CONSENT_COOKIE = "compliance_consent"
#: The documents whose material versions ask readers again (PIPL art. 14, GDPR art. 7).
POLICIES = ("privacy", "cookies")
_ZONE = ZoneInfo("Asia/Shanghai")
_FILE = re.compile(r"([a-z][a-z0-9-]*)(?:\.(.+))?\.md")
_FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
# Every ASCII character that Markdown may give a meaning (CommonMark, section 2.4).
_MEANING = re.compile(r"([!-/:-@\[-`{-~])")
# Stands for the address of our own pages until a page is shown: a site may be mounted anywhere.
_BASE = "/--compliance--"
_OURS = re.compile(rf'href="{_BASE}([^"?#]*)([^"]*)"')
_MARKDOWN = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """An entry of a document's table of contents."""

    id: str
    text: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One version of a document in one language, ready to be shown.

    *language* is that of the text, *html* is safe, *text_hash* is the SHA-256 of the filled Markdown.
    """

    name: str
    language: str
    title: str
    version: str
    effective: date
    material: bool
    html: str
    contents: tuple[Heading, ...]
    text_hash: str

    def shown(self, base: str, query: str) -> str:
        """Return the HTML where our own pages lie under *base* and are asked for their language with *query*."""
        return _OURS.sub(lambda link: f'href="{base}{link[1]}{query}{link[2]}"', self.html)


class _Front(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
    effective: date
    material: bool = False


class Library:
    """All documents of a site, in all versions and languages."""

    def __init__(self, documents: Iterable[Document], languages: Sequence[str]) -> None:
        self._documents: dict[str, dict[str, list[Document]]] = {}
        for document in sorted(documents, key=lambda one: (one.effective, one.version), reverse=True):
            self._documents.setdefault(document.name, {}).setdefault(document.language, []).append(document)
        self._languages = tuple(languages)
        known = [name for name in ("privacy", "cookies", "terms", "about", "contact") if name in self._documents]
        #: The names of the documents, the five that every site has first.
        self.names = (*known, *sorted(set(self._documents) - set(known)))

    def get(
        self, name: str, locale: str, version: str | None = None, today: date | None = None
    ) -> Document | None:
        """Return the document *name* in *locale*, else in another language: the one in force *today*, or *version*."""
        in_force = self.versions(name, locale, today)
        return next((one for one in in_force if version in (None, one.version)), None)

    def versions(self, name: str, locale: str, today: date | None = None) -> tuple[Document, ...]:
        """Return the versions that have taken effect by *today*, the one in force first."""
        today = today or datetime.now(_ZONE).date()
        texts = {
            language: in_force
            for language, versions in self._documents.get(name, {}).items()
            if (in_force := tuple(one for one in versions if one.effective <= today))
        }
        offered = tuple(language for language in (*self._languages, *texts) if language in texts)
        return texts[nearest(locale, offered) or offered[0]] if offered else ()

    def policy(self, today: date | None = None) -> str:
        """Return the policy version that a decision of *today* is about.

        It changes only when a material version of a policy takes effect, in whatever language.
        """
        today = today or datetime.now(_ZONE).date()
        dates = [
            one.effective
            for name in POLICIES
            for versions in self._documents.get(name, {}).values()
            for one in versions
            if one.material and one.effective <= today
        ]
        return max(dates, default=date(1970, 1, 1)).isoformat()


def load(settings: Settings, *, folders: Sequence[Path]) -> Library:
    """Read the documents in *folders*; a later folder replaces a name in a language, with all its versions.

    A folder holds ``<language>/<name>.md`` and, beside it, earlier versions as ``<name>.<version>.md``. Raises
    `DocumentError` for a file that cannot be shown.
    """
    found: dict[tuple[str, str], list[Path]] = {}
    for folder in folders:
        own: dict[tuple[str, str], list[Path]] = {}
        for path in sorted(folder.glob("*/*.md")):
            match = _FILE.fullmatch(path.name)
            if match is None:
                raise DocumentError(path, "name the file <document>.md or <document>.<version>.md, in small letters")
            own.setdefault((match[1], path.parent.name), []).append(path)
        found |= own
    documents = [_read(path, name, language, settings) for (name, language), paths in found.items() for path in paths]
    seen: dict[tuple[str, str, str], str] = {}
    for document in documents:
        key = document.name, document.language, document.version
        if key in seen:
            path = found[document.name, document.language][0].parent
            raise DocumentError(path, f"{document.name} has the version {document.version!r} twice; give each its own")
        seen[key] = document.title
    return Library(documents, settings.site.languages)


def _read(path: Path, name: str, language: str, settings: Settings) -> Document:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(path, f"cannot be read as UTF-8 ({error})") from error
    parts = _FRONT.match(source.replace("\r\n", "\n"))
    if parts is None:
        raise DocumentError(path, "begin it with front matter: title, version and effective between two lines of ---")
    front = _front(path, parts[1])
    text = _fill(path, parts[2], _context(settings, language))
    html, contents = _shape(_MARKDOWN.render(text), settings)
    return Document(
        name=name,
        language=language,
        title=front.title,
        version=front.version,
        effective=front.effective,
        material=front.material,
        html=html,
        contents=contents,
        text_hash=sha256(f"{front.title}\n{text.replace(_BASE, settings.site.prefix)}".encode()).hexdigest(),
    )


def _front(path: Path, text: str) -> _Front:
    try:
        return _Front.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise DocumentError(path, f"its front matter is no YAML: {error}") from error
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'front matter'} is {one['input']!r}: {one['msg']}"
            for one in error.errors()
        )
        raise DocumentError(path, f"its front matter needs title, version, effective, material: {told}") from error


def _context(settings: Settings, language: str) -> Mapping[str, Any]:
    """Return what the texts may name, in *language*; what the site did not say is empty."""
    site, reporting, consent = settings.site, settings.reporting, settings.consent

    def text(value: Any) -> str:
        return value.get(language) if value is not None else ""

    builtin = {"category": "necessary", "provider": "", "purpose": "", "lifetime": ""}
    return {
        "site": {
            "name": text(site.name),
            "operator": text(site.operator),
            "url": str(site.url),
            "email": site.email,
            "address": text(site.address),
        },
        "telephone": reporting.telephone.printed if reporting.telephone else "",
        "report_email": reporting.email or "",
        "report_url": str(reporting.url or ""),
        "national_centre": reporting.national_centre,
        "lifetime_days": consent.lifetime_days,
        "mode": consent.mode,
        "prefix": Markup(_BASE),
        "cookies": [
            {"name": CONSENT_COOKIE, "builtin": "consent", **builtin},
            *(
                {
                    "name": cookie.name,
                    "builtin": "",
                    "category": cookie.category,
                    "provider": text(cookie.provider),
                    "purpose": text(cookie.purpose),
                    "lifetime": text(cookie.lifetime),
                }
                for cookie in consent.cookies
            ),
        ],
        "categories": [
            {"key": key, "name": text(category.name), "description": text(category.description)}
            for key, category in consent.categories.items()
        ],
    }


def _plain(value: Any) -> Any:
    """Take from a value of the settings every meaning that it could have in Markdown."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _MEANING.sub(r"\\\1", " ".join(value.split()))


def _fill(path: Path, text: str, context: Mapping[str, Any]) -> str:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, finalize=_plain, keep_trailing_newline=True)
    try:
        return environment.from_string(text).render(context)
    except TemplateError as error:
        known = ", ".join(context)
        raise DocumentError(path, f"a placeholder cannot be filled ({error}); there are {known}") from error


def _shape(html: str, settings: Settings) -> tuple[str, tuple[Heading, ...]]:
    """Give headings ids and permanent links, tables a frame to scroll in, links to other sites their rel."""
    soup = BeautifulSoup(html, "html.parser")
    contents: list[Heading] = []
    taken: set[str] = set()
    for heading in soup.find_all(re.compile("^h[1-6]$")):
        text = heading.get_text(" ", strip=True)
        # Chinese letters are word characters, too: the id says what the heading says.
        base = re.sub(r"[\W_]+", "-", text.lower()).strip("-") or "section"
        number, identity = 1, base
        while identity in taken:
            number += 1
            identity = f"{base}-{number}"
        taken.add(identity)
        heading["id"] = identity
        link = soup.new_tag("a", href=f"#{identity}", attrs={"class": "permalink", "aria-labelledby": identity})
        link.string = "#"
        heading.append(link)
        contents.append(Heading(id=identity, text=text, level=int(heading.name[1])))
    for table in soup.find_all("table"):
        frame = soup.new_tag("div", attrs={"class": "compliance-table", "role": "region", "tabindex": "0"})
        before = table.find_previous(re.compile("^h[1-6]$"))
        if before is not None:
            frame["aria-labelledby"] = before["id"]
        table.wrap(frame)
    for link in soup.find_all("a", href=re.compile("^(?:https?:)?//")):
        if not str(link["href"]).startswith(str(settings.site.url)):
            link["rel"] = "noopener noreferrer"
    return str(soup), tuple(contents)
