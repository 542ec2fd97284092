"""`flask compliance console`: the console of the editors, served on this machine."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import SplitResult

import click

from ..errors import Message
from .group import compliance, missing_module, say, state
from .serve import bind_to, proxies_in_front

_THREADS = 8


@compliance.command()
@click.option(
    "--bind",
    callback=bind_to,
    default="127.0.0.1:8001",
    show_default=True,
    metavar="HOST:PORT|unix:PATH",
    help="Where to listen for editors.",
)
@proxies_in_front
@click.option(
    "--history",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file of check --history, to tell of the last look at the site.",
)
@click.option(
    "--provider",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file that describes a provider of identities, where people can sign in, too.",
)
@click.pass_context
def console(
    context: click.Context, bind: SplitResult, proxies: int, history: Path | None, provider: Path | None
) -> None:
    """Serve the console, in which editors answer messages and reports, on this machine.

    Over plain HTTP it lets in who sits at the machine itself, and nobody else: put a server that speaks HTTPS in front
    of it, and say so with --proxies.
    """
    try:
        from waitress import create_server  # type: ignore[import-untyped]  # it has no annotations

        from ..console.application import beside
        from ..staff.provider import read
    except ModuleNotFoundError as error:
        raise missing_module(error, "console") from error
    found = state(context)
    where = {"unix_socket": bind.path} if bind.scheme else {"host": bind.hostname, "port": bind.port}
    elsewhere = read(provider) if provider else None
    app = beside(found, proxies=proxies, history=history, provider=elsewhere)
    server = create_server(app, **where, threads=_THREADS, ident=None, clear_untrusted_proxy_headers=not proxies)
    address = bind.path if bind.scheme else f"http://{bind.hostname}:{server.effective_port}/"
    name = found.settings.site.name.get()
    say(Message("The console of %(name)s is at %(address)s (stop it with Ctrl+C).", name=name, address=address))
    server.run()
