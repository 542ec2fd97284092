"""The way to somebody who is told: by the settings of the site."""

from __future__ import annotations

from datetime import timedelta

from .. import channels
from ..channels import Channel
from ..settings import Settings

#: How long sending a notice may take.
TIMEOUT = timedelta(seconds=20)


def route(settings: Settings, url: str, secret: str | None = None, *, timeout: timedelta = TIMEOUT) -> Channel:
    """Return the channel to *url*, a mailbox or the address of a webhook.

    Raises `DeliveryError` where it cannot be read, or is a mailbox and there is no mail server.
    """
    return channels.channel(
        channels.Target(url=url, secret=secret),
        mail=settings.mail.server(settings.site.email),
        allow_private=settings.messages.private_targets,
        timeout=timeout.total_seconds(),
    )
