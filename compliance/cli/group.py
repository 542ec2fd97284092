"""The group of commands, and what all of them have in common."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TypeVar

import click

from ..characters import UNPRINTABLE, width
from ..deadlines import midnight
from ..errors import ComplianceError, DocumentError, Message, SettingsError, StoreError, said
from ..formats import FORMS, to_json
from ..i18n import LANGUAGES, choose, spoken, translate
from ..paths import TEMPLATES
from .columns import padded
from .help import AbortedError, Group, MisusedError, as_error, purpose

if TYPE_CHECKING:
    from flask import Flask
    from flask.cli import ScriptInfo

    from ..messages import Box
    from ..settings import Settings
    from ..views import SiteState

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


_TRUTH = {True: Message("True"), False: Message("False")}


class CannotRunError(click.ClickException):
    """Tell why a command cannot run, in the language that is spoken."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(translate(message))
        self._shown = as_error(self.message)

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it."""
        click.echo(self._shown, file=file, err=file is None)


STARTER = TEMPLATES / "compliance.toml"
#: The commands, by the file that each lies in. It is read when the command is asked for: pages need none of them.
_FILES = {
    "adopt": "adopt",
    "check": "check",
    "console": "console",
    "consents": "consents",
    "db": "database",
    "deliver": "deliver",
    "doctor": "doctor",
    "incident": "incident",
    "init": "init",
    "legal": "legal",
    "messages": "messages",
    "purge": "purge",
    "serve": "serve",
    "staff": "staff",
    "stamp": "stamp",
}


class Commands(Group):
    """Commands that end in a sentence, not in a traceback, where something of ours cannot be done."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return sorted(_FILES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands. What they are for is read from their files: to load all of them takes a second."""
        here = Path(__file__).parent
        with formatter.section("Commands"):
            formatter.write_dl([(name, purpose(here, _FILES[name])) for name in self.list_commands(ctx)])

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command *name*."""
        if name in _FILES:
            import_module(f".{_FILES[name]}", __package__)
        return super().get_command(ctx, name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; exit status 2 for our own errors."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            if spoken() == LANGUAGES[0]:  # which click speaks
                raise
            raise MisusedError(error) from None
        except (click.Abort, KeyboardInterrupt, EOFError):
            if spoken() == LANGUAGES[0]:
                raise
            raise AbortedError from None
        except StoreError as error:
            raise CannotRunError(Message("the database cannot be used: %(reason)s", reason=error.reason)) from error
        except SettingsError as error:
            raise CannotRunError(error.told(translate)) from error
        except DocumentError as error:
            raise CannotRunError(error.message) from error
        except ComplianceError as error:
            raise CannotRunError(said(error)) from error


def _choose(context: click.Context, option: click.Parameter, value: str | None) -> str:
    if value:
        choose(context, value)
    return spoken()


def _language(*, exposed: bool) -> Callable[[F], F]:
    """Add the option that overrules the terminal; it is read first, so that help and errors heed it."""
    return click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        callback=_choose,
        is_eager=True,
        expose_value=exposed,
        show_default="that of the terminal",
        help="The language in which to speak.",
    )


language = _language(exposed=True)


@click.group(cls=Commands)
@_language(exposed=False)
@click.option(
    "--app", metavar="MODULE:APPLICATION", help="What `wrap` made, of `compliance.wsgi` or `asgi`; not beside flask."
)
@click.option(
    "--key-file",
    envvar="COMPLIANCE_KEY_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The secret keys of a site that `serve` stands in front of, a line each, the oldest first; not beside flask.",
)
@click.pass_context
def compliance(context: click.Context, app: str | None, key_file: Path | None) -> None:
    """Keep a news site in order: its settings, its legal documents, its messages and reports, its proof of consent."""
    alone = context.find_object(Alone)
    if alone is not None:
        context.obj = replace(alone, named=app, key_file=key_file)
    elif app is not None:
        raise CannotRunError(Message("flask names the application already; --app is for `python -m compliance`"))


#: Every listing prints a table, or JSON.
listing = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to print it.")


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


#: How many processes work on a folder.
jobs = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=_processors,
    show_default="one for each processor",
    help="Processes that share the work on a folder.",
)
since = click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on (China).")
until = click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Up to and with this day (China).")
output = click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="A new file; without it, standard output."
)
rows_format = click.option(
    "--format", "form", type=click.Choice(sorted(FORMS)), default="csv", show_default=True, help="How to write it."
)

figures_format = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "svg"]),
    default="text",
    show_default=True,
    help="How to write it.",
)


def span(since: datetime | None, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """Return when the day *since* begins in China, and when the day *until* is over there."""
    return (
        since and midnight(since.date()),
        until and midnight(until.date() + timedelta(days=1)),
    )


@dataclass(frozen=True)
class Alone:
    """What stands for the application where there is none: *make* one that shows pages by a settings file."""

    make: Callable[[Path | None], Flask]
    #: The wrapped application that is there all the same, as a module and a name in it.
    named: str | None = None
    #: The secret keys of a site that has no application.
    key_file: Path | None = None
    #: Puts a server in front of it.
    serve: Callable[..., None] | None = None

    @property
    def behind(self) -> bool:
        """Whether the site is one that `serve` stands in front of."""
        return self.named is None and self.key_file is not None


def _info(context: click.Context) -> ScriptInfo | None:
    """Return what finds the application that `flask` names."""
    from flask.cli import ScriptInfo

    return context.find_object(ScriptInfo)


def state(context: click.Context) -> SiteState:
    """Return what the extension keeps of the application; `CannotRunError` where there is none."""
    info = _info(context)
    if info is not None:
        return state_of(info.load_app())
    alone = context.find_object(Alone)
    if alone is None or not alone.behind:
        return state_in(wrapped(context))
    from .. import engine

    assert alone.key_file is not None
    return engine.behind(alone, alone.key_file)


def wrapped(context: click.Context) -> Any:
    """Return the application that `--app` names, with what is around it; `CannotRunError` where it names none."""
    alone = context.find_object(Alone)
    if alone is None or alone.named is None:
        raise CannotRunError(
            Message(
                "this needs the application: run it as `flask --app … compliance …`, or where it is wrapped as"
                " `python -m compliance --app MODULE:APPLICATION …`; a site behind `serve` needs `--key-file FILE`"
                " alone"
            )
        )
    from werkzeug.utils import import_string

    try:
        return import_string(alone.named)
    except ImportError as error:
        raise CannotRunError(f"--app {alone.named}: {error}") from error


def state_in(application: object) -> SiteState:
    """Return the state of a wrapped *application*, whatever stands around it; `CannotRunError` where it has none."""
    from ..views import SiteState

    around: Any = application
    while around is not None:
        if isinstance(found := getattr(around, "state", None), SiteState):
            return found
        # An application such as Quart's keeps within itself what it is wrapped in.
        around = getattr(around, "app", None) or getattr(around, "asgi_app", None)
    raise CannotRunError(Message("--app names no application that compliance.wsgi.wrap or compliance.asgi.wrap made"))


def root_of(app: Flask, settings: Settings) -> str:
    """Return the address at which *app* begins, without a slash at its end."""
    return settings.site.url.rstrip("/") + (app.config["APPLICATION_ROOT"] or "").rstrip("/")


def application(context: click.Context, settings: Path | None) -> Flask:
    """Return the application, else one by the file *settings*, else by the settings file that is found."""
    info = _info(context)
    if info is None:
        alone = context.find_object(Alone)
        assert alone is not None
        return alone.make(settings)
    if settings is not None:
        raise CannotRunError(Message("the application has its settings; use --settings with `python -m compliance`"))
    app = info.load_app()
    state_of(app)
    return app


def state_of(app: Flask) -> SiteState:
    """Return what the extension keeps of *app*; `CannotRunError` where it was not set up."""
    from ..views import SiteState

    found = app.extensions.get("compliance")
    if not isinstance(found, SiteState):
        raise CannotRunError(Message("Compliance was not set up for this application"))
    return found


def box(context: click.Context) -> Box:
    """Return the message box of the application; `CannotRunError` where there is none."""
    return state(context).box


def show(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str, *, heads: Mapping[str, str] = {}
) -> None:  # only read
    """Print *rows* as a table of *columns*, or as JSON.

    *heads* is what columns are called in the table that are not called what they are in JSON.
    """
    if form == "json":
        print_json(rows)
        return
    head = tuple(translate(heads.get(column, column)) for column in columns)
    table = [head, *(tuple(one_line(row[column]) for column in columns) for row in rows)]
    widths = [max(map(width, column)) for column in zip(*table, strict=True)]
    for line in table:
        click.echo("  ".join(map(padded, line, widths)).rstrip())


def say(message: str, *, err: bool = False) -> None:
    """Print *message* in the language that is spoken."""
    click.echo(translate(message), err=err)


def warn(message: str) -> None:
    """Print on standard error that *message* needs a hand."""
    say(Message("Warning: %(what)s", what=message), err=True)


def one_line(value: object) -> str:
    """Return *value* as a terminal shows it in one line, and obeys nothing of it."""
    if isinstance(value, bool):
        value = _TRUTH[value]
    said = translate(value) if isinstance(value, str) else str(value)
    return UNPRINTABLE.sub("\ufffd", said).replace("\n", " ")


def print_json(value: Any) -> None:
    """Print *value* as JSON, times in ISO 8601."""
    click.echo(to_json(value, indent=2))


def missing_module(error: ModuleNotFoundError, extra: str = "check") -> CannotRunError:
    """Return what to do about a module that only the *extra* brings."""
    return CannotRunError(
        Message("%(module)s is missing; pip install 'flask-compliance[%(extra)s]'", module=error.name, extra=extra)
    )


@contextmanager
def progress(
    steps: Iterable[T],
    length: int,
    label: str,
    *,
    shown: bool = True,
    told: Callable[[T | None], str | None] | None = None,
) -> Iterator[Iterable[T]]:
    """Yield *steps*, with a bar on a terminal where it is to be *shown*, and none in a pipe; *told* says more there."""
    if shown and sys.stderr.isatty():
        with click.progressbar(
            steps, length=length, label=translate(label), file=sys.stderr, item_show_func=told
        ) as bar:
            yield bar
    else:
        yield steps


@contextmanager
def written(path: Path | None) -> Iterator[BinaryIO]:
    """Yield what to write to: a new file at *path* that its owner alone can read, else standard output.

    A file that is not finished is not left behind. `CannotRunError` where it cannot be made, or is there already.
    """
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        file = path.open("xb")
    except FileExistsError:
        raise CannotRunError(
            Message("%(path)s exists already; move it away or name another path", path=str(path))
        ) from None
    except OSError as error:
        raise CannotRunError(
            Message("%(path)s cannot be written: %(reason)s", path=str(path), reason=error.strerror)
        ) from error
    try:
        with file:
            path.chmod(0o600)
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise
