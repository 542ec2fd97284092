"""What is only ever added to: what readers decided, and about which text; and what was done in the console."""

from .book import Ledger
from .chain import Entry, Link
from .ends import SealError
from .reading import Text
from .record import consent_record
from .recorder import Recorder
from .rounds import LEDGER, TRAIL, Round, Rounds
from .spool import LATE, Backlog, Spool
from .trail import Act, Acts, Trail
from .verification import REASONS, Finding, Walk, verify, verify_acts

__all__ = [
    "LATE",
    "LEDGER",
    "REASONS",
    "TRAIL",
    "Act",
    "Acts",
    "Backlog",
    "Entry",
    "Finding",
    "Ledger",
    "Link",
    "Recorder",
    "Round",
    "Rounds",
    "SealError",
    "Spool",
    "Text",
    "Trail",
    "Walk",
    "consent_record",
    "verify",
    "verify_acts",
]
