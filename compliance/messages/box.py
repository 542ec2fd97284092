"""The parts of one site's message box, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ..challenges import Challenges
from ..outside.hosts import domain_of, host_of
from ..settings import Settings
from ..store import Database
from ..vault import Vault
from .attachments import Attachments
from .cases import Cases
from .intake import Intake

if TYPE_CHECKING:
    from ..store.bucket import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Everything that takes, keeps and shows cases."""

    intake: Intake
    cases: Cases
    attachments: Attachments
    challenges: Challenges
    international: Callable[[], bool]  # whether mail reaches names beyond ASCII
    hosts: frozenset[str]  # whose pages, with those of the hosts below them, can be written about


def open_box(settings: Settings, database: Database, vault: Vault, bucket: Bucket | None = None) -> Box:
    """Put the message box of *settings* together, pictures in *bucket*; nothing is connected to yet.

    Raises `ComplianceError` for a list of words that cannot be used.
    """
    host = host_of(settings.site.url)
    attachments = Attachments(database, bucket)
    return Box(
        intake=Intake(database, vault, settings, attachments),
        cases=Cases(database, vault, settings, attachments),
        attachments=attachments,
        challenges=Challenges(vault.keys("challenge"), site=host),
        international=_international(settings),
        hosts=frozenset({domain_of(host), *(name for name in settings.licences.by_host if name)}),
    )


def _international(settings: Settings) -> Callable[[], bool]:
    """Return the function that says whether mail reaches names beyond ASCII; it loads what talks to mail servers."""

    @cache
    def server() -> Callable[[], bool]:
        from ..channels import International

        return International(settings.mail.server(settings.site.email))

    return lambda: server()()
