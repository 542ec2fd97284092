"""A message or report accepted, followed, handled, counted and let go."""

from .box import Box, open_box
from .case import Case, CaseError, Event, Followed
from .cases import Cases
from .intake import Intake, IntakeError, Receipt
from .submission import LONGEST, Submission, SubmissionError, read, shown_again

__all__ = [
    "LONGEST",
    "Box",
    "Case",
    "CaseError",
    "Cases",
    "Event",
    "Followed",
    "Intake",
    "IntakeError",
    "Receipt",
    "Submission",
    "SubmissionError",
    "open_box",
    "read",
    "shown_again",
]
