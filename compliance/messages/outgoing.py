"""Who is told of a message."""

from __future__ import annotations

from ..settings import Settings


def targets(settings: Settings) -> tuple[str, ...]:
    """Return the recipients in the settings, each once, as the outbox has them."""
    return tuple(dict.fromkeys(target.label for target in settings.messages.deliver_to))
