"""Who opens a page: readers who differ in what they decide."""

from __future__ import annotations

from enum import StrEnum


class Reader(StrEnum):
    """A reader who has not decided, one who agrees to everything, one who refuses everything."""

    UNDECIDED = "undecided"
    AGREEING = "agreeing"
    REFUSING = "refusing"
