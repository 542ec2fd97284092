"""The table of the settings file about consent: how readers are asked, for which cookies and trackers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from ..errors import Message
from .addresses import CookieDomain, WebAddress, host_name
from .table import Context, Table, category_name
from .texts import Text, Words

#: The category that needs no consent; it is always there and never listed.
NECESSARY = "necessary"
#: The categories that have a name and a description in every language of this package.
CATEGORIES = ("functional", "analytics", "advertising", "social")


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
        listed = ", ".join(declared)
        raise ValueError(Message("name a category of consent.categories (%(listed)s), or add it there", listed=listed))
    return category


def _cookie_name(value: str) -> str:
    # A token of RFC 6265, section 4.1.1; the asterisk is one of its characters.
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", value):
        raise ValueError(Message("write the name of a cookie, such as '_stat_*'"))
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
            raise ValueError(Message("write the beginning of a path, with its slash in front, such as '/stat.js'"))
        if path == "/" and info.data.get("host") == "*":
            raise ValueError(Message("write a path here: any path on any host is the whole web"))
        return path

    @field_validator("country")
    @classmethod
    def _is_a_country(cls, country: str | None) -> str | None:
        if country is not None and not re.fullmatch("[A-Z]{2}", country):
            raise ValueError(Message("write the country's two capital letters, such as 'CN'"))
        return country


def _category(key: str, info: ValidationInfo) -> str:
    if key == NECESSARY:
        raise ValueError(Message("leave %(key)s out: it is always there, and nobody is asked about it", key=repr(key)))
    category_name(key)  # it travels in the consent cookie, which holds less than 400 bytes
    if key not in (*CATEGORIES, *Context.of(info).named):
        known, table = ", ".join(CATEGORIES), f"[consent.categories.{key}]"
        raise ValueError(
            Message(
                "give %(key)s a name in a table %(table)s; %(known)s have one already",
                key=repr(key),
                table=table,
                known=known,
            )
        )
    return key


def default_categories(consent: Mapping[str, Any]) -> list[str]:
    """Return the optional categories of a table *consent* that names none: where readers choose, those we know."""
    return list(CATEGORIES) if consent.get("mode") in ("opt-in", "opt-out") else []


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
    cookie_domain: CookieDomain | None = Field(
        default=None,
        description="The domain whose hosts share a choice; without it each host asks for itself.",
        examples=["ichongqing.info"],
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
        description=(
            "The optional categories: a list of those that this package names, or a table of tables;"
            " without it all that this package names, and in the mode notice none."
        ),
        examples=[["functional", "analytics", "advertising", "social"]],
    )
    cookies: tuple[Cookie, ...] = Field(default=(), description="The cookies that the site sets.")
    trackers: tuple[Tracker, ...] = Field(
        default=(), description="What others run on the pages, beside the trackers that are known already."
    )

    @model_validator(mode="before")
    @classmethod
    def _asks_about_all(cls, data: Any) -> Any:
        return {"categories": default_categories(data), **data} if isinstance(data, Mapping) else data

    def domain_for(self, host: str) -> str | None:
        """Return the domain of the consent cookie on *host*, None where it is for that host alone."""
        domain = self.cookie_domain
        return domain if domain and f".{host}".endswith(f".{domain}") else None

    @field_validator("trackers")
    @classmethod
    def _once(cls, trackers: tuple[Tracker, ...]) -> tuple[Tracker, ...]:
        if len({(tracker.host, tracker.path) for tracker in trackers}) < len(trackers):
            raise ValueError(Message("list every host with a path once"))
        return trackers
