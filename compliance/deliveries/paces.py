"""How often one target is written to."""

from __future__ import annotations

from datetime import datetime

from ..channels import Channel
from ..channels.robots import Robot


class Pace:
    """At most *per_minute* notices a minute: a bucket of tokens that fills up evenly, and is full at first."""

    def __init__(self, per_minute: int) -> None:
        self._most = float(per_minute)
        self._tokens = self._most
        self._filled: datetime | None = None

    @classmethod
    def of(cls, channel: Channel) -> Pace:
        """Return the pace of *channel*; in a chat one notice a minute is enough, whatever the robot would take."""
        return cls(1 if isinstance(channel, Robot) else channel.per_minute)

    def ready(self, now: datetime) -> bool:
        """Return whether a notice may be sent."""
        return self._fill(now) >= 1

    def take(self, now: datetime) -> None:
        """Count a notice."""
        self._tokens = self._fill(now) - 1

    def _fill(self, now: datetime) -> float:
        # A clock that was set back gives nothing, and takes nothing away.
        passed = max(0.0, (now - self._filled).total_seconds()) if self._filled else 0.0
        self._filled = now
        self._tokens = min(self._most, self._tokens + passed * self._most / 60)
        return self._tokens
