"""The tables of the settings file: every key, what it means, what is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    WithJsonSchema,
    field_validator,
)

from ..errors import Message, Problem
from ..licences import Licence, days_left, doubt
from ..telephones import Telephone, parse_all
from .addresses import EmailAddress, Prefix, SiteAddress, WebAddress
from .consent import CATEGORIES, NECESSARY, Consent
from .filings import Licences
from .legal import Articles, Legal
from .messages import Limits, Mail, Messages, Retention, Storage
from .mourning import Mourning
from .table import Table
from .texts import Language, Text

_NUMBER = {"type": "string", "minLength": 3}
_NUMBERS = {"type": "array", "items": _NUMBER, "minItems": 1}


def _telephone(value: Any) -> Any:
    if isinstance(value, list | tuple) and value and all(isinstance(one, str) for one in value):
        return parse_all(value)
    return parse_all([value]) if isinstance(value, str) else value


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
            raise ValueError(Message("name every language once"))
        return tags


class Reporting(Table):
    """Where illegal and undesirable information is reported."""

    telephone: Annotated[
        Telephone | None, BeforeValidator(_telephone), WithJsonSchema({"anyOf": [_NUMBER, _NUMBERS]})
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

    def expiring(self, today: date) -> Iterator[Problem]:
        """Yield which licences are over on *today*, or will be within `licences.EXPIRY`."""
        for licence in self.licences.all():
            if told := _expiry(licence, today):
                yield Problem(key=f"licences.{licence.kind}", value=licence.number, remedy=told)

    def _doubts(self, today: date) -> Iterator[Problem]:
        if (days := self.retention.consents) < self.consent.lifetime_days:
            remedy = Message("the cookie lives longer than its proof; give at least the days of consent.lifetime_days")
            yield Problem(key="retention.consents", value=str(days), remedy=remedy)
        for licence in self.licences.all():
            key, value = f"licences.{licence.kind}", licence.number
            if doubtful := doubt(licence):
                yield Problem(key=key, value=value, remedy=doubtful)
            if licence.kind == "generative" and not licence.model:
                remedy = Message('readers are told the name of the model, too: write { number = "…", model = "…" }')
                yield Problem(key=key, value=value, remedy=remedy)
        yield from self.expiring(today)
        mode = self.consent.mode
        if mode != "opt-in" and (optional := ", ".join(self.consent.categories)):
            said = Message("browsing on") if mode == "notice" else Message("refusing nothing")
            yield Problem(
                key="consent.mode",
                value=mode,
                remedy=Message(
                    "%(said)s is no consent to %(optional)s (PIPL art. 14, GDPR art. 4(11)); "
                    'write "opt-in", or take away consent.categories and what belongs to them',
                    said=said,
                    optional=optional,
                ),
            )
        for place, tracker in enumerate(self.consent.trackers):
            if not (tracker.contact or tracker.policy):
                yield Problem(
                    key=f"consent.trackers[{place}].contact",
                    remedy=Message(
                        "say how the operator of %(host)s is reached: readers have to be told (PIPL art. 23)",
                        host=tracker.host,
                    ),
                )
            own = self.consent.categories.get(tracker.category)
            if not (tracker.purpose or tracker.category in (NECESSARY, *CATEGORIES) or (own and own.description)):
                yield Problem(
                    key=f"consent.trackers[{place}].purpose",
                    remedy=Message(
                        "say what %(host)s is for, here or in the description of its category: readers are "
                        "to be told (PIPL art. 23)",
                        host=tracker.host,
                    ),
                )
        if (effective := self.legal.effective) and effective > today:
            remedy = Message(
                "this day is still to come, and the texts are shown already; write the day of their publication"
            )
            yield Problem(key="legal.effective", value=str(effective), remedy=remedy)


def _expiry(licence: Licence, today: date) -> str | None:
    """Say that *licence* is over, or will be soon."""
    days = days_left(licence, today)
    if days is None:
        return None
    if days < 0:
        return Message("expired on %(day)s; renew it or correct the date", day=licence.expires)
    if days == 1:
        return Message("expires on %(day)s, in 1 day; apply for its renewal", day=licence.expires)
    return Message("expires on %(day)s, in %(days)s days; apply for its renewal", day=licence.expires, days=days)
