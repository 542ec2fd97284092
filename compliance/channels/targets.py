"""Who is told, and the channel that leads there."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..outside.hosts import host_of
from .mail import Mail, Mailbox
from .notices import Channel, DeliveryError
from .posts import Poster
from .robots import ROBOTS
from .webhook import Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An e-mail address or the address of a webhook, and the *secret* that its notices are signed with."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


def channel(target: Target, *, mail: Mail | None, allow_private: bool, timeout: float) -> Channel:
    """Return the channel to *target*, which may take *timeout* seconds for a notice; robots are told by their host.

    Raises `DeliveryError`: `mail` for an e-mail address where there is no mail server, `address` for what cannot be
    read.
    """
    if "://" not in target.url:
        if mail is None:
            raise DeliveryError("mail")
        return Mailbox(recipient=target.url, mail=mail, timeout=timeout)
    poster = Poster(allow_private=allow_private, timeout=timeout)
    if not (host := host_of(target.url)):
        raise DeliveryError("address", permanent=True)
    kind = ROBOTS.get(host, Webhook)
    return kind(url=target.url, secret=target.secret, poster=poster)
