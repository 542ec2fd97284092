"""What a site works with beside its pages: the database, the ledger's key, limits, mail, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from ... import deadlines
from ...errors import Message, Problem, StoreError
from ...ledger import LATE, SealError
from ...views import SiteState

_PATIENCE = 10.0  # seconds for a mail server


def look(found: SiteState) -> Iterator[tuple[str, Problem]]:
    """Yield what is wrong with the services of the site, each really asked."""
    try:
        with found.database.reading():
            pass
        head, sealed = found.ledger.head()
        if head and not sealed:
            yield "ledger", Problem(key="storage.url", remedy=SealError().reason)
    except StoreError as error:
        yield "storage", Problem(key="storage.url", remedy=error.reason)
    else:
        yield from (
            ("pictures", Problem(key="storage.pictures", remedy=wrong)) for wrong in found.box.attachments.look()
        )
    yield from (("spool", problem) for problem in _waiting(found))
    if not found.throttle.answers:
        remedy = Message("it does not answer, and each process counts by itself: start it, or correct the address")
        yield "limits", Problem(key="limits.storage", remedy=remedy)
    yield from (("mail", problem) for problem in _mail(found))
    for year in deadlines.unannounced(datetime.now(UTC)):
        yield "calendar", Problem(key=str(year), remedy=deadlines.missing_holidays(year))


def _waiting(found: SiteState) -> Iterator[Problem]:
    """What waits on the disk of this machine for the ledger."""
    waits, folder = found.recorder.backlog, str(found.recorder.folder)
    if waits.oldest and waits.oldest < datetime.now(UTC) - LATE:
        remedy = Message(
            "decisions wait there since %(time)s (%(size)s bytes): run `flask compliance consents drain` once the"
            " database can be used; what a server that runs has written there, it brings itself",
            time=waits.oldest.isoformat(),
            size=waits.size,
        )
        yield Problem(key=folder, remedy=remedy)
    if waits.damaged:
        remedy = Message(
            "%(count)s files there have lines that cannot be read; all others are in the ledger: see to the disk, and"
            " move the files away",
            count=waits.damaged,
        )
        yield Problem(key=folder, remedy=remedy)


def _mail(found: SiteState) -> Iterator[Problem]:
    settings = found.settings
    named = any("://" not in target.url for target in settings.messages.deliver_to)
    if not named and not settings.mail.model_fields_set:
        return
    from ...channels import DeliveryError, reach

    server = settings.mail.server(settings.site.email)
    try:
        reach(server, timeout=_PATIENCE)
    except DeliveryError as error:
        remedy = Message(
            "no mail can be sent by it (%(reason)s): start it, or correct [mail]; docs/delivery.md has the reasons",
            reason=error.reason,
        )
        yield Problem(key="mail.host", value=server.host, remedy=remedy)
