"""What stands in the ledger, in words."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Message

#: What a reader did, by the method of a decision.
METHODS: Mapping[str, str] = {
    "accept": Message("agreed to everything"),
    "reject": Message("refused"),
    "custom": Message("chose for themselves"),
    "withdraw": Message("withdrew"),
}
#: How readers were asked.
MODES: Mapping[str, str] = {
    "notice": Message("told only"),
    "opt-in": Message("nothing before a consent"),
    "opt-out": Message("everything until a refusal"),
}
