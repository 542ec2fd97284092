"""What `--help` says, in the language of the terminal; and where translators find it.

The texts are those of the commands: the docstrings of their functions, and what their options say of themselves.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO

import click

from ..characters import width
from ..errors import Message
from ..i18n import translate
from .columns import filled, wrapped

#: What click itself says.
_OURS = (
    Message("Options"),
    Message("Commands"),
    Message("Show this message and exit."),
    Message("required"),
)
#: What stands behind the help of an option: `get_help_record` of click.
_EXTRA = re.compile(r"(.*?)(?:^|  )\[(.*)\]", re.DOTALL)
#: What click says of a value, and the same in words of ours. Of several versions that word it differently, all.
_REASONS = tuple(
    (re.compile(english, re.DOTALL), message)
    for english, message in (
        (r"(.+) is not a valid (?:boolean|flag)\b.*", Message("%(a)s is neither yes nor no")),
        (r"(.+) is not a valid [\w ]+\.", Message("%(a)s is no number")),
        (r"(.+) is not in the range (.+)\.", Message("%(a)s is not in the range %(b)s")),
        (r"(.+) is not one of (.+)\.", Message("%(a)s is none of %(b)s")),
        (r"(.+) is not ('[^',]*')\.", Message("%(a)s is not %(b)s")),
        (r"(.+) does not match the formats? (.+)\.", Message("%(a)s is not written as %(b)s")),
        (r"\w+ (.+) does not exist\.", Message("%(a)s does not exist")),
        (r"\w+ (.+) is a directory\.", Message("%(a)s is a folder")),
        (r"\w+ (.+) is a file\.", Message("%(a)s is a file, no folder")),
        (r"\w+ (.+) is not readable\.", Message("%(a)s may not be read")),
        (r"\w+ (.+) is not writable\.", Message("%(a)s may not be written")),
        (r"Option (.+) requires an argument\.", Message("%(a)s needs a value")),
        (r"Option (.+) does not take a value\.", Message("%(a)s takes no value")),
        (r"Got unexpected extra arguments? \((.+)\)", Message("one too many: %(a)s")),
        (r"Missing command\.", Message("a command is missing")),
    )
)
_GAP = 2  # columns between an option and what it does
_WIDEST = 30  # columns for an option; what is longer has its help on the next line


class Formatter(click.HelpFormatter):
    """Writes help in the language of the terminal, and breaks lines of Chinese where Chinese may be broken."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write how the command is called."""
        super().write_usage(prog, args, translate(Message("Usage: ")))

    def write_heading(self, heading: str) -> None:
        """Write the *heading* of a section."""
        shown = translate(Message("%(heading)s:", heading=_told(heading)))
        self.write(f"{' ' * self.current_indent}{shown}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        paragraphs = (wrapped(one, self.current_indent, self.width) for one in map(_told, _paragraphs(text)))
        before = " " * self.current_indent
        self.write("\n\n".join(before + paragraph for paragraph in paragraphs) + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST, col_spacing: int = _GAP) -> None:
        """Write *rows* of a name and what it means."""
        rows = tuple(rows)
        column = min(max(width(name) for name, _ in rows), col_max) + col_spacing
        indent = self.current_indent + column
        for name, meaning in rows:
            text = wrapped(_meaning(meaning), indent, self.width)
            gap = " " * (column - width(name)) if width(name) <= column - col_spacing else "\n" + " " * indent
            # A choice of many words is broken between them.
            spelled = filled(re.split(r"(?<=\|)", name), self.current_indent + _GAP, self.width)
            self.write(f"{' ' * self.current_indent}{spelled}{gap}{text}".rstrip() + "\n")


class Context(click.Context):
    """The context of a command of ours."""

    formatter_class = Formatter


class Command(click.Command):
    """A command of ours."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return what the command does, for a list of commands: the first sentence of its help."""
        return _sentence(self.help)


class Group(click.Group):
    """Commands of ours under one name."""

    context_class = Context
    command_class = Command

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return what the commands are for: the first sentence of the help."""
        return _sentence(self.help)


# What its decorator `group` makes.
Group.group_class = Group


def purpose(folder: Path, name: str) -> str:
    """Return what the command is for that lies in the file *name* of *folder*, or in one of its own folder there.

    That is the first sentence of the docstring of its function; empty where there is no source to be read.
    """
    files = [path for path in (folder / f"{name}.py", *sorted(folder.joinpath(name).glob("*.py"))) if path.is_file()]
    for node in (node for path in files for node in ast.parse(path.read_bytes()).body):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_own, node.decorator_list)):
            return _sentence(ast.get_docstring(node))
    return ""


def _sentence(text: str | None) -> str:
    paragraph = _told(next(_paragraphs(text or ""), ""))
    return re.split(r"(?<=。)|(?<=\.)\s", paragraph)[0].rstrip(".。")


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of *text*, each on one line."""
    return (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n") if paragraph.strip())


def _meaning(text: str) -> str:
    """Return what an option does, and behind it in brackets what counts without it."""
    if not (found := _EXTRA.fullmatch(text)):
        return _told(text)
    extra = "; ".join(_extra(one) for one in found[2].split("; "))
    return f"{_told(found[1])}  [{extra}]" if found[1] else f"[{extra}]"


def _extra(text: str) -> str:
    if not text.startswith("default: "):
        return _told(text)
    value = text.removeprefix("default: ")
    # What is no value but says where it comes from stands in brackets.
    shown = f"({_told(value[1:-1])})" if value.startswith("(") else value
    return translate(Message("default: %(value)s", value=shown))


def _told(text: str) -> str:
    return translate(Message(text)) if text else ""


class AbortedError(click.ClickException):
    """A command that was broken off where it asked, in the language that is spoken."""

    def __init__(self) -> None:
        super().__init__(translate(Message("Aborted")))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it, on a line of its own."""
        click.echo(f"\n{self.message}", file=file, err=file is None)


class MisusedError(click.UsageError):
    """A command that was typed wrongly: what `click` says of *error*, in the language that is spoken."""

    def __init__(self, error: click.UsageError) -> None:
        super().__init__(translate(_misuse(error)), error.ctx)
        # It is shown when the context is over, and with it what language was chosen.
        self._shown = as_error(self.message)
        if error.ctx:
            hint = translate(Message("See `%(command)s --help`.", command=error.ctx.command_path))
            self._shown = f"{error.ctx.get_usage()}\n{hint}\n\n{self._shown}"

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        click.echo(self._shown, file=file, err=file is None)


def as_error(message: str) -> str:
    """Return *message* as the error that a command ends with."""
    return translate(Message("Error: %(message)s", message=message))


def _misuse(error: click.UsageError) -> str:
    if name := getattr(error, "command_name", None):  # later versions of click have a class of its own for it
        return _likely(Message("there is no command %(name)s", name=name), error)
    if isinstance(error, click.NoSuchOption):
        return _likely(Message("there is no option %(name)s", name=error.option_name), error)
    if not isinstance(error, click.BadParameter):
        return _reason(error.message)
    named = error.param_hint or (error.param.get_error_hint(error.ctx) if error.param and error.ctx else "")
    hint = named if isinstance(named, str) else ", ".join(named)
    if isinstance(error, click.MissingParameter):
        return Message("%(name)s is missing", name=hint)
    reason = _reason(error.message)
    return Message("%(name)s: %(reason)s", name=hint, reason=reason) if hint else reason


def _reason(text: str) -> Message | str:
    """Return what click says in *text* in words of ours, and as it is where it is said otherwise."""
    for english, message in _REASONS:
        if found := english.fullmatch(text):
            return Message(message.id, **dict(zip("ab", found.groups(), strict=False)))
    return text


def _likely(message: Message, error: click.UsageError) -> Message:
    names = getattr(error, "possibilities", None)
    return Message("%(what)s; did you mean %(names)s?", what=message, names=", ".join(names)) if names else message


Found = tuple[int, str | None, str, list[str]]


def extract(
    file: BinaryIO, keywords: Collection[str], comment_tags: Collection[str], options: dict[str, Any]
) -> Iterator[Found]:
    """Yield what commands in *file* say of themselves, besides what Babel finds there: `make translations`."""
    from babel.messages.extract import extract_python

    yield from extract_python(file, keywords, comment_tags, options)  # type: ignore[arg-type,misc]
    file.seek(0)
    for node in ast.walk(ast.parse(file.read())):
        if isinstance(node, ast.FunctionDef) and any(map(_makes_command, node.decorator_list)):
            yield from ((node.lineno, None, text, []) for text in _paragraphs(ast.get_docstring(node) or ""))
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                said = keyword.value.value if isinstance(keyword.value, ast.Constant) else None
                if keyword.arg in ("help", "show_default") and isinstance(said, str):
                    yield node.lineno, None, said, []


def _makes_own(node: ast.expr) -> bool:
    """Return whether *node* makes a command of the whole, not of a group within it."""
    return _makes_command(node) and isinstance(own := node.func.value, ast.Name) and own.id == "compliance"  # type: ignore[attr-defined]  # a call of an attribute


def _makes_command(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("command", "group")
    )
