"""The tables of the settings file: every key, what it means, what is allowed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from ..errors import Problem
from ..licences import Licence, doubt
from ..telephones import Telephone, parse
from .addresses import EmailAddress, Prefix, SiteAddress, WebAddress, host_name
from .filings import Licences
from .legal import Articles, Legal
from .messages import Limits, Mail, Messages, Retention, Storage
from .mourning import Mourning
from .table import Context, Table
from .texts import Language, Text, Words

#: The category that needs no consent; it is always there and never listed.
NECESSARY = "necessary"
#: How long before its end it is told that a licence expires.
EXPIRY = timedelta(days=30)
#: The categories that have a name and a description in every language of this package.
CATEGORIES = ("functional", "analytics", "advertising", "social")


def _telephone(value: Any) -> Any:
    return parse(value) if isinstance(value, str) else value


class Site(Table):
    """The site and who runs it."""

    name: Text = Field(description="The name of the site.", examples=["iChongqing"])
    url: SiteAddress = Field(
        description="The address of the home page, as readers know it.", examples=["https://www.ichongqing.info"]
    )
    operator: Text = Field(
        description="Who runs the site and answers for personal information.",
        examples=["Chongqing International Communication Center"],
    )
    slogan: Text | None = Field(
        default=None, description="A line at the head of the footer.", examples=["New Era, New Journey, New Chongqing"]
    )
    email: EmailAddress = Field(description="The mailbox for inquiries.", examples=["service@ichongqing.info"])
    address: Text | None = Field(
        default=None,
        description="The operator's postal address, for the legal documents.",
        examples=["Yubei, Chongqing"],
    )
    languages: tuple[Language, ...] = Field(
        min_length=1,
        description="The languages of the site's pages; the first is the default.",
        examples=[["en", "zh_CN"]],
    )
    prefix: Prefix = Field(
        default="/compliance",
        description="The path under which this package's own pages lie.",
        examples=["/compliance"],
    )

    @field_validator("languages")
    @classmethod
    def _each_once(cls, tags: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(tags)) < len(tags):
            raise ValueError("name every language once")
        return tags


class Reporting(Table):
    """Where illegal and undesirable information is reported."""

    telephone: Annotated[
        Telephone | None, BeforeValidator(_telephone), WithJsonSchema({"type": "string", "minLength": 3})
    ] = Field(
        default=None,
        description="The telephone number for reports, shown as it is written here.",
        examples=["+86-23-67158993"],
    )
    email: EmailAddress | None = Field(
        default=None, description="The mailbox for reports.", examples=["jubao@ichongqing.info"]
    )
    url: WebAddress | None = Field(
        default=None,
        description="A page for reports that the site has already, such as the provincial centre's.",
        examples=["https://jubao.example.org/"],
    )
    national_centre: bool = Field(
        default=False,
        strict=True,
        description="Whether the national reporting centre (12377) is named, too.",
        examples=[True],
    )


class Category(Table):
    """A kind of cookies and trackers that a reader allows or refuses."""

    name: Text | None = Field(default=None, description="What readers see it called.", examples=["Maps"])
    description: Text | None = Field(
        default=None,
        description="What it is for, in a sentence.",
        examples=["Shows maps of another company inside articles."],
    )


def _declared(category: str, info: ValidationInfo) -> str:
    declared = tuple(dict.fromkeys((NECESSARY, *Context.of(info).categories)))
    if category not in declared:
        raise ValueError(f"name a category of consent.categories ({', '.join(declared)}), or add it there")
    return category


def _cookie_name(value: str) -> str:
    # A token of RFC 6265, section 4.1.1; the asterisk is one of its characters.
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
        raise ValueError("write the name of a cookie, such as '_stat_*'")
    return value


Declared = Annotated[str, AfterValidator(_declared)]
CookieName = Annotated[str, AfterValidator(_cookie_name)]


class Cookie(Table):
    """A cookie that the site sets, for the cookie policy and the preference page."""

    name: Words = Field(description="The name; `*` at its end stands for any text.", examples=["_pk_id*"])
    category: Declared = Field(
        default=NECESSARY, description="The category that it belongs to.", examples=["analytics"]
    )
    provider: Text | None = Field(
        default=None, description="Whose it is, where it is not the site's own.", examples=["Matomo"]
    )
    purpose: Text = Field(description="What it is for.", examples=["Counts visits."])
    lifetime: Text | None = Field(
        default=None, description="How long it is kept; without it until the browser closes.", examples=["13 months"]
    )


def _tracker_host(value: str) -> str:
    return value if value == "*" else host_name(value)


class Tracker(Table):
    """What others run on the site's pages, beside what is known already or in place of it."""

    host: Annotated[str, AfterValidator(_tracker_host)] = Field(
        description="The host it loads from, its subdomains with it; `*` for any host.", examples=["stats.example.org"]
    )
    path: str = Field(
        default="/",
        validate_default=True,
        description="How the path of its addresses begins; for any host also how it may end.",
        examples=["/stat.js"],
    )
    category: Declared = Field(
        description="The category that it waits for; `necessary` where it waits for nothing.", examples=["analytics"]
    )
    provider: Text | None = Field(default=None, description="What it is called.", examples=["Our statistics"])
    country: str | None = Field(
        default=None, description="The country of its operator, in two letters.", examples=["CN"]
    )
    purpose: Text | None = Field(
        default=None, description="What it is for; without it what its category is.", examples=["Counts visits."]
    )
    contact: Text | None = Field(
        default=None, description="How its operator is reached.", examples=["privacy@stats.example.org"]
    )
    method: Text | None = Field(
        default=None,
        description="How it handles personal information; without it that browsers send requests to it.",
        examples=["Collects page views with a script, and stores them."],
    )
    information: Text | None = Field(
        default=None,
        description="The kinds of personal information; without it what every request tells.",
        examples=["IP address, kind of browser, pages read"],
    )
    entrusted: bool = Field(
        default=False,
        strict=True,
        description="Whether its operator works for the site under a contract, rather than for itself.",
        examples=[True],
    )
    policy: WebAddress | None = Field(
        default=None,
        description="Where its operator says how to reach them and what they do with personal information.",
        examples=["https://stats.example.org/privacy"],
    )
    cookies: tuple[CookieName, ...] = Field(
        default=(), description="The names of its cookies; `*` stands for any text.", examples=[["_stat_*"]]
    )

    @field_validator("path")
    @classmethod
    def _is_a_path(cls, path: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"/[^\s?#\"'<>\\]*", path):
            raise ValueError("write the beginning of a path, with its slash in front, such as '/stat.js'")
        if path == "/" and info.data.get("host") == "*":
            raise ValueError("write a path here: any path on any host is the whole web")
        return path

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, country: str | None) -> str | None:
        if country is not None and not re.fullmatch("[A-Z]{2}", country):
            raise ValueError("write the country's two capital letters, such as 'CN'")
        return country


def _category(key: str, info: ValidationInfo) -> str:
    if key == NECESSARY:
        raise ValueError(f"leave {key!r} out: it is always there, and nobody is asked about it")
    # It travels in the consent cookie, which holds less than 400 bytes.
    if not re.fullmatch("[a-z][a-z0-9_]{0,31}", key):
        raise ValueError(f"write {key!r} with up to 32 small letters, digits and underscores, a letter first")
    if key not in (*CATEGORIES, *Context.of(info).named):
        known = ", ".join(CATEGORIES)
        raise ValueError(f"give {key!r} a name in a table [consent.categories.{key}]; {known} have one already")
    return key


def _categories(value: Any) -> Any:
    listed = isinstance(value, list | tuple) and all(isinstance(key, str) for key in value)
    return dict.fromkeys(value, {}) if listed else value


class Consent(Table):
    """How readers are asked for consent."""

    mode: Literal["notice", "opt-in", "opt-out"] = Field(
        default="notice", description="What counts as consent.", examples=["notice"]
    )
    lifetime_days: int = Field(
        default=365,
        ge=1,
        le=400,  # browsers keep no cookie longer (RFC 6265bis, section 5.5)
        strict=True,
        description="After how many days a reader is asked again.",
        examples=[365],
    )
    keep_source: bool = Field(
        default=False,
        strict=True,
        description="Whether the ledger keeps a keyed label of the network that a decision came from.",
        examples=[True],
    )
    text: Text | None = Field(
        default=None,
        description="The banner's text; without it one that suits the mode.",
        examples=["By continuing to browse our site you agree to our use of cookies."],
    )
    position: Literal["bottom", "flow"] = Field(
        default="bottom",
        description="Where the banner stands: over the bottom of the window, or in the page above all else.",
        examples=["bottom"],
    )
    categories: Annotated[
        dict[Annotated[str, AfterValidator(_category)], Category],
        BeforeValidator(_categories, json_schema_input_type=list[str] | dict[str, Category]),
    ] = Field(
        default={},
        description="The optional categories: a list of those that this package names, or a table of tables.",
        examples=[["functional", "analytics", "advertising", "social"]],
    )
    cookies: tuple[Cookie, ...] = Field(default=(), description="The cookies that the site sets.")
    trackers: tuple[Tracker, ...] = Field(
        default=(), description="What others run on the pages, beside the trackers that are known already."
    )

    @field_validator("trackers")
    @classmethod
    def _once(cls, trackers: tuple[Tracker, ...]) -> tuple[Tracker, ...]:
        if len({(tracker.host, tracker.path) for tracker in trackers}) < len(trackers):
            raise ValueError("list every host with a path once")
        return trackers


class Settings(Table):
    """What a settings file says; `load` makes it."""

    site: Site = Field(description="The site and who runs it.")
    licences: Licences = Field(default=Licences(), description="The numbers that the footer shows.")
    reporting: Reporting = Field(
        default=Reporting(), description="Where illegal and undesirable information is reported."
    )
    consent: Consent = Field(default=Consent(), description="How readers are asked for consent.")
    legal: Legal = Field(default=Legal(), description="The legal documents.")
    articles: Articles = Field(default=Articles(), description="What articles have to say of themselves.")
    messages: Messages = Field(default=Messages(), description="The message box and the report form.", repr=False)
    mail: Mail = Field(default=Mail(), description="The mail server that messages are sent with.", repr=False)
    limits: Limits = Field(default=Limits(), description="How often the forms may be sent.", repr=False)
    storage: Storage = Field(
        default=Storage(), description="Where consents, messages and reports are kept.", repr=False
    )
    retention: Retention = Field(default=Retention(), description="How long what is closed is kept, in days.")
    mourning: Mourning | None = Field(
        default=None, description="Days of mourning, on which pages are grey; without it pages do not ask."
    )

    _path: Path | None = PrivateAttr(None)
    _changed: datetime | None = PrivateAttr(None)

    @property
    def path(self) -> Path | None:
        """The file that the settings came from, ``None`` where it was no file."""
        return self._path

    @property
    def source(self) -> str:
        """What the settings are called where something is wrong with them."""
        return str(self._path or "the settings")

    @property
    def changed(self) -> datetime | None:
        """When that file last changed, in UTC and whole seconds."""
        return self._changed

    @cached_property
    def digest(self) -> str:
        """A hash of all that readers can see; it is published, and so knows nothing of what stays on the server."""
        seen = self.model_dump_json(include={"site", "licences", "reporting", "consent"})
        return sha256(seen.encode()).hexdigest()

    def warnings(self, today: date) -> tuple[Problem, ...]:
        """Return what is odd about the settings on *today*, though not impossible."""
        return tuple(self._doubts(today))

    def _doubts(self, today: date) -> Iterator[Problem]:
        if (days := self.retention.consents) < self.consent.lifetime_days:
            remedy = "the cookie lives longer than its proof; give at least the days of consent.lifetime_days"
            yield Problem(key="retention.consents", value=str(days), remedy=remedy)
        for licence in self.licences.all():
            key, value = f"licences.{licence.kind}", licence.number
            if doubtful := doubt(licence):
                yield Problem(key=key, value=value, remedy=doubtful)
            if licence.kind == "generative" and not licence.model:
                remedy = 'readers are told the name of the model, too: write { number = "…", model = "…" }'
                yield Problem(key=key, value=value, remedy=remedy)
            if told := _expiry(licence, today):
                yield Problem(key=key, value=value, remedy=told)
        mode = self.consent.mode
        if mode != "opt-in" and (optional := ", ".join(self.consent.categories)):
            said = "browsing on" if mode == "notice" else "refusing nothing"
            yield Problem(
                key="consent.mode",
                value=mode,
                remedy=f"{said} is no consent to {optional} (PIPL art. 14, GDPR art. 4(11)); "
                'write "opt-in", or take away consent.categories and what belongs to them',
            )
        for place, tracker in enumerate(self.consent.trackers):
            if not (tracker.contact or tracker.policy):
                yield Problem(
                    key=f"consent.trackers[{place}].contact",
                    remedy=f"say how the operator of {tracker.host} is reached: readers have to be told (PIPL art. 23)",
                )
        if (effective := self.legal.effective) and effective > today:
            remedy = "this day is still to come, and the texts are shown already; write the day of their publication"
            yield Problem(key="legal.effective", value=str(effective), remedy=remedy)


def _expiry(licence: Licence, today: date) -> str | None:
    """Say that *licence* is over, or will be within `EXPIRY`."""
    if licence.expires is None or licence.expires > today + EXPIRY:
        return None
    if licence.expires < today:
        return f"expired on {licence.expires}; renew it or correct the date"
    days = (licence.expires - today).days
    return f"expires on {licence.expires}, in {days} {'day' if days == 1 else 'days'}; apply for its renewal"
