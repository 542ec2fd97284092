"""TOML read and written; where it is none, what its author most likely meant, and the line as it should be.

Chinese input methods write quotes, brackets and signs of their own, word processors curve quotes, and who knows YAML
writes colons. TOML itself says no more than "invalid value".
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from ..characters import UNPRINTABLE
from ..errors import Message, Problem
from .problems import masked

#: What `written` writes.
Value = str | bool | Sequence["Value"] | Mapping[str, "Value"]
_LONGEST_COMMENT = 400  # characters
_HALVES = re.compile("[\ud800-\udfff]")
_MOST = 20  # lines that are told of at once
_LONGEST = 200  # characters of a line that is shown
#: What is written for what TOML wants. Only outside of strings: inside, all of it is text.
_FULL_WIDTH = {
    **dict.fromkeys("“”„‟＂「」『』«»", '"'),
    **dict.fromkeys("‘’‚‛＇", "'"),
    **{
        "＝": "=",
        "【": "[",
        "】": "]",
        "［": "[",
        "］": "]",
        "，": ",",
        "、": ",",
        "｛": "{",
        "｝": "}",
        "＃": "#",
        "．": ".",
    },
    **dict.fromkeys("\u3000\u00a0\u200b\u2002\u2003\ufeff", " "),
}
_SAID = {"\u3000": "an ideographic space (U+3000)", "\u00a0": "a no-break space (U+00A0)", "\ufeff": "U+FEFF"}
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'[^']*'")
_COMMENT = re.compile(r"#.*")
_KEY = r"""[A-Za-z0-9_.-]+|"[^"]*"|'[^']*'"""
_PAIR = re.compile(rf"(\s*)({_KEY})\s*=\s*(.*?)\s*")
_YAML = re.compile(r"(\s*)([A-Za-z_][\w.-]*)\s*[:：]\s*(.*?)\s*")
_SECRET = re.compile(r"password|secret|token|key|user|deliver_to|storage|hook|@|\?|redis|sql", re.IGNORECASE)


class TomlError(ValueError):
    """A text that is no TOML: *problems* say on which lines, and what to write there."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*map(str, problems))
        self.problems = problems


def parse(content: bytes) -> dict[str, Any]:
    """Return what *content* says. Raises `TomlError`."""
    lines = _text(content).split("\n")
    found: list[Problem] = []
    while len(found) < _MOST:
        try:
            read = tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            number, problem, better = _problem(lines, error)
            found.append(problem)
            if better is None:
                break
            lines[number - 1] = better  # to tell in the same breath what is wrong further down
        except RecursionError:
            found.append(Problem(key="", remedy=Message("the file nests tables or lists too deeply")))
            break
        else:
            if not found:
                return read
            break
    raise TomlError(*found)


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TomlError(Problem(key=_line(1), remedy=Message("the file is in UTF-16; save it as UTF-8")))
    try:
        # Editors on Windows put a byte order mark in front, which TOML does not know.
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        line = content.splitlines()[number - 1]
        try:
            read: str | None = _quoted(line.decode("gb18030").strip())
            remedy = Message(
                "this line is in GBK (GB18030), as old editors in China save files; save the file as UTF-8"
            )
        except UnicodeDecodeError:
            read, remedy = None, Message("these bytes are not UTF-8; save the file in that encoding")
        raise TomlError(Problem(key=_line(number), value=read, remedy=remedy)) from None


def _problem(lines: list[str], error: tomllib.TOMLDecodeError) -> tuple[int, Problem, str | None]:
    """Return the number of a line, what is wrong with it, and the line as it should be, where that can be told.

    It is the line where reading broke off, or one before it whose fault only showed there.
    """
    reason, place = re.fullmatch(r"(.*?)(?: \(at (.*)\))?", str(error), re.DOTALL).groups()  # type: ignore[union-attr]
    found = re.search(r"line (\d+)", place or "")
    number = min(int(found[1]) if found else len(lines), len(lines))
    for at in range(number, 0, -1):
        line = lines[at - 1].rstrip("\r")
        # A list or a table may go on below; where reading broke off it did not.
        goes_on = at < number and line.endswith(("[", "{", ","))
        if not goes_on and (guess := _meant(line)) is not None:
            why, better = guess
            remedy = Message("%(why)s; write: %(line)s", why=why, line=_quoted(better.strip()))
            problem = Problem(key=_line(at), value=_quoted(line.strip()), remedy=remedy)
            return at, problem, better if better != line and _is_toml(better) else None
    while number > 1 and not lines[number - 1].strip():
        number -= 1
    value = _quoted(lines[number - 1].strip()) or None
    said = f"{reason[:1].lower()}{reason[1:]}"
    remedy = Message("this is not TOML: %(reason)s", reason=said)
    return number, Problem(key=_line(number), value=value, remedy=remedy), None


def _line(number: int) -> Message:
    return Message("line %(number)s", number=number)


def _meant(line: str) -> tuple[str, str] | None:
    """Return why *line* alone is no TOML and what it should be, where that can be told; None where it is, or cannot."""
    line = line[:_LONGEST]
    if not line.strip() or _is_toml(line):
        return None
    better, wide = _narrowed(line)
    why: list[str] = [_no_toml(wide)] if wide else []
    if not _is_toml(better):
        for mend in (_from_yaml, _closed, _with_quotes):
            if (mended := mend(better)) is not None and _is_toml(mended[1]):
                why.append(mended[0])
                better = mended[1]
                break
        else:
            return (why[0], better) if why else None
    if len(why) == 2:
        return Message("%(first)s; %(second)s", first=why[0], second=why[1]), better
    return (why[0], better) if why else None


def _is_toml(line: str) -> bool:
    try:
        tomllib.loads(line)
    except (tomllib.TOMLDecodeError, RecursionError):
        return False
    return True


def _narrowed(line: str) -> tuple[str, str]:
    """Return *line* with what TOML wants for full-width signs outside of strings, and the signs."""
    better, wide, place, open_quote = [], "", 0, ""
    while place < len(line):
        character = line[place]
        narrow = _FULL_WIDTH.get(character)
        if open_quote:  # a string that began with a curved quote ends with one, and all within is text
            if narrow == open_quote:
                wide += character
                better.append(narrow)
                open_quote = ""
            else:
                better.append(f"\\{character}" if character in '"\\' and open_quote == '"' else character)
        elif found := _STRING.match(line, place) or _COMMENT.match(line, place):
            better.append(found[0])
            place = found.end()
            continue
        elif narrow is not None:
            wide += character
            better.append(narrow)
            open_quote = narrow if narrow in "\"'" else ""
        else:
            better.append(character)
        place += 1
    return "".join(better), "".join(dict.fromkeys(wide))


def _from_yaml(line: str) -> tuple[str, str] | None:
    if not (found := _YAML.fullmatch(line)):
        return None
    indent, key, value = found.groups()
    if not value:
        return Message("this is YAML, and the file is TOML"), f"[{key}]"
    return (
        Message("this is YAML, and the file is TOML"),
        f"{indent}{key} = {value if _is_toml(f'a = {value}') else _string(value)}",
    )


def _closed(line: str) -> tuple[str, str] | None:
    """Return *line* with the quote or bracket that it lacks at one end of its value."""
    if not (found := _PAIR.fullmatch(line)):
        table = line.strip()
        return (Message("the closing bracket is missing"), f"{table}]") if table.startswith("[") else None
    indent, key, value = found.groups()
    for quote in "\"'" if '"""' not in value and "'''" not in value else "":
        if value.count(quote) == 1:
            return Message("a quote is missing"), f"{indent}{key} = {_string(value.replace(quote, ''))}"
    for opening, closing in ("[]", "{}"):
        if value.startswith(opening) and not value.endswith(closing):
            return Message("the closing %(sign)s is missing", sign=closing), f"{indent}{key} = {value}{closing}"
    return None


def _with_quotes(line: str) -> tuple[str, str] | None:
    """Return *line* with quotes around what is a text: a value, items of a list, or a key in other letters."""
    if found := _PAIR.fullmatch(line):
        indent, key, value = found.groups()
        value, comment = re.fullmatch(r"(.*?)(\s+#.*)?", value, re.DOTALL).groups("")  # type: ignore[union-attr]
        if value.lower() in ("true", "false"):
            return Message("this is written in small letters"), f"{indent}{key} = {value.lower()}{comment}"
        if value.isdecimal() and not value.isascii():
            return Message("digits are those from 0 to 9"), f"{indent}{key} = {int(value)}{comment}"
        if value.startswith(('"""', "'''")):
            return None
        if value.startswith("[") and value.endswith("]"):
            items = [item.strip() for item in value[1:-1].split(",")]
            listed = ", ".join(item if _is_toml(f"a = {item}") else _string(item) for item in items if item)
            return Message("texts stand in quotes"), f"{indent}{key} = [{listed}]{comment}"
        return Message("a text stands in quotes"), f"{indent}{key} = {_string(value)}{comment}"
    key, sign, value = line.partition("=")
    if sign and key.strip():
        value = value.strip()
        value = value if _is_toml(f"a = {value}") else _string(value)
        return Message("a key beyond the letters a to z stands in quotes"), f"{_string(key.strip())} = {value}"
    return None


def _string(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _no_toml(characters: str) -> Message:
    named = _named(characters)
    if len(characters) == 1:
        return Message("%(character)s is no TOML", character=named)
    return Message("%(characters)s are no TOML", characters=named)


def _named(characters: str) -> str:
    return " and ".join(_SAID.get(character, f"{character} (U+{ord(character):04X})") for character in characters[:4])


def _quoted(line: str) -> str:
    """Return *line*; where it may hold a password or a key, without what follows a colon."""
    line = masked(line) if _SECRET.search(line) else line
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def written(value: Value) -> str:
    """Return *value* as TOML writes it, in one line. Halves of characters, which no file holds, are replaced."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            # A string of JSON is one of TOML, but for this character (TOML 1.0, "String").
            text = json.dumps(_HALVES.sub("\ufffd", value), ensure_ascii=False)
            return text.replace("\x7f", "\\u007f")
        case Mapping():
            pairs = (f"{_key(name)} = {written(one)}" for name, one in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return f"[{', '.join(map(written, value))}]"


def comment(text: str) -> str:
    """Return *text*, whoever wrote it, as a comment of one line."""
    line = " ".join(UNPRINTABLE.sub("\ufffd", text[:_LONGEST_COMMENT]).split())
    return f"# {line}"


def _key(name: str) -> str:
    return name if re.fullmatch("[A-Za-z0-9_-]+", name) else written(name)
