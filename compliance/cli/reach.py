"""How far a check goes: which pages, how many in the browser, and what readers have before them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from .. import languages
from ..errors import Message
from .group import CannotRunError

R = TypeVar("R")
_LONGEST_LIST = 50_000  # addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The options of `check` that are about it: *urls* are all that is read, where there are any."""

    urls: tuple[str, ...] = ()
    sitemap: bool = False
    opened: int = 0
    steps: Path | None = None
    language: str = "zh-CN"
    telephone: bool = False
    arguments: tuple[str, ...] = ()


def _listed(context: click.Context, option: click.Parameter, path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise CannotRunError(Message("%(path)s cannot be read: %(reason)s", path=str(path), reason=reason)) from error
    found = tuple(dict.fromkeys(one for line in lines if (one := line.strip()) and not one.startswith("#")))
    if not found or len(found) > _LONGEST_LIST:
        message = Message(
            "%(path)s has %(count)s addresses: write one a line, %(most)s at most",
            path=str(path),
            count=len(found),
            most=_LONGEST_LIST,
        )
        raise CannotRunError(message)
    return found


def _tag(context: click.Context, option: click.Parameter, tag: str) -> str:
    try:
        return languages.parse(tag).replace("_", "-")
    except ValueError as error:
        raise CannotRunError(str(error)) from None


def options(command: Callable[..., R]) -> Callable[..., R]:
    """Add them to *command*, which gets them as one `Reach`."""

    inner = command

    @wraps(inner)
    def reaching(*args: Any, **given: Any) -> R:
        names = ("urls", "sitemap", "opened", "steps", "telephone", "arguments")
        reach = Reach(language=given.pop("reader_language"), **{name: given.pop(name) for name in names})
        return inner(*args, reach=reach, **given)

    command = reaching
    for option in (
        click.option(
            "--browser-argument", "arguments", multiple=True, metavar="ARGUMENT", help="One more for Chromium."
        ),
        click.option("--telephone", is_flag=True, help="Readers have a telephone instead of a window."),
        click.option(
            "--reader-language",
            default="zh-CN",
            show_default=True,
            callback=_tag,
            metavar="TAG",
            help="The language that readers' browsers ask for.",
        ),
        click.option(
            "--steps",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="What readers do first, such as to sign in; with --browser.",
        ),
        click.option(
            "--open", "opened", type=click.IntRange(min=0), default=0, help="Pages to open in the browser at least."
        ),
        click.option("--sitemap", is_flag=True, help="Read what the site's sitemaps list, too."),
        click.option(
            "--urls",
            type=click.Path(path_type=Path),
            callback=_listed,
            metavar="FILE",
            help="Read the addresses in FILE, one a line, and nothing else.",
        ),
    ):
        command = option(command)
    return command
