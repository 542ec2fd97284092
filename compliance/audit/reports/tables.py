"""What was seen of recipients and of what is kept, as tables: CSV for spreadsheets, and lines for `compliance.toml`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from babel.dates import format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ...formats import as_csv
from ...page.trackers import Catalogue
from ...page.trackers.catalogue import NECESSARY
from ...paths import TEMPLATES
from ..behaviour import Behaviour
from ..readers import Reader
from ..recipients import Recipient
from ..report import Report
from ..stored import Shape, Store, Stored
from ..targets import Reason
from .words import words

#: Every table of a report, and where ``columns`` in ``words.toml`` has its heads.
COLUMNS = {"recipients": "recipient", "stored": "stored", "behaviours": "behaviour"}


def recipients(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield a row for each host."""
    return _written(reports, "recipients", language)


def stored(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield a row for each cookie, and for everything else that is kept."""
    return _written(reports, "stored", language)


def behaviours(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield a row for each thing that a script does."""
    return _written(reports, "behaviours", language)


def rows(report: Report, table: str, language: str) -> Iterator[Mapping[str, Any]]:
    """Return the rows of a *table* of *report*, one of `COLUMNS`.

    Of readers who never decided, as there was no banner or no way to refuse, nobody knows: their cells are None.
    """
    decided = {shot.reader for shot in report.screenshots}
    cells = (("agreed", Reader.AGREEING), ("refusal" if table == "stored" else "refused", Reader.REFUSING))
    never = {cell: None for cell, reader in cells if decided and reader not in decided}
    row_of: Mapping[str, Callable[[Any, str], Mapping[str, Any]]] = {
        "recipients": recipient_row,
        "stored": stored_row,
        "behaviours": behaviour_row,
    }
    return ({**row_of[table](one, language), **never} for one in getattr(report, table))


def recipient_row(one: Recipient, language: str) -> Mapping[str, Any]:
    """Return the cells of *one*, by the keys of ``columns.recipient`` in ``words.toml``."""
    names = words()[language]
    return {
        "host": one.host,
        "provider": one.provider.get(language) or one.provider.get("en", ""),
        "purpose": names["purposes"].get(one.category, one.category or ""),
        "country": one.country or "",
        "before": Reader.UNDECIDED in one.readers,
        "agreed": Reader.AGREEING in one.readers,
        "refused": Reader.REFUSING in one.readers,
        "written": names["written"][one.written] if one.written else "",
        "named": one.named,
        "declared": one.declared,
        "conduct": _listed(Reason(f"conduct_{each}").told(language) for each in sorted(one.conduct)),
        "types": _listed(one.types),
        "through": " ← ".join(one.through),
        "cookies": _listed(one.cookies),
        "identifiers": _listed(one.identifiers),
        "beacons": _listed(one.beacons),
        "pages": one.pages,
        "first": one.first,
    }


def stored_row(one: Stored, language: str) -> Mapping[str, Any]:
    """Return the cells of *one*, by the keys of ``columns.stored`` in ``words.toml``."""
    names = words()[language]
    return {
        "store": one.store.value,
        "name": one.name,
        "host": one.host,
        "third": one.third,
        "lifetime": lifetime(one, language),
        "flags": _listed(one.flags),
        "refused": one.refused,
        "header": one.header,
        "setter": one.setter if one.line is None else f"{one.setter}:{one.line}",
        "shape": names["shapes"][one.shape],
        "distinct": one.distinct,
        "provider": one.provider.get(language) or one.provider.get("en", ""),
        "purpose": names["purposes"].get(one.category, one.category or ""),
        "before": Reader.UNDECIDED in one.readers,
        "agreed": Reader.AGREEING in one.readers,
        "refusal": Reader.REFUSING in one.readers,
        "named": one.named,
        "declared": one.declared,
        "pages": one.pages,
        "first": one.first,
    }


def behaviour_row(one: Behaviour, language: str) -> Mapping[str, Any]:
    """Return the cells of *one*, by the keys of ``columns.behaviour`` in ``words.toml``."""
    return {
        "act": words()[language]["acts"][one.act],
        "script": one.script if one.line is None else f"{one.script}:{one.line}",
        "to": one.to,
        "before": Reader.UNDECIDED in one.readers,
        "agreed": Reader.AGREEING in one.readers,
        "refused": Reader.REFUSING in one.readers,
        "pages": one.pages,
        "first": one.first,
    }


def lifetime(one: Stored, language: str) -> str:
    """Return in words how long *one* is kept."""
    if one.lifetime is None:
        return str(words()[language]["lifetimes"]["visit" if one.store in (Store.COOKIE, Store.SESSION) else "cleared"])
    # 13 months, not a year; 2 weeks, not 14 days.
    return format_timedelta(timedelta(seconds=one.lifetime), threshold=2, locale=language)


def consent(reports: Sequence[Report], language: str) -> Iterator[str]:
    """Yield what goes into ``compliance.toml``: each cookie that is not declared there yet, and each recipient."""
    template = _environment().get_template("consent.toml")
    for report in reports:
        yield template.render(
            report=report,
            words=words()[language],
            cookies=list(_cookies(report, language)),
            trackers=list(_trackers(report, language)),
        )


def _cookies(report: Report, language: str) -> Iterator[Mapping[str, Any]]:
    catalogue = Catalogue()
    told = set[str]()
    for one in report.stored:
        if one.declared or one.third or one.store in (Store.CACHE, Store.WORKER):
            continue
        patterns = (pattern for tracker in catalogue.trackers for pattern in tracker.cookies if pattern != "*")
        # The settings take a star at the end; a site's own number in the name is nothing to declare.
        ends = (
            each for each in patterns if each.endswith("*") and each.count("*") == 1 and fnmatchcase(one.name, each)
        )
        name = next(ends, one.name) if one.category else one.name
        if name in told or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            continue
        told.add(name)
        yield {
            "name": name,
            "category": one.category or _category(one),
            "provider": one.provider.get(language) or one.provider.get("en", ""),
            "lifetime": lifetime(one, language),
            "guessed": one.category is None,
        }


def _category(one: Stored) -> str:
    """Return what a cookie that no list knows may be for."""
    if one.shape is Shape.CONSENT:
        return NECESSARY
    follows = one.shape is Shape.IDENTIFIER and one.lifetime is not None and "HttpOnly" not in one.flags
    return "analytics" if follows and one.distinct is not False else NECESSARY


def _trackers(report: Report, language: str) -> Iterator[Mapping[str, Any]]:
    for one in report.recipients:
        if not one.declared:
            yield {
                "host": one.host,
                "category": one.category or ("analytics" if one.conduct else NECESSARY),
                "provider": one.provider.get(language) or one.provider.get("en") or one.host,
                "country": one.country,
                "cookies": [name for name in one.cookies if re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name)],
                "guessed": one.category is None,
            }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "audit"),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,
        undefined=StrictUndefined,
    )
    # A string of JSON is one of TOML (TOML 1.0, "String").
    environment.filters["quoted"] = lambda value: json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return environment


def _listed(values: Iterable[str]) -> str:
    return "; ".join(values)


def _written(reports: Sequence[Report], table: str, language: str) -> Iterator[str]:
    columns: Mapping[str, str] = words()[language]["columns"][COLUMNS[table]]
    all_rows = ({"target": report.target, **row} for report in reports for row in rows(report, table, language))
    named = ({columns[key]: said(value, words()[language]) for key, value in row.items()} for row in all_rows)
    return (piece.decode() for piece in as_csv(named, list(columns.values())))


def said(value: Any, told: Mapping[str, Any]) -> Any:
    """Return a *value* of a row as it is *told* in a language: what is true, or nobody knows, in words."""
    if value is None or isinstance(value, bool):
        return told["unknown" if value is None else "yes" if value else "no"]
    return value
