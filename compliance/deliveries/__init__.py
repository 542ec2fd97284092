"""What waits to be sent: claimed, sent, tried again, given up."""

from .overview import Dead, Waiting, dead, revive, waiting
from .worker import Stop, Tally, Worker

__all__ = ["Dead", "Stop", "Tally", "Waiting", "Worker", "dead", "revive", "waiting"]
