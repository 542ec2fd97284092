"""The placeholders: what the settings say, put into the Markdown of a document as text that means nothing more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TypeAlias

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .. import settings as settings_file
from ..errors import DocumentError, Message
from ..languages import territory
from ..recipients import recipients, separate
from .marks import edged, mark, spaced
from .sources import Source

# All ASCII punctuation can be escaped, and nothing else has a meaning (CommonMark, section 2.4). A tilde or a vertical
# line among them has one only in extensions.
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")
Offered: TypeAlias = tuple[tuple[str, frozenset[str]], ...]


class Said(str):
    """A text of the settings that knows its *language*, which may not be that of the document around it."""

    __slots__ = ("language",)
    language: str

    def __new__(cls, text: str, language: str) -> Said:
        said = super().__new__(cls, text)
        said.language = language
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDetails:
    """Who runs the site, and how to reach them."""

    name: str
    operator: str
    slogan: str | None
    url: str
    email: str
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Where illegal and undesirable information is reported; *telephone_url* is what a link dials."""

    telephone: str | None
    telephone_url: str | None
    email: str | None
    url: str | None
    national_centre: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A category of cookies; *name* and *description* are the site's own, if it has any."""

    key: str
    name: str | None
    description: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """A cookie that the site sets; without a *provider* it is the site's own, without a *lifetime* the session's."""

    name: str
    category: Category
    provider: str | None
    purpose: str
    lifetime: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """How readers are asked."""

    mode: str
    lifetime_days: int
    keeps_source: bool
    categories: tuple[Category, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who receives what readers' browsers send.

    *country* is by name, *abroad* whether it is outside mainland China, *separate* whether agreeing to its category is
    separate consent to all that it allows. *entrusted* are those who work for the site under a contract.
    """

    name: str
    hosts: str
    category: Category
    purpose: str | None
    country: str | None
    abroad: bool | None
    separate: bool
    policy: str | None
    contact: str | None
    method: str | None
    information: str | None
    entrusted: bool
    cookies: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Legal:
    """Who is responsible beside the operator, with name and contact; who publishes and edits."""

    officer: str | None
    children_officer: str | None
    representative: str | None
    supervisor: str | None
    sponsor: str | None
    editor_in_chief: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """For how many days what is recorded is kept; but for *consents*, from the day on which a case is closed."""

    consents: int
    messages: int
    reports: int
    personal_information: int
    spam: int
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Within how many working days a message or report is answered, and a request about personal information."""

    answer_days: int
    request_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence or filing of the site; *kind* is a key of the settings.

    *holder* and *services*, joined, are those of a news licence, *model* is what was filed as generative AI.
    """

    kind: str
    number: str
    url: str | None
    holder: str | None
    services: str | None
    model: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The pages of this package that a document may link to."""

    consent: str
    record: str
    message: str
    report: str
    corrections: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placeholders:
    """Everything that a document can name."""

    site: SiteDetails
    reporting: Reporting
    consent: Consent
    cookies: tuple[Cookie, ...]
    recipients: tuple[Recipient, ...]
    legal: Legal
    retention: Retention
    messages: Messages
    licences: tuple[Licence, ...]
    urls: Addresses


def placeholders(settings: settings_file.Settings, language: str) -> Placeholders:
    """Return what *settings* say to a document in *language*."""
    site, reporting, consent = settings.site, settings.reporting, settings.consent
    own = consent.categories

    def text(value: settings_file.Text) -> str:
        return Said(value.get(language), value.language(language))

    def maybe(value: settings_file.Text | None) -> str | None:
        return text(value) if value else None

    def category(key: str) -> Category:
        named = own.get(key) or settings_file.Category()
        return Category(key=key, name=maybe(named.name), description=maybe(named.description))

    def official(words: str) -> str:
        # An official number such as 渝ICP备20009753号 is in Chinese, one of digits in any language.
        return words if words.isascii() else Said(words, "zh_CN")

    return Placeholders(
        site=SiteDetails(
            name=text(site.name),
            operator=text(site.operator),
            slogan=maybe(site.slogan),
            url=site.url,
            email=site.email,
            address=maybe(site.address),
        ),
        reporting=Reporting(
            telephone=reporting.telephone.printed if reporting.telephone else None,
            telephone_url=reporting.telephone.uri if reporting.telephone else None,
            email=reporting.email,
            url=reporting.url,
            national_centre=reporting.national_centre,
        ),
        consent=Consent(
            mode=consent.mode,
            lifetime_days=consent.lifetime_days,
            keeps_source=consent.keep_source,
            categories=tuple(category(key) for key in own),
        ),
        cookies=tuple(
            Cookie(
                name=cookie.name,
                category=category(cookie.category),
                provider=maybe(cookie.provider),
                purpose=text(cookie.purpose),
                lifetime=maybe(cookie.lifetime),
            )
            for cookie in consent.cookies
        ),
        recipients=tuple(
            Recipient(
                name=text(one.name) if one.name else ", ".join(one.hosts),
                hosts=", ".join(one.hosts),
                category=category(one.category),
                purpose=maybe(one.purpose),
                country=territory(one.country, language) if one.country else None,
                abroad=one.abroad,
                separate=separate(settings, one.category),
                policy=one.policy,
                contact=maybe(one.contact),
                method=maybe(one.method),
                information=maybe(one.information),
                entrusted=one.entrusted,
                cookies=", ".join(one.cookies) or None,
            )
            for one in recipients(settings)
        ),
        legal=Legal(**{each.name: maybe(getattr(settings.legal, each.name)) for each in fields(Legal)}),
        retention=Retention(**{each.name: getattr(settings.retention, each.name) for each in fields(Retention)}),
        messages=Messages(
            answer_days=settings.messages.answer_days, request_days=settings.messages.personal_information_days
        ),
        licences=tuple(
            Licence(
                kind=licence.kind,
                number=official(licence.number),
                url=licence.url,
                holder=official(licence.holder) if licence.holder else None,
                services=official("、".join(licence.services)) if licence.services else None,
                model=official(licence.model) if licence.model else None,
            )
            for licence in settings.licences.all()
        ),
        urls=Addresses(**{page.name: f"{site.prefix}/{page.name}" for page in fields(Addresses)}),
    )


def fill(source: Source, values: Placeholders) -> str:
    """Return the Markdown of *source* with every placeholder filled.

    A name in Latin letters gets its spaces within Chinese words, wherever the text has none.

    Raises `DocumentError` for a placeholder that there is not, and for one that the site did not set and the text does
    not ask about with ``{% if … %}``: a legal text must not promise what is not there.
    """

    names = {field.name: getattr(values, field.name) for field in fields(values)}
    try:
        template = _template(source, _offered(values))
        text = template.render(names)
    except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
        raise _cannot(source, error) from error
    return spaced(text)


def _cannot(source: Source, error: Exception) -> DocumentError:
    line = getattr(error, "lineno", None)
    reason = Message("a placeholder cannot be filled: %(reason)s", reason=str(error))
    if line:
        reason = Message("line %(number)s: %(what)s", number=line + source.line, what=reason)
    return DocumentError(source.path, reason)


@lru_cache(maxsize=64)
def _template(source: Source, offered: Offered) -> Template:
    """Compile the text of *source*, which may name what is *offered*."""

    def literal(value: object) -> str:
        if value is None:
            raise DocumentError(
                source.path,
                Message(
                    "it names something that the settings leave out; write the sentence between %(start)s and %(end)s",
                    start="{% if … %}",
                    end="{% endif %}",
                ),
            )
        text = str(value)
        # How Python writes a record, a list or a method means nothing to a reader, and may differ at every start.
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise DocumentError(
                source.path,
                Message(
                    "a placeholder gives no words but %(value)s; name what to write, as in {{ site.name }}, or ask"
                    " about it with %(question)s",
                    value=text,
                    question="{% if … %}",
                ),
            )
        plain = _PUNCTUATION.sub(r"\\\g<0>", " ".join(text.split()))
        said = value.language if isinstance(value, Said) else source.language
        words = plain if said == source.language else mark(plain, said)
        # Japanese, written with the same characters, has no such spaces.
        return edged(words) if isinstance(value, Said) and source.language.startswith("zh") else words

    # A legal text is no program, and lawyers may edit it who have no business on the server: hence the sandbox.
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=literal, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.globals.clear()
    parsed = environment.parse(source.text)
    if unknown := list(_unknown(parsed, dict(offered))):
        raise DocumentError(source.path, Message.joined(unknown))
    return environment.from_string(parsed)


def _offered(values: Placeholders) -> Offered:
    """Return the placeholders that there are: names, and what each has below it."""
    owners = {field.name: getattr(values, field.name) for field in fields(values)}
    return tuple(
        (name, frozenset(field.name for field in fields(owner)) if is_dataclass(owner) else frozenset())
        for name, owner in owners.items()
    )


def _unknown(template: nodes.Template, offered: Mapping[str, frozenset[str]]) -> Iterable[Message]:
    """Find placeholders that there are not, also where this site's settings leave their sentence out."""
    undeclared = meta.find_undeclared_variables(template)
    for name in sorted(undeclared - offered.keys()):
        yield Message("there is no placeholder %(name)s; %(advice)s", name=name, advice=_advice(name, offered))
    for access in template.find_all(nodes.Getattr):
        if isinstance(access.node, nodes.Name) and access.node.name in undeclared & offered.keys():
            below = offered[access.node.name]
            if access.attr not in below:
                yield Message(
                    "there is no placeholder %(name)s; %(advice)s",
                    name=".".join((access.node.name, access.attr)),
                    advice=_advice(access.attr, below),
                )


def _advice(name: str, offered: Collection[str]) -> Message:
    if near := get_close_matches(name, offered, n=1):
        return Message("did you mean %(near)s?", near=near[0])
    return Message("there are %(known)s", known=", ".join(sorted(offered)) or Message("none below it"))
