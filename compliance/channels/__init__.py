"""The ways to tell editors and senders: e-mail, robots, signed webhooks."""

from .mail import Mail
from .notices import Channel, DeliveryError, Notice
from .targets import Target, channel

__all__ = ["Channel", "DeliveryError", "Mail", "Notice", "Target", "channel"]
