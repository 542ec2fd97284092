"""What waits to be sent: claimed, sent, tried again, given up."""

from .expiries import endings
from .overview import STUCK, Dead, Waiting, dead, revive, waiting
from .routes import route
from .worker import Stop, Tally, Worker

__all__ = ["STUCK", "Dead", "Stop", "Tally", "Waiting", "Worker", "dead", "endings", "revive", "route", "waiting"]
