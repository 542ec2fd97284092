"""`python -m compliance serve`: everything of ours in front of a site in any language."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

import click

from ..errors import Message
from ..i18n import translate
from .group import Alone, CannotRunError, compliance, missing_module


def _upstream(context: click.Context, option: click.Parameter, value: str) -> SplitResult:
    """Return the address of the site; its path is that of each request."""
    parts = _split(value)
    if not parts or parts.scheme not in ("http", "https") or parts.path.strip("/") or parts.query or parts.username:
        raise click.BadParameter(
            translate(
                Message("%(value)s is not scheme, host and port alone, as in http://127.0.0.1:8080", value=repr(value))
            )
        )
    return parts


def bind_to(context: click.Context, option: click.Parameter, value: str) -> SplitResult:
    """Return where to listen: a host with a port, or the path of a socket."""
    if value.startswith("unix:/"):
        return urlsplit(value)
    parts = _split(f"//{value}")
    if not parts or parts.port is None or parts.path or parts.username:
        raise click.BadParameter(
            translate(
                Message("%(value)s is neither HOST:PORT, as in 127.0.0.1:8000, nor unix:/PATH", value=repr(value))
            )
        )
    return parts


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        return parts if parts.hostname and parts.port != -1 else None
    except ValueError:
        return None


proxies_in_front = click.option(
    "--proxies",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="How many proxies stand in front, whose X-Forwarded-For and X-Forwarded-Proto are believed.",
)


@compliance.command()
@click.option(
    "--upstream",
    required=True,
    callback=_upstream,
    metavar="URL",
    help="Where the site answers, such as http://127.0.0.1:8080.",
)
@click.option(
    "--bind",
    callback=bind_to,
    default="127.0.0.1:8000",
    show_default=True,
    metavar="HOST:PORT|unix:PATH",
    help="Where to listen for readers.",
)
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, help="Processes that answer.")
@proxies_in_front
@click.option("--upstream-host", metavar="NAME", help="The Host to ask the site for; without it, the reader's.")
@click.option(
    "--connect-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=5,
    show_default=True,
    help="Seconds until the site takes a connection.",
)
@click.option(
    "--read-timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Seconds that the site may be silent.",
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    help="Seconds that requests have to come to an end when it is stopped.",
)
@click.pass_context
def serve(
    context: click.Context,
    upstream: SplitResult,
    bind: SplitResult,
    workers: int,
    proxies: int,
    upstream_host: str | None,
    connect_timeout: float,
    read_timeout: float,
    grace: int,
) -> None:
    """Stand in front of a site in any language, and put everything of ours on its pages.

    The settings are found as for any command. The secret keys lie in the file that --key-file or COMPLIANCE_KEY_FILE
    names: `python -m compliance --key-file FILE serve …`.
    """
    alone = context.find_object(Alone)
    if alone is None or alone.serve is None or alone.named is not None:
        raise CannotRunError(
            Message("an application of Python is wrapped, not stood in front of: run `python -m compliance serve`")
        )
    if alone.key_file is None:
        raise CannotRunError(
            Message("give --key-file or COMPLIANCE_KEY_FILE: the consent cookie is signed with the key in it")
        )
    try:
        alone.serve(
            upstream=upstream.geturl(),
            name=upstream_host,
            keys=str(alone.key_file),
            proxies=proxies,
            connect=connect_timeout,
            read=read_timeout,
            bind=bind,
            workers=workers,
            grace=grace,
        )
    except ModuleNotFoundError as error:
        raise missing_module(error, "serve") from error
