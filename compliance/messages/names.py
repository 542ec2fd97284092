"""What editors see of a case, in words: programs get the names as they are typed."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Message

KINDS: Mapping[str, str] = {
    "message": Message("message"),
    "report": Message("report"),
    "personal_information": Message("personal_information"),
    "correction": Message("correction"),
}
STATES: Mapping[str, str] = {
    "received": Message("received"),
    "quarantined": Message("quarantined"),
    "accepted": Message("accepted"),
    "in_progress": Message("in_progress"),
    "waiting_sender": Message("waiting_sender"),
    "resolved_action": Message("resolved_action"),
    "resolved_no_violation": Message("resolved_no_violation"),
    "forwarded": Message("forwarded"),
    "rejected": Message("rejected"),
    "rejected_spam": Message("rejected_spam"),
    "closed": Message("closed"),
    "reopened": Message("reopened"),
    "purged": Message("purged"),
}
#: Of reports, of requests about personal information, and what information does to an enterprise.
CATEGORIES: Mapping[str, str] = {
    "political": Message("political"),
    "terror": Message("terror"),
    "fraud": Message("fraud"),
    "porn": Message("porn"),
    "vulgar": Message("vulgar"),
    "gambling": Message("gambling"),
    "infringement": Message("infringement"),
    "rumour": Message("rumour"),
    "minors": Message("minors"),
    "violence": Message("violence"),
    "false_news": Message("false_news"),
    "elder_fraud": Message("elder_fraud"),
    "business": Message("business"),
    "ai_unlabelled": Message("ai_unlabelled"),
    "other": Message("other"),
    "access": Message("access"),
    "copy": Message("copy"),
    "transfer": Message("transfer"),
    "correct": Message("correct"),
    "delete": Message("delete"),
    "withdraw": Message("withdraw"),
    "restrict": Message("restrict"),
    "explain": Message("explain"),
    "automated": Message("automated"),
    "account": Message("account"),
    "relative": Message("relative"),
    "minor": Message("minor"),
    "complaint": Message("complaint"),
    "posing": Message("posing"),
    "misleading": Message("misleading"),
    "insult": Message("insult"),
    "privacy": Message("privacy"),
    "disturbance": Message("disturbance"),
}
#: What happened to a case.
EVENTS: Mapping[str, str] = {
    "received": STATES["received"],
    "moved": Message("moved"),
    "answered": Message("answered"),
    "asked": Message("asked"),
    "added": Message("added"),
    "viewed": Message("viewed"),
    "noted": Message("noted"),
    "assigned": Message("assigned"),
    "held": Message("held"),
    "released": Message("released"),
    "stripped": Message("stripped"),
}
ACTORS: Mapping[str, str] = {
    "sender": Message("sender"),
    "editor": Message("editor"),
    "system": Message("system"),
}


def of(words: Mapping[str, str], name: str) -> str:
    """Return what *name* is called among *words*; a name that is a site's own, or of an older version, stays."""
    return words.get(name, name)
