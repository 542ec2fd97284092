"""The ways to tell editors and senders: e-mail, robots, signed webhooks."""

from .mail import International, Mail, reach
from .notices import Channel, DeliveryError, Notice
from .targets import Target, channel

__all__ = ["Channel", "DeliveryError", "International", "Mail", "Notice", "Target", "channel", "reach"]
