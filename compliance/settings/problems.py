"""What is wrong with a settings file, in the words of its author rather than of the validation library."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ..errors import Message, Problem
from .filings import Filing, Licences
from .records import Settings
from .table import Table

_LONGEST = 80
_BARE_KEY = re.compile("[A-Za-z0-9_-]+")


def problems(error: ValidationError, data: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Return every problem that *error* found in *data*, by the key as it is typed there."""
    return tuple(
        _problem(detail, data)
        for detail in error.errors(include_url=False)
        # A list whose items are all wrong counts as empty, too.
        if not (detail["type"] == "too_short" and detail["input"])
    )


def masked(text: str) -> str:
    """Return *text* without what follows a colon, where addresses carry passwords and keys."""
    return re.sub("(?<=:).*", "…", text, flags=re.DOTALL)


def _problem(detail: ErrorDetails, data: Mapping[str, Any]) -> Problem:
    steps, value = _typed(detail["loc"], data)
    table, field = _field(detail["loc"])
    missing = detail["type"] == "missing"
    if missing:
        steps.append(detail["loc"][-1])
    # A key that is wrong has been named; what it is set to does not matter. A password is not repeated.
    silent = missing or detail["type"] == "extra_forbidden" or detail["loc"][-1] == "[key]" or _secret(steps)
    return Problem(
        key=_dotted(steps),
        value=None if silent else _shown(value, secret=field is not None and not field.repr),
        remedy=_remedy(detail, steps, table, field),
    )


def _secret(steps: list[str | int]) -> bool:
    return bool(steps) and steps[-1] in ("password", "secret")


def _remedy(detail: ErrorDetails, steps: list[str | int], table: type[Table], field: FieldInfo | None) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            said = context["error"].args[0]
            return said if isinstance(said, str) else str(said)
        case "extra_forbidden":
            return _unknown_key(str(steps[-1]), steps[:-1], table)
        case "invalid_key":
            return Message("a key is a string")
        case "missing":
            return Message("this is missing; add %(example)s", example=_example(steps, field))
        case "literal_error":
            names = re.findall("'([^']*)'", context["expected"])
            *others, last = map(repr, names)
            allowed = Message("%(others)s or %(last)s", others=", ".join(others), last=last) if others else last
            if near := get_close_matches(str(detail["input"]), names, 1):
                return Message("write one of %(allowed)s; did you mean %(near)s?", allowed=allowed, near=repr(near[0]))
            return Message("write one of %(allowed)s", allowed=allowed)
        case "greater_than_equal":
            return Message("write a number that is at least %(least)s", least=context["ge"])
        case "less_than_equal":
            return Message("write a number that is at most %(most)s", most=context["le"])
        case "too_short" | "string_too_short":
            return Message("this is empty; write %(example)s", example=_example(steps, field))
        case _:
            return Message("write %(example)s", example=_example(steps, field))


def _unknown_key(key: str, steps: Iterable[str | int], table: type[Table]) -> str:
    # The very name in another table says more than one that is nearly it in this.
    for name, field in Settings.model_fields.items():
        if (home := _table_of(field.annotation)) and key in home.model_fields:
            belongs = f"[{name}]"
            return Message("there is no such key here; it belongs under %(table)s", table=belongs)
    near = get_close_matches(key, table.model_fields, 1)
    if near:
        return Message("there is no such key; did you mean %(near)s?", near=repr(near[0]))
    keys, place = ", ".join(table.model_fields), _dotted(steps)
    if not place:
        return Message("there is no such key; those at the top are %(keys)s", keys=keys)
    place = f"[{place}]"
    return Message("there is no such key; those under %(table)s are %(keys)s", table=place, keys=keys)


def _example(steps: list[str | int], field: FieldInfo | None) -> str:
    """Return in words what is right where *steps* lead."""
    names: list[str | int] = [step for step in steps if isinstance(step, str)]
    if field and field.examples:
        line = f"{_dotted(names[-1:])} = {json.dumps(field.examples[0], ensure_ascii=False)}"
        return Message("a line such as %(line)s", line=line)
    listed = field is not None and get_origin(field.annotation) is tuple
    shown = f"[[{_dotted(names)}]]" if listed else f"[{_dotted(names)}]"
    return Message("a table %(table)s", table=shown)


def _typed(location: Iterable[str | int], data: Any) -> tuple[list[str | int], Any]:
    """Return the part of *location* that *data* really has, and what is there.

    Short forms are expanded before they are validated (a number to a list of tables); what the file's author did not
    type is left out.
    """
    steps: list[str | int] = []
    for step in location:
        known = range(len(data)) if isinstance(data, list | tuple) else data if isinstance(data, Mapping) else ()
        if step in known:
            steps.append(step)
            data = data[step]
    return steps, data


def _field(location: Iterable[str | int]) -> tuple[type[Table], FieldInfo | None]:
    """Return the innermost table that *location* enters, and the field at which it ends there, if any."""
    table: type[Table] = Settings
    field: FieldInfo | None = None
    for step in location:
        if step in table.model_fields:
            field = table.model_fields[str(step)]
            table = Filing if table is Licences else _table_of(field.annotation) or table
        elif isinstance(step, str) and field and _table_of(field.annotation):
            field = None  # a table whose name the site chooses
    return table, field


def _table_of(annotation: Any) -> type[Table] | None:
    """Return the table that values of *annotation* hold."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return annotation
    return next(filter(None, map(_table_of, get_args(annotation))), None)


def _dotted(steps: Iterable[str | int]) -> str:
    """Return *steps* as TOML writes a key, with the place in a list in brackets."""
    parts = (
        f"[{step}]" if isinstance(step, int) else f".{step if _BARE_KEY.fullmatch(step) else _shown(step)}"
        for step in steps
    )
    return "".join(parts).removeprefix(".")


def _shown(value: Any, *, secret: bool = False) -> str:
    text = json.dumps(masked(str(value)) if secret else value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
