"""What those who run a site are told: on a terminal, in its language."""

from __future__ import annotations

import locale
import os
import re
from functools import lru_cache
from gettext import NullTranslations
from logging import Logger

import click

from ..errors import Message, Problem
from ..languages import nearest
from .catalogues import catalogue

#: The languages in which owners are told: that of the messages themselves, and those of a catalogue.
LANGUAGES = ("en", "zh_CN")
#: The catalogue of what owners are told.
OWNERS = "compliance-owner"
_CHOSEN = "compliance.language"


def terminal() -> str:
    """Return which of `LANGUAGES` the terminal is in, by its environment (GNU gettext manual, section 2.3).

    The first of `LANGUAGE` that there is counts, else `LC_ALL`, `LC_MESSAGES` or `LANG`; scripts that set the locale
    `C` read English.
    """
    found = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), None)
    if found in ("C", "POSIX"):
        return "en"
    wanted = os.environ.get("LANGUAGE") or found or locale.getlocale()[0] or ""
    if wanted.startswith("Chinese"):  # as Windows says it
        return "zh_CN"
    offered = (nearest(re.split("[.@]", tag)[0], LANGUAGES) for tag in wanted.split(":"))
    return next(filter(None, offered), "en")


def choose(context: click.Context, language: str) -> None:
    """Let the command of *context*, and those below it, speak *language* wherever nobody names another."""
    context.meta[_CHOSEN] = language


def spoken() -> str:
    """Return the language that was chosen for the command that runs, else that of the terminal."""
    context = click.get_current_context(silent=True)
    chosen = context and context.meta.get(_CHOSEN)
    return str(chosen) if chosen else terminal()


def translate(message: str, language: str | None = None) -> str:
    """Return *message*, with the messages that are filled into it, in *language*, else in the one that is spoken.

    What is no `Message` stays as it is, and so does one that no translator gave.
    """
    if not isinstance(message, Message):
        return message
    language = language or spoken()
    text = _catalogue(language).gettext(message.id)
    filled = {
        name: translate(value, language) if isinstance(value, str) else value for name, value in message.values.items()
    }
    return text % filled if filled else text


def tell(logger: Logger, problem: Problem) -> None:
    """Log *problem* as a warning, in the language that is spoken."""
    logger.warning("Compliance: %s", translate(problem.message))


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> NullTranslations:
    return catalogue(OWNERS, language)
