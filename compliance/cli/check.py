"""`flask compliance check`: hold a site to the rules."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click
from flask.cli import ScriptInfo

from .. import deadlines
from ..audit import Report, Severity
from ..audit.baseline import Baseline, read, write
from ..audit.evidence import Evidence, Personal
from ..audit.looks import History
from ..audit.report import Failed
from ..audit.reports import FORMS, PRINTED
from ..audit.since import earlier, since
from ..audit.targets import TargetError, told
from ..errors import Message, said
from ..i18n import spoken, translate
from ..outside.hosts import host_of
from ..page.trackers import Catalogue
from .evidence import gathering, verified
from .evidence import options as evidence_options
from .group import CannotRunError, compliance, jobs, language, missing_module, progress, root_of, say, state, written
from .reach import Reach
from .reach import options as reach_options
from .text import text

if TYPE_CHECKING:
    from ..audit.browser import Browser, Camera
    from ..audit.checks import PageCheck
    from ..audit.findings import Finding
    from ..audit.runner import Audit
    from ..audit.site import Context, SiteFacts

#: What makes the command fail, and all that is graver.
_FAILS = {name: tuple(Severity)[: place + 1] for place, name in enumerate(("error", "warning", "notice"))}
DELAY, CONNECTIONS = 0.2, 2
_SITES = 4  # that are read at once
_PAGES = 500  # of a site that is crawled; its help says so


@compliance.command()
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option("--format", "form", type=click.Choice(["text", *FORMS, *PRINTED]), default="text", help="What to write.")
@language
@click.option("--limit", type=click.IntRange(min=1), help="Pages to read at most; 500 of a site that is crawled.")
@click.option(
    "--delay", type=click.FloatRange(min=0), default=DELAY, show_default=True, help="Seconds between two requests."
)
@click.option(
    "--connections", type=click.IntRange(1, 16), default=CONNECTIONS, show_default=True, help="Requests at once."
)
@jobs
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILS)),
    default="warning",
    show_default=True,
    help="The least finding that makes the exit status 1.",
)
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE", help="The findings that are accepted.")
@click.option("--update-baseline", is_flag=True, help="Write into it what was found; you fill in the reasons.")
@click.option("--browser", "in_browser", is_flag=True, help="Open pages in Chromium as well, and decide.")
@click.option(
    "--history",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Tell what is different since the last look that FILE has, and keep this one there.",
)
@click.option(
    "--since",
    "before",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Say what is new, mended or still there: since a report in JSON, evidence, or the last look of a history.",
)
@click.option("--notify", is_flag=True, help="Tell those of messages.deliver_to, too; with --history.")
@reach_options
@evidence_options
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A new file; without it, standard output.")
@click.pass_context
def check(
    context: click.Context,
    targets: tuple[str, ...],
    form: str,
    language: str,
    limit: int | None,
    delay: float,
    connections: int,
    jobs: int,
    fail_on: str,
    baseline: Path | None,
    update_baseline: bool,
    in_browser: bool,
    history: Path | None,
    before: Path | None,
    notify: bool,
    reach: Reach,
    evidence: Path | None,
    key: Path | None,
    timestamp: str | None,
    roots: Path | None,
    personal: str,
    bundle: Path | None,
    output: Path | None,
) -> None:
    """Hold the pages of each TARGET to the rules: an address, a folder of HTML, or the application itself.

    Without a TARGET the application is checked, in this process. Exit status 1 says that there are findings; with
    --history, that something is worse than it was.
    """
    if bundle is not None:
        context.exit(int(not verified(bundle, key, roots)))
    if (key or timestamp) and evidence is None:
        raise CannotRunError(Message("--key and --timestamp are about evidence: add --evidence PATH"))
    if notify and history is None:
        raise CannotRunError(Message("--notify tells what is different since the last look: add --history FILE"))
    looks = None if history is None else History(history)
    known = earlier(before) if before else looks.newest() if looks else {}
    settings = state(context).settings if notify else None
    if reach.steps and not in_browser:
        raise CannotRunError(Message("--steps are done in a browser: add --browser"))
    if update_baseline and baseline is None:
        raise CannotRunError(Message("--update-baseline needs to be told which: add --baseline FILE"))
    accepted = _accepted(baseline, new=update_baseline)
    with ExitStack() as stack:
        file = None if output is None else stack.enter_context(written(output))
        camera, browser = stack.enter_context(_browser(reach)) if in_browser else (None, None)
        audit = partial(
            audit_of,
            context,
            limit=limit,
            delay=delay,
            connections=connections,
            jobs=jobs,
            browser=browser,
            reach=reach,
        )
        gather = partial(gathering, personal=Personal(personal), signed_in=bool(reach.steps))
        gathered = stack.enter_context(gather(evidence, key=key, authority=timestamp)) if evidence else None
        asked = tuple(dict.fromkeys(targets)) or (None,)
        # A browser shows one site after the other, and processors are busy with one folder.
        sites = browser is None and all(target is not None and "://" in target for target in asked)
        at_once = min(len(asked), _SITES) if sites else 1
        kept = {target: gathered.of(target) if gathered else None for target in asked}
        works = [partial(_checked, audit, target, kept[target], camera, shown=at_once == 1) for target in asked]
        found = _all(context, works, at_once=at_once)
        reports = [one for one in found if isinstance(one, Report)]
        errors = {target: one for target, one in zip(asked, found, strict=True) if not isinstance(one, Report)}
        if not reports:
            raise next(iter(errors.values()))
        failed = [Failed(target=target or "", reason=_reason(error)) for target, error in errors.items()]
        for one in failed:
            click.echo(one.reason, err=True)
        if baseline is not None:
            reports = [accepted.apply(report) for report in reports]
        reports = [replace(one, since=since(one, known[one.target])) if one.target in known else one for one in reports]
        for report in reports if before else ():
            if report.since is None:
                say(Message("%(path)s keeps no look at %(target)s", path=str(before), target=report.target), err=True)
        if form == "text":
            # On a terminal that is told what is different there is no more to say.
            for report in reports if looks is None or file is not None else ():
                _write(text(report, language, painted=output is None and not os.environ.get("NO_COLOR")) + "\n", file)
        elif form in PRINTED:
            try:
                (file or sys.stdout.buffer).write(PRINTED[form](reports, language, failed))
            except ModuleNotFoundError as error:
                raise missing_module(error, "office") from None
        else:
            for piece in (*FORMS[form](reports, language), "\n"):
                _write(piece, file)
        if gathered is not None:
            gathered.close(reports, failed, language, browser=browser.version if browser else None)
    if baseline is not None:
        for note in accepted.notes():
            say(Message("%(path)s: %(what)s", path=str(baseline), what=note), err=True)
        if update_baseline:
            write(baseline, accepted.updated(finding for report in reports for finding in report.findings))
    if looks is not None:
        from .looks import compare

        worse = compare(reports, looks, settings, err=form != "text" and output is None)
        context.exit(2 if failed else int(worse))
    graves = _FAILS[fail_on]
    context.exit(
        2 if failed else int(any(report.summary.findings[severity] for report in reports for severity in graves))
    )


def _accepted(path: Path | None, *, new: bool) -> Baseline:
    entries = () if path is None or (new and not path.exists()) else read(path)
    return Baseline(entries, today=deadlines.day(datetime.now(UTC)))


@contextmanager
def _browser(reach: Reach) -> Iterator[tuple[Camera, Browser]]:
    try:
        from ..audit.browser import Browser, Camera, Screen, read_steps
    except ModuleNotFoundError as error:
        raise missing_module(error) from None
    steps = read_steps(reach.steps) if reach.steps else ()
    screen = Screen(language=reach.language, telephone=reach.telephone)
    with Camera() as camera, Browser(reach.arguments, screen=screen, witness=camera, steps=steps) as browser:
        yield camera, browser


def _all(
    context: click.Context, works: Sequence[Callable[[], Report]], *, at_once: int
) -> Sequence[Report | CannotRunError | TargetError]:
    """Return what comes of *works*, so many of them *at_once*: each waits for a site of its own.

    One that fails does not end the others.
    """

    def done(work: Callable[[], Report]) -> Report | CannotRunError | TargetError:
        try:
            with context.scope(cleanup=False):  # by which it is known what is spoken
                return work()
        except (CannotRunError, TargetError) as error:
            return error

    if at_once == 1:
        return [done(work) for work in works]

    with ThreadPoolExecutor(at_once, thread_name_prefix="check") as pool:
        return list(pool.map(done, works))


def _checked(
    audit: Callable[..., Audit],
    target: str | None,
    evidence: Evidence | None,
    camera: Camera | None,
    *,
    shown: bool,
) -> Report:
    """Return the report on *target*, with pictures where there is a *camera*, and a bar where it is to be *shown*."""
    if camera is None:
        return run(audit(target, evidence=evidence), shown=shown)
    camera.begin(evidence)
    try:
        report = run(audit(target, evidence=evidence))
    finally:  # what was seen of one that failed is not seen of the next
        screenshots = camera.end()
    return replace(report, screenshots=screenshots)


def _reason(error: CannotRunError | TargetError) -> str:
    return translate(error.message if isinstance(error, CannotRunError) else said(error))


def _write(text: str, file: BinaryIO | None) -> None:
    # A name of a file need not be text; what stands for its bytes cannot be encoded.
    content = text.encode("utf-8", "backslashreplace")
    if file is None:
        click.echo(content.decode(), nl=False)
    else:
        file.write(content)


def audit_of(
    context: click.Context,
    target: str | None,
    *,
    limit: int | None,
    delay: float = DELAY,
    connections: int = CONNECTIONS,
    jobs: int = 1,
    browser: Browser | None = None,
    evidence: Evidence | None = None,
    reach: Reach | None = None,
    make: Callable[..., Audit] | None = None,
) -> Audit:
    """Return the audit of *target*, an address, a folder or, where it is None, the application.

    It holds pages to the rules, unless *make* makes one for something else. *evidence* keeps what came. Raises
    `CannotRunError`.
    """
    try:
        from ..audit.application import Application
        from ..audit.folder import Folder
        from ..audit.runner import Audit
        from ..audit.site import Context
        from ..audit.sources import Sources
        from ..audit.website import Website
    except ModuleNotFoundError as error:
        raise missing_module(error) from None
    today = deadlines.day(datetime.now(UTC))
    reach = reach or Reach()
    made = make or partial(Audit, evidence=evidence, opened=reach.opened, only=reach.urls, sitemap=reach.sitemap)
    if target is None:
        if context.find_object(ScriptInfo) is None:
            raise CannotRunError(Message("name a folder or an address, or run `flask --app … compliance check`"))
        found = state(context)
        app = context.ensure_object(ScriptInfo).load_app()
        url = root_of(app, found.settings)
        listed = found.settings.articles.sources
        return made(
            Application(app.wsgi_app, url),
            Context(
                catalogue=found.catalogue,
                today=today,
                hosts=_hosts(url),
                settings=found.settings,
                sources=Sources.load(listed) if listed else None,
            ),
            limit=limit or _PAGES,
            browser=browser,
        )
    if "://" in target:
        site = Website(target, delay=delay, connections=connections)
        return made(
            site,
            Context(catalogue=Catalogue(host=host_of(site.start)), today=today, hosts=_hosts(site.start)),
            limit=limit or _PAGES,
            connections=connections,
            browser=browser,
        )
    folder = Folder(Path(target), only=reach.urls)
    return made(folder, Context(catalogue=Catalogue(), today=today), limit=limit, jobs=jobs, browser=browser)


def facts_of(context: click.Context, target: str, note: PageCheck, *, limit: int) -> tuple[SiteFacts, Context]:
    """Return what *note* tells of the pages of *target*, which are held to no rule, and what they were read by.

    Raises `CannotRunError`, and `ModuleNotFoundError` without what reads pages.
    """
    from ..audit.runner import Audit

    kept: list[tuple[SiteFacts, Context]] = []

    def keep(site: SiteFacts, by: Context) -> tuple[Finding, ...]:
        kept.append((site, by))
        return ()

    run(audit_of(context, target, limit=limit, make=partial(Audit, checks=(note,), conclusions=(keep,))))
    return kept[0]


def _hosts(url: str) -> frozenset[str]:
    return frozenset(filter(None, [host_of(url)]))


def run(audit: Audit, *, shown: bool = True) -> Report:
    """Return the report of *audit*, done with a bar on a terminal; `CannotRunError` where no page could be read."""

    def left(_: str | None) -> str | None:
        return translate(Message("%(count)s left", count=audit.left)) if audit.left else None

    with progress(audit, audit.length(), Message("Checking"), told=left, shown=shown) as pages:
        for _ in pages:
            pass
    report = audit.report(now=datetime.now(UTC))
    if not report.count:
        first = report.unread.first[0]
        message = Message(
            "%(target)s: no page could be read. %(page)s: %(reason)s",
            target=report.target,
            page=first.url,
            reason=told(first.reason, spoken()),
        )
        raise CannotRunError(message)
    return report
