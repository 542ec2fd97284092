"""`flask compliance init`: ask what a site has to say, and write its settings file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...errors import Message
from ...i18n import translate
from ...settings.answers import refused
from ...settings.starter import Answer, placeholder, starter, unfilled
from ...settings.toml import written
from ..check import facts_of
from ..group import STARTER, CannotRunError, compliance, language, missing_module, one_line
from .questions import LANGUAGES, NONE, QUESTIONS, Question

if TYPE_CHECKING:  # what reads pages is no part of a plain installation
    from ...audit.survey import Survey
    from .proposals import Proposal

_PAGES = 100  # of a site that is read
_EXAMPLES = {"en": STARTER, "zh_CN": STARTER.with_name("compliance.zh_CN.toml")}


def _answers(command: Callable[..., None]) -> Callable[..., None]:
    """Give *command* an option for each question."""
    for question in reversed(QUESTIONS):
        command = click.option(question.option, question.field, metavar="TEXT", help=question.asks)(command)
    return command


@compliance.command()
@click.argument("path", default="compliance.toml", type=click.Path(path_type=Path))
@click.option("--from", "sources", multiple=True, metavar="TARGET", help="A site's address, or a folder of its pages.")
@click.option("--limit", type=click.IntRange(min=1), default=_PAGES, show_default=True, help="Pages of it to read.")
@click.option("--yes", is_flag=True, help="Ask nothing: what was found is taken, what was not is left open.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@language
@_answers
@click.pass_context
def init(
    context: click.Context,
    /,
    path: Path,
    sources: tuple[str, ...],
    limit: int,
    yes: bool,
    force: bool,
    language: str,
    **given: str | None,
) -> None:
    """Ask about the site, and write its settings with every key explained to PATH (compliance.toml).

    What is not answered stands there as "<…>", and stops the start by its name. An answer of - says that the site has
    no such thing.
    """
    target = path / STARTER.name if path.is_dir() else path
    if target.exists() and not force:
        raise CannotRunError(
            Message("%(path)s exists already; move it away, name another path, or add --force", path=str(target))
        )
    tell = partial(translate, language=language)
    surveys = [_survey(context, source, limit) for source in sources]
    interview = _Interview(given, _proposed(surveys), tell, silent=yes)
    answers = interview.answers()
    text = starter(_EXAMPLES[language].read_text(encoding="utf-8"), answers, _notes(surveys, interview.languages, tell))
    try:
        with target.open("w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CannotRunError(
            Message("%(path)s cannot be written: %(reason)s", path=str(target), reason=error.strerror)
        ) from error
    click.echo(tell(Message("Wrote %(path)s.", path=str(target))))
    if left := ", ".join(key for key, answer in answers.items() if _is_open(answer)):
        message = Message(
            'Left open: %(keys)s. Put values in where "<…>" stands: until then the site does not start.', keys=left
        )
        click.echo(tell(message))


def _survey(context: click.Context, source: str, limit: int) -> Survey:
    """Read the site or folder at *source*, as `check` does."""
    try:
        from ...audit.survey import said, survey

        site, by = facts_of(context, source, said, limit=limit)
    except ModuleNotFoundError as error:
        raise missing_module(error) from None
    return survey(site, by.catalogue)


def _proposed(surveys: Sequence[Survey]) -> Mapping[str, Proposal]:
    if not surveys:
        return {}
    from .proposals import proposals

    return proposals(surveys)


def _notes(surveys: Sequence[Survey], tags: Sequence[str], tell: Callable[[str], str]) -> Mapping[str, Sequence[str]]:
    if not surveys:
        return {}
    from .proposals import notes

    return notes(surveys, tags, tell)


def _is_open(answer: Answer) -> bool:
    return any(unfilled(answer.value))


class _Interview:
    """The questions answered one after the other: by an option, by the owner, or by what was found.

    *proposed* is what the site says itself. An owner who is asked sees it as the default; where nobody is asked
    (*silent*, or at the end of the input) it is taken as it stands on the site's own pages, with the page named beside
    it. Where pages contradict each other nothing is taken.
    """

    def __init__(
        self,
        given: Mapping[str, str | None],
        proposed: Mapping[str, Proposal],
        tell: Callable[[str], str],
        *,
        silent: bool,
    ) -> None:
        self._given = given
        self._proposed = proposed
        self._tell = tell
        self._silent = silent
        #: Those of the site, once they are known.
        self.languages: list[str] = []

    def answers(self) -> dict[str, Answer]:
        """Return the answer to each question that was put."""
        found: dict[str, Answer] = {}
        for question in QUESTIONS:
            asked = question.always or question.key in self._proposed or self._given[question.field] is not None
            if not asked:
                continue
            found[question.key] = answer = self._answer(question)
            if question.key == LANGUAGES and answer.value and not isinstance(answer.value, str | bool):
                self.languages = [str(tag) for tag in answer.value]
        return found

    def _answer(self, question: Question) -> Answer:
        typed = self._given[question.field]
        if typed is not None:
            answer = self._typed(question, typed)
            if isinstance(answer, str):
                raise click.BadOptionUsage(question.option, f"{question.option}: {answer}")
            return answer
        proposal = self._proposed.get(question.key)
        value = proposal.value if proposal else None
        if value is not None and refused(question.key, value, self.languages):
            value = None
        if value is None:
            value = question.default or placeholder(self._tell(question.asks))
        default = Answer(value=value, note=self._tell(proposal.note) if proposal else "")
        return default if self._silent else self._asked(question, default)

    def _asked(self, question: Question, default: Answer) -> Answer:
        """Put *question* until the answer is right; what is left out is *default*."""
        click.echo(f"\n{self._tell(question.asks)} ({question.key})")
        click.echo(f"  {self._tell(question.hint)}")
        if default.note:
            click.echo(f"  {one_line(default.note)}")
        shown = "" if _is_open(default) else written(default.value or "")
        while True:
            try:
                typed = input(f"  [{one_line(shown)}] ")
            except EOFError:
                self._silent = True  # nobody is there
                click.echo()
                return default
            if not typed.strip():
                return default
            answer = self._typed(question, typed)
            if not isinstance(answer, str):
                return answer
            click.echo(f"  {answer}")

    def _typed(self, question: Question, typed: str) -> Answer | str:
        """Return the answer that *typed* gives, or what is wrong with it."""
        if typed.strip() == NONE and not question.required:
            return Answer(value=None)
        value = question.read(typed)
        problems = refused(question.key, value, self.languages)
        return "\n  ".join(self._tell(problem.remedy) for problem in problems) or Answer(value=value)
