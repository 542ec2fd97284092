"""Trackers and cookies: what comes before consent, who receives it, whether the policy names it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from ...outside.hosts import host_of
from ...page.trackers import Catalogue, Tracker, abroad
from ..findings import Finding
from ..loaded import addressed, is_optional, loaded, vendor
from ..page import Page
from ..rules import rules
from ..site import Context, Fact, SiteFacts

# Public script hosts that changed hands or were broken into.
_ABUSED = (
    "polyfill.io", "bootcdn.net", "bootcss.com", "staticfile.net", "staticfile.org", "polyfill-js.cn",
    "unionadjs.com", "xhsbpza.com", "macoms.la", "newcrbpc.com",
)  # fmt: skip
_COOKIE = re.compile(r"\s*([^=;\s]+)\s*=")


def running(page: Page, context: Context) -> Iterator[Finding | Fact]:
    """Trackers that load at once, and where they are."""
    for one in loaded(page, context.catalogue):
        tracker = one.tracker
        is_abroad = abroad(tracker.country)
        yield from received(tracker, one.host)
        if not one.runs:
            continue
        if one.hint:
            if is_optional(tracker):
                yield page.found("C505", one.element, host=one.host, vendor=vendor(tracker))
            continue
        if is_optional(tracker):
            yield page.found("C501", one.element, host=one.host, vendor=vendor(tracker))
        if is_abroad:
            yield page.found("C502", one.element, host=one.host, vendor=vendor(tracker), country=tracker.country)


def held(page: Page, context: Context) -> Iterator[Fact]:
    """What our gate holds, by category, and which categories readers are asked about."""
    for one in loaded(page, context.catalogue):
        if category := one.element.get("data-compliance-hold"):
            yield Fact("held", "\t".join((category, vendor(one.tracker), one.host)))
    if page.ours:
        for field in page.tagged("input"):
            if field.get("name") == "category" and (category := field.get("value")):
                yield Fact("asked", category)


def received(tracker: Tracker, host: str) -> Iterator[Fact]:
    """Note who learns of a reader by what loads from *host*, to be compared with whom policies name."""
    is_abroad = abroad(tracker.country)
    if tracker.category != "functional" or is_abroad:
        yield Fact("recipient", "\t".join((tracker.provider.get("en", host), vendor(tracker), host)))
    if is_abroad:
        yield Fact("recipient abroad", f"{vendor(tracker)}\t{tracker.country}")


def others(page: Page, context: Context) -> Iterator[Fact]:
    """Every other host that the markup leads to, and how."""
    for found in addressed(page):
        yield Fact("load", "\t".join(found))


def abused(page: Page, context: Context) -> Iterator[Finding]:
    """Script hosts that were abused."""
    for element in page.tagged("script", "link"):
        address = element.get("src") or element.get("href") or ""
        if any(host in address for host in _ABUSED):
            host = host_of(page.resolve(address))
            if not f".{host}".endswith(tuple(f".{one}" for one in _ABUSED)):
                continue
            yield page.found("C506", element, host=host)


def cookies(page: Page, context: Context) -> Iterator[Finding | Fact]:
    """The cookies that a page sets."""
    for name in set_by(page):
        yield Fact("cookie", name)
        tracker = setter(context.catalogue, name)
        if tracker is not None and is_optional(tracker):
            yield page.found("C503", excerpt=name, name=name, vendor=vendor(tracker))


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """What pages load and set, against what policies name."""
    if site.values("policy"):
        named = site.values("recipient named")
        for value, seen in site.values("recipient").items():
            key, name, host = value.split("\t")
            if key not in named:
                values = {"vendor": name, "host": host}
                yield Finding(rule=rules()["C310"], page=seen.pages[0], excerpt=host, values=values)
        if not site.values("recipients abroad named"):
            for value, seen in site.values("recipient abroad").items():
                name, country = value.split("\t")
                values = {"vendor": name, "country": country}
                yield Finding(rule=rules()["C312"], page=seen.pages[0], excerpt=name, values=values)
    asked = {*site.values("asked"), *(context.settings.consent.categories if context.settings else ())}
    for value, seen in site.values("held").items():
        category, name, host = value.split("\t")
        if asked and category not in asked:
            values = {"vendor": name, "host": host, "category": category}
            yield Finding(rule=rules()["C507"], page=seen.pages[0], excerpt=host, values=values)
    if site.values("cookies named"):
        told = {*site.values("cookie named")}
        if context.settings:
            told |= {cookie.name for cookie in context.settings.consent.cookies}
        for name, seen in site.values("cookie").items():
            if not any(name == one or ("*" in one and fnmatchcase(name, one)) for one in told):
                yield Finding(rule=rules()["C504"], page=seen.pages[0], excerpt=name, values={"name": name})


PAGE = (running, others, abused, cookies, held)
SITE = (of_the_site,)


def set_by(page: Page) -> Iterator[str]:
    """Yield the names of the cookies that the answer with *page* sets, and does not take away."""
    for line in page.headers.all("set-cookie"):
        match = _COOKIE.match(line)
        if match and not re.search(r"max-age=0\b|expires=thu, 01.jan.1970", line, re.IGNORECASE):
            yield match[1]


@lru_cache(maxsize=256)
def setter(catalogue: Catalogue, name: str) -> Tracker | None:
    """Return the tracker that sets the cookie *name*."""
    return next(
        (one for one in catalogue.trackers for pattern in one.cookies if fnmatchcase(name, pattern) and pattern != "*"),
        None,
    )
