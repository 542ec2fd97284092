"""The exceptions that this package raises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

from click import ClickException


class Message(str):
    """A sentence for those who run a site: English as it stands; `i18n.translate` tells it in another language.

    *id* is what translators find in their catalogue, with a place such as ``%(name)s`` for each of *values*.
    """

    id: str
    values: Mapping[str, object]

    def __new__(cls, id: str, /, **values: object) -> Message:
        made = super().__new__(cls, id % values if values else id)
        made.id, made.values = id, values
        return made

    @classmethod
    def joined(cls, messages: Sequence[Message], *, between: str = "; ") -> Message:
        """Return *messages*, of which there is one at least, as one, with something *between* each two."""
        id = f"%(first)s{between}%(second)s"
        return reduce(lambda first, second: cls(id, first=first, second=second), messages)


def said(error: Exception) -> str:
    """Return what *error* says: the message that it was raised with, where that is one, for it can be translated."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, Message) else str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with the settings: where, what was found there, what to do about it."""

    key: str
    #: What was found, as it is written; ``None`` where something is missing.
    value: str | None = None
    remedy: str

    def __str__(self) -> str:
        return str(self.message)

    @property
    def message(self) -> str:
        """All of it in one sentence."""
        if self.value is not None:
            return Message("%(key)s is %(value)s: %(remedy)s", key=self.key, value=self.value, remedy=self.remedy)
        if self.key:
            return Message("%(key)s: %(remedy)s", key=self.key, remedy=self.remedy)
        return self.remedy


class ComplianceError(Exception):
    """The root of every exception of this package."""


class SettingsError(ComplianceError, ClickException):
    """The settings cannot be used; *problems* lists everything that is wrong with *source*.

    Commands such as `flask run` say it without a traceback. It is in English until an edge has put its *words*
    into the language of the terminal.
    """

    exit_code = 2

    def __init__(self, source: str, problems: tuple[Problem, ...]) -> None:
        self.source = source
        self.problems = problems
        #: All of it as it is printed.
        self.words = self.told(str)
        ClickException.__init__(self, self.words)
        self.args = (source, problems)

    def __str__(self) -> str:
        return self.words

    def format_message(self) -> str:
        """Return what commands print."""
        return self.words

    def told(self, tell: Callable[[str], str]) -> str:
        """Return all of it, every sentence as *tell* says it."""
        source, problems = tell(self.source), [tell(problem.message) for problem in self.problems]
        return f"{source}: {problems[0]}" if len(problems) == 1 else "\n  ".join((f"{source}:", *problems))


class DocumentError(ComplianceError):
    """The legal document at *path* cannot be shown."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return str(self.message)

    @property
    def message(self) -> Message:
        """All of it in one sentence."""
        return Message("%(path)s: %(what)s", path=str(self.path), what=self.reason)


class ReasonError(ComplianceError):
    """What is wrong is said by *reason*, which templates and callers turn into words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ConsentError(ReasonError):
    """A reader's decision cannot be taken as it was sent."""


class StoreError(ReasonError):
    """The database cannot be used now; *reason* says what is the matter and what to do, never with what data."""


class BucketError(StoreError):
    """The bucket cannot be used now, or what is in it is not what was kept there."""
