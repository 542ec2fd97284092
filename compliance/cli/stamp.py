"""`flask compliance stamp`: put our markup onto the pages of a folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import click
from flask import Flask

from ..errors import Message
from ..i18n import translate
from ..languages import tag
from ..stamp import Did, Folder, Outcome, Press
from ..views import SiteState
from .group import CannotRunError, application, compliance, jobs, listing, print_json, progress, say, state_of

# For every page the header that the middleware sends with it (elements.Elements.hints).
_NGINX = 'map $sent_http_content_type $compliance_link {{\n    ~^text/html "{}";\n}}\n'
_FOUND = (Did.DIFFERS, Did.FAILED, Did.SKIPPED)
#: What became of a file, in words.
_DID = {
    Did.STAMPED: Message("stamped"),
    Did.LEFT: Message("left as it is"),
    Did.PLACED: Message("linked or copied"),
    Did.WRITTEN: Message("written"),
    Did.KEPT: Message("unchanged"),
    Did.REMOVED: Message("removed"),
    Did.DIFFERS: Message("differs"),
    Did.SKIPPED: Message("skipped"),
    Did.FAILED: Message("failed"),
    Did.NOTHING: Message("nothing"),
}


@compliance.command()
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--settings",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The settings file, where there is no application.",
)
@click.option("--host", help="The host whose licences are shown; without it, that of site.url.")
@jobs
@click.option("--check", is_flag=True, help="Write nothing; list what is not as stamping would make it.")
@listing
@click.pass_context
def stamp(
    context: click.Context,
    source: Path,
    target: Path,
    settings: Path | None,
    host: str | None,
    jobs: int,
    check: bool,
    form: str,
) -> None:
    """Put our markup onto every page of the folder SOURCE, and write all of it to TARGET.

    TARGET may be SOURCE.
    """
    app = application(context, settings)
    state = state_of(app)
    elements, prefix = state.elements, state.settings.site.prefix
    host = host or urlsplit(state.settings.site.url).netloc
    folder = Folder(
        source,
        target,
        Press(
            partial(elements.uniform, host=host), gate=elements.uniform_gate(host), digest=f"{host} {elements.digest}"
        ),
        ours=dict(_ours(app, state, host)),
        lasting=f"{prefix}/static/".lstrip("/"),
        jobs=jobs,
    )
    start = perf_counter()
    counts: Counter[Did] = Counter()
    told: list[Outcome] = []
    shown = os.isatty(2)
    with progress(
        folder.check() if check else folder.stamp(), folder.count() if shown else 0, Message("Stamping")
    ) as outcomes:
        for outcome in outcomes:
            counts[outcome.did] += 1
            if outcome.did in _FOUND:
                told.append(outcome)
    _tell(counts, told, perf_counter() - start, form)
    context.exit(1 if told else 0)


def _ours(app: Flask, state: SiteState, host: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are added to the folder: what pages load, how nginx tells of it, and the legal documents."""
    prefix = state.settings.site.prefix.lstrip("/")
    # Where the site lies below a path of its host, the folder is that path, and pages link to what is below it.
    base = f"https://{host}{urlsplit(state.settings.site.url).path}"
    for asset in state.assets.values():
        yield f"{prefix}/static/{asset.hashed}", asset.content
    yield f"{prefix}/nginx.conf", _NGINX.format(state.elements.uniform_hints()).encode()
    client, default = app.test_client(), state.settings.site.languages[0]
    for name in state.documents.names:
        for language in {default, *state.documents.languages(name)}:
            path, query = f"{prefix}/legal/{name}", {} if language == default else {"lang": tag(language)}
            response = client.get(f"/{path}", base_url=base, query_string=query)
            if response.status_code != 200:
                raise CannotRunError(
                    Message(
                        "the application answers %(path)s with %(status)s",
                        path=response.request.path,
                        status=response.status,
                    )
                )
            yield "/".join((path, *query.values(), "index.html")), response.data


def _tell(counts: Counter[Did], told: list[Outcome], seconds: float, form: str) -> None:
    if form == "json":
        files = [{"path": one.path, "state": one.did, "reason": one.reason} for one in told]
        print_json({"counts": {did.name.lower(): counts[did] for did in Did}, "findings": files})
        return
    for one in told:
        say(Message("%(path)s: %(what)s", path=one.path, what=one.reason or _DID[one.did]), err=True)
    done = ", ".join(f"{counts[did]:,} {translate(_DID[did])}" for did in Did if counts[did])
    click.echo(f"{done} ({seconds:.1f} s)")
