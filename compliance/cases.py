"""Kinds, categories and states of a case, and the table of allowed moves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a reader sends."""

    MESSAGE = "message"
    REPORT = "report"
    PERSONAL_INFORMATION = "personal_information"
    CORRECTION = "correction"


#: The eight categories of reports of the national reporting centre (12377).
NATIONAL_CATEGORIES = ("political", "terror", "fraud", "porn", "vulgar", "gambling", "infringement", "rumour")
#: What can be reported: those of the national centre, then those listed locally.
REPORT_CATEGORIES = (
    *NATIONAL_CATEGORIES,
    *("minors", "violence", "false_news", "elder_fraud", "business", "ai_unlabelled", "other"),
)
#: What people may ask about information on themselves: Personal Information Protection Law, articles 15, 24, 44 to 50;
#: the regulations on network data, articles 23 to 25; on minors online, article 34.
REQUEST_CATEGORIES = (
    *("access", "copy", "transfer", "correct", "delete", "withdraw", "restrict", "explain"),
    *("automated", "account", "relative", "minor", "complaint"),
)
#: Reports of infringed rights of an enterprise, for which the CAC's norm of 2023 on reports about enterprises says what
#: whoever reports has to tell (art. 5), and of which kinds the information is (art. 4).
ENTERPRISE = "business"
HARMS = ("posing", "misleading", "rumour", "insult", "privacy", "disturbance")
#: What is only taken up under a name and with a contact: an infringement of personal rights (a rule of the national
#: centre), and one of the rights of an enterprise (art. 5(3) of that norm).
NAMED = frozenset({"infringement", ENTERPRISE})


class State(StrEnum):
    """Where a case stands."""

    RECEIVED = "received"
    QUARANTINED = "quarantined"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    WAITING_SENDER = "waiting_sender"
    RESOLVED_ACTION = "resolved_action"
    RESOLVED_NO_VIOLATION = "resolved_no_violation"
    FORWARDED = "forwarded"
    REJECTED = "rejected"
    REJECTED_SPAM = "rejected_spam"
    CLOSED = "closed"
    REOPENED = "reopened"
    PURGED = "purged"


class Actor(StrEnum):
    """Who moves a case."""

    SENDER = "sender"
    EDITOR = "editor"
    SYSTEM = "system"


#: The states that tell the result; each needs its reasons in words.
RESULTS = frozenset({State.RESOLVED_ACTION, State.RESOLVED_NO_VIOLATION, State.FORWARDED, State.REJECTED})
#: The states in which the editors still owe something.
OPEN = frozenset({State.RECEIVED, State.ACCEPTED, State.IN_PROGRESS, State.WAITING_SENDER, State.REOPENED})
#: The states in which the clock stands still.
PAUSED = frozenset({State.WAITING_SENDER})
#: The states in which the editors owe something by a deadline: what is held back waits for somebody to look, too.
OWING = (OPEN - PAUSED) | {State.QUARANTINED}
#: The states of what has not come to an end.
PENDING = OPEN | OWING

_EDITOR = frozenset({Actor.EDITOR})
_BOTH = frozenset({Actor.EDITOR, Actor.SENDER})
_CLOSING = frozenset({Actor.EDITOR, Actor.SENDER, Actor.SYSTEM})


def _open(*states: State) -> dict[State, frozenset[Actor]]:
    """Return the moves of a state in which the case is open: on to *states*, to a result, or closed by its sender."""
    return {**dict.fromkeys((*states, *RESULTS, State.REJECTED_SPAM), _EDITOR), State.CLOSED: _BOTH}


#: The moves that there are: from a state, to which others, by whom.
MOVES: Mapping[State, Mapping[State, frozenset[Actor]]] = MappingProxyType(
    {
        # What nobody has looked at is let go with the rest of the spam.
        State.QUARANTINED: {
            State.RECEIVED: _EDITOR,
            State.REJECTED_SPAM: frozenset({Actor.EDITOR, Actor.SYSTEM}),
            State.CLOSED: _BOTH,
        },
        State.RECEIVED: _open(State.ACCEPTED, State.IN_PROGRESS, State.WAITING_SENDER),
        State.ACCEPTED: _open(State.IN_PROGRESS, State.WAITING_SENDER),
        State.IN_PROGRESS: _open(State.WAITING_SENDER),
        # The sender's answer starts the clock again.
        State.WAITING_SENDER: {**_open(), State.IN_PROGRESS: _BOTH},
        State.REOPENED: _open(State.IN_PROGRESS, State.WAITING_SENDER),
        # What its sender adds after the result takes it up again.
        **dict.fromkeys(RESULTS, {State.CLOSED: _CLOSING, State.IN_PROGRESS: _BOTH}),
        # Nobody is called a spammer for good.
        State.REJECTED_SPAM: {State.RECEIVED: _EDITOR, State.PURGED: frozenset({Actor.SYSTEM})},
        State.CLOSED: {State.REOPENED: _BOTH, State.PURGED: frozenset({Actor.SYSTEM})},
        State.PURGED: {},
    }
)


def deadline(state: State, *, decided: datetime | None, decide_due: datetime, answer_due: datetime) -> datetime | None:
    """Return by when the editors owe the next thing, a decision or the answer; None where they owe nothing.

    `store.due` says the same to a database.
    """
    if state not in OWING:
        return None
    return answer_due if decided else min(decide_due, answer_due)


def is_overdue(deadline: datetime | None, now: datetime) -> bool:
    """Return whether *deadline* is over: what is done at that very moment is in time."""
    return deadline is not None and deadline < now


def ways(state: State, actor: Actor) -> frozenset[State]:
    """Return where *actor* may move a case from *state*."""
    return frozenset(target for target, actors in MOVES[state].items() if actor in actors)


def taken_back(before: State, after: State) -> State | None:
    """Return where an editor moves a case that was moved from *before* to *after*, to take that back; None for nowhere.

    That is *before*, or where what had come to an end is taken up again.
    """
    backward = ways(after, Actor.EDITOR)
    if before in backward:
        return before
    again = backward & {State.IN_PROGRESS, State.REOPENED, State.RECEIVED} if after not in PENDING else frozenset()
    return min(again, default=None)


def allowed(state: State, target: State, actor: Actor) -> bool:
    """Return whether *actor* may move a case from *state* to *target*."""
    return actor in MOVES[state].get(target, ())
