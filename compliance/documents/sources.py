"""The files: which documents a folder holds, and what their front matter says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path

from .. import languages
from ..errors import DocumentError, Message

# A name and a version stand in an address, and a version in the consent cookie.
_NAME = r"[a-z][a-z0-9-]{0,39}"
_VERSION = re.compile(r"(?!.*\.\.)[A-Za-z0-9](?:[A-Za-z0-9._-]{0,14}[A-Za-z0-9])?")
_FILE = re.compile(rf"(?P<name>{_NAME})(?:\.(?P<version>.+))?\.md")
_FRONT = re.compile(r"---[ \t]*\n(?P<fields>.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FIELDS = ("title", "version", "effective", "material")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One version of a document in one language, as its file says it.

    *text* is the Markdown under the front matter, which ends in *line*.
    """

    path: Path
    name: str
    language: str
    title: str
    version: str
    effective: date
    material: bool
    text: str
    line: int


def find(folder: Path) -> Iterator[Source]:
    """Read every document in *folder*: ``<language>/<name>.md``, and ``<name>.<version>.md`` for further versions.

    Raises `DocumentError` for the first file that is out of place or cannot be read.
    """
    try:
        entries = sorted(entry for entry in folder.iterdir() if not _is_hidden(entry))
    except OSError as error:
        raise DocumentError(
            folder, Message("the folder cannot be read: %(reason)s; see legal.directory", reason=error.strerror)
        ) from error
    for entry in entries:
        if not entry.is_dir():
            raise DocumentError(
                entry, Message("put it into a folder that is named by its language, such as en or zh_CN")
            )
        try:
            language = languages.parse(entry.name)
        except ValueError as error:
            raise DocumentError(entry, error.args[0]) from error
        for path in sorted(path for path in entry.iterdir() if not _is_hidden(path)):
            yield _read(path, language)


def _is_hidden(path: Path) -> bool:
    """Return whether *path* is what systems (.DS_Store) and editors (privacy.md~) leave behind."""
    return path.name.startswith((".", "~")) or path.name.endswith("~")


def _read(path: Path, language: str) -> Source:
    file = _FILE.fullmatch(path.name)
    if not file:
        raise DocumentError(
            path, Message("name it in small letters, digits and hyphens: <name>.md or <name>.<version>.md")
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DocumentError(path, Message("the file cannot be read: %(reason)s", reason=error.strerror)) from error
    except UnicodeDecodeError as error:
        raise DocumentError(
            path, Message("byte %(number)s is not UTF-8; save the file in that encoding", number=error.start)
        ) from error
    front = _FRONT.match(text)
    if not front:
        lines = "".join(f"\n    {field}: …" for field in _FIELDS)
        raise DocumentError(
            path, Message("begin it with front matter, between two lines of three hyphens:%(lines)s", lines=lines)
        )
    fields, problems = _fields(front["fields"])
    effective, material = _effective(fields, problems), _material(fields, problems)
    version = fields.get("version", "")
    if version and not _VERSION.fullmatch(version):
        problems.append(
            Message(
                "version is %(value)s; write up to 16 letters, digits, dots and hyphens, such as '1.0'",
                value=repr(version),
            )
        )
    elif version and file["version"] not in (None, version):
        problems.append(
            Message(
                "version is %(value)s, but the file's name says %(name)s; make them agree",
                value=repr(version),
                name=repr(file["version"]),
            )
        )
    if effective is None or material is None or problems:
        raise DocumentError(path, Message("front matter: %(problems)s", problems=Message.joined(problems)))
    return Source(
        path=path,
        name=file["name"],
        language=language,
        title=fields["title"],
        version=version,
        effective=effective,
        material=material,
        text=text[front.end() :],
        line=front[0].count("\n"),
    )


def _fields(text: str) -> tuple[dict[str, str], list[Message]]:
    """Return the fields of front matter, and what is wrong with its lines; a value may stand in quotes, as in YAML."""
    fields: dict[str, str] = {}
    problems: list[Message] = []
    for line in filter(str.strip, text.splitlines()):
        key, colon, value = (part.strip() for part in line.partition(":"))
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1].strip()
        if not colon:
            problems.append(Message("the line %(line)s is no field; write it as 'title: …'", line=repr(line.strip())))
        elif key not in _FIELDS:
            near = get_close_matches(key.lower(), _FIELDS, n=1)
            problems.append(
                Message("%(key)s is unknown; did you mean %(near)s?", key=key, near=near[0])
                if near
                else Message("%(key)s is unknown; leave it out", key=key)
            )
        elif key in fields:
            problems.append(Message("%(key)s is there twice; leave one out", key=key))
        else:
            fields[key] = value
    problems += [
        Message("%(key)s is missing; add a line '%(key)s: …'", key=key) for key in _FIELDS if not fields.get(key)
    ]
    return fields, problems


def _effective(fields: dict[str, str], problems: list[Message]) -> date | None:
    value = fields.get("effective")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        problems.append(
            Message(
                "effective is %(value)s; write the day on which the text takes effect as in '2026-01-31'",
                value=repr(value),
            )
        )
        return None


def _material(fields: dict[str, str], problems: list[Message]) -> bool | None:
    value = fields.get("material")
    if value and value not in _BOOLEANS:
        problems.append(
            Message("material is %(value)s; write true if readers are to be asked again, else false", value=repr(value))
        )
    return _BOOLEANS.get(value or "")
