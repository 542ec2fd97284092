"""The file that a site starts from: every key explained, what was answered filled in, nothing of a real site."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..errors import Message, Problem
from .toml import Value, comment, written

_PLACEHOLDER = re.compile(r"\s*<[^<>]+>\s*")
# Everything in the example that belongs to a site.
_EXAMPLES = {
    "ichongqing.info": "example.org",
    "中国重庆市渝北区": "某省某市某区某路1号",
    "Yubei District, Chongqing, China": "1 Some Road, Some City, China",
    "Chongqing-BaShu-": "Province-Model-",
    "巴蜀模型": "某某模型",
}
_NUMBER = re.compile(r"[0-9]{3,}+(?!-[0-9]{2}-)")  # but no dates
_LICENCES = re.compile(r"(?<=^\[licences\]$).*?(?=^\[reporting\]$)", re.MULTILINE | re.DOTALL)
_SLOGAN = re.compile(r"^slogan = .*", re.MULTILINE)
_HEADING = re.compile(r"(#?)\[{1,2}([\w.]+)\]{1,2}")
_SET = re.compile(r"#?(\w+) = ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a key is set to, None where the site has no such thing, and the *note* that stands above it."""

    value: Value | None
    note: str = ""


def placeholder(text: str) -> str:
    """Return what stands for a value that is still open, and stops the start until it is filled in."""
    return f"<{re.sub('[<>]', '', text)}>"


def starter(example: str, answers: Mapping[str, Answer], notes: Mapping[str, Sequence[str]]) -> str:
    """Return the text of *example*, a settings file with every key explained, with *answers* by the key.

    Values of the example that belong to a site are taken out. *notes* are lines of a file that stand at the end of a
    table, by its name.
    """
    for real, other in _EXAMPLES.items():
        example = example.replace(real, other)
    example = _SLOGAN.sub('#slogan = { en = "…", zh_CN = "…" }', example)
    example = _LICENCES.sub(lambda part: _NUMBER.sub(lambda number: "0" * len(number[0]), part[0]), example)
    lines: list[str] = []
    table = top = ""
    for line in example.splitlines():
        if heading := _HEADING.fullmatch(line):
            if not heading[1]:
                lines[-1:-1] = notes.get(top, ())
                top = heading[2]
            table = heading[2]
        elif (match := _SET.match(line)) and (answer := answers.get(f"{table}.{match[1]}")):
            lines += [comment(answer.note)] if answer.note else []
            line = f"#{line.lstrip('#')}" if answer.value is None else f"{match[1]} = {written(answer.value)}"
        lines.append(line)
    return "\n".join((*lines, ""))


def unfilled(data: object, key: str = "") -> Iterator[Problem]:
    """Yield what is still a placeholder in *data*, with its key."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            yield from unfilled(value, f"{key}.{name}" if key else str(name))
    elif isinstance(data, list | tuple):
        for place, value in enumerate(data):
            yield from unfilled(value, f"{key}[{place}]")
    elif isinstance(data, str) and _PLACEHOLDER.fullmatch(data):
        if key.startswith("site."):
            remedy = Message("fill this in")
        else:
            remedy = Message("fill this in, or take the line out where the site has none")
        yield Problem(key=key, value=f'"{data.strip()}"', remedy=remedy)
