"""What a reader does to sign in, as a list in a file of TOML: pages opened, fields filled, buttons pressed."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...errors import ComplianceError, Message

if TYPE_CHECKING:
    from playwright.async_api import Page

_PATIENCE = 15_000  # milliseconds for one step


class StepsError(ComplianceError):
    """The list of steps cannot be read, or a step cannot be done."""


class Step(BaseModel):
    """One thing that a reader does: *open* an address, *fill* a field, *press* a button, or *wait* for an element.

    Fields and buttons are named by selectors as Playwright has them, such as ``#user`` or ``text=Sign in``. What is
    filled in is *value*, or what the environment holds as *variable*.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    open: str | None = None
    fill: str | None = None
    press: str | None = None
    wait: str | None = None
    value: str | None = None
    variable: str | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Step:
        if sum(one is not None for one in (self.open, self.fill, self.press, self.wait)) != 1:
            raise ValueError("a step has one of open, fill, press and wait")
        if (self.fill is not None) != ((self.value is None) != (self.variable is None)):
            raise ValueError("fill has a value, or the name of a variable of the environment; nothing else has")
        return self


class _Steps(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: tuple[Step, ...] = Field(min_length=1, max_length=100)


def read(path: Path) -> tuple[Step, ...]:
    """Return the steps in the file at *path*. Raises `StepsError`."""
    try:
        found = _Steps.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).steps
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        raise StepsError(Message("%(path)s cannot be read: %(reason)s", path=str(path), reason=reason)) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        place = ".".join(map(str, error.errors()[0]["loc"])) if isinstance(error, ValidationError) else ""
        message = Message(
            "%(path)s is no list of steps: %(place)s %(reason)s", path=str(path), place=place, reason=reason
        )
        raise StepsError(message) from error
    for step in found:
        if step.variable is not None and step.variable not in os.environ:
            raise StepsError(
                Message("the environment has no %(variable)s, which a step fills in: set it", variable=step.variable)
            )
    return found


async def follow(steps: Sequence[Step], page: Page, start: str) -> None:
    """Do *steps* in *page*, addresses relative to *start*. Raises `StepsError`, which names the step."""
    from playwright.async_api import Error

    for number, step in enumerate(steps, 1):
        try:
            if step.open is not None:
                await page.goto(urljoin(start, step.open), timeout=2 * _PATIENCE)
            elif step.fill is not None:
                text = step.value if step.variable is None else os.environ[step.variable]
                await page.fill(step.fill, text or "", timeout=_PATIENCE)
            elif step.press is not None:
                await page.click(step.press, timeout=_PATIENCE)
                await page.wait_for_load_state("load", timeout=2 * _PATIENCE)
            elif step.wait is not None:
                await page.wait_for_selector(step.wait, timeout=_PATIENCE)
        except Error as error:
            message = Message(
                "step %(number)s cannot be done: %(reason)s", number=number, reason=error.message.splitlines()[0]
            )
            raise StepsError(message) from error
