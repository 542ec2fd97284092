"""Roles, what was done, and what went wrong, in words."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Message
from .roles import Role

ROLES: Mapping[Role, Message] = {
    Role.VIEWER: Message("viewer"),
    Role.HANDLER: Message("handler"),
    Role.SUPERVISOR: Message("supervisor"),
    Role.ADMINISTRATOR: Message("administrator"),
    Role.AUDITOR: Message("auditor"),
}
#: What each role is for.
DUTIES: Mapping[Role, Message] = {
    Role.VIEWER: Message("reads messages and figures"),
    Role.HANDLER: Message("answers messages, and sees who sent them where a reason is given"),
    Role.SUPERVISOR: Message("gives messages to others, exports, sees to consent and deliveries"),
    Role.ADMINISTRATOR: Message("does all of that, and sees to the accounts"),
    Role.AUDITOR: Message("reads what was done and what came of it, and changes nothing"),
}
#: What else the trail tells of an action, in the order in which it is shown.
DETAILS: Mapping[str, Message] = {
    "since": Message("from"),
    "until": Message("to"),
    "rows": Message("rows"),
    "given": Message("new role"),
    "before": Message("role before"),
    "terminal": Message("on a terminal, by"),
    "findings": Message("rows that were changed"),
    "table": Message("table"),
    "form": Message("format"),
    "reason": Message("reason"),
    "contacts": Message("with names and contacts"),
    "searched": Message("words were searched for"),
    "state": Message("state"),
    "kind": Message("kind"),
    "category": Message("category"),
    "assignee": Message("with"),
    "page": Message("page"),
    "urgent": Message("urgent"),
    "overdue": Message("overdue"),
    "today": Message("due today"),
    "to": Message("to whom"),
    "cases": Message("cases"),
    "picture": Message("picture"),
    "count": Message("how many"),
}
#: Why something cannot be done with an account, by the reason of a `StaffError`.
REASONS: Mapping[str, Message] = {
    "unknown": Message("there is no account of this name"),
    "taken": Message("there is an account of this name already; take another one"),
    "name": Message("a name has at most 64 small letters, digits and . _ - @, and begins with a letter or a digit"),
    "full_name": Message("the full name is too long; it has at most 100 characters"),
    "short": Message("the password is too short; it has at least 12 characters"),
    "long": Message("the password is too long; it has at most 200 characters"),
    "like": Message("the name of the account stands in the password; take one that nobody guesses"),
    "same": Message("this is the password that it was before; take another one"),
    "role": Message("there is no such role; choose one of the list"),
    "again": Message("the two passwords are not the same; type both again"),
    "subject": Message("this is no code of somebody; it is the one that they are shown when they sign in elsewhere"),
    "linked": Message("another account is linked to this person already"),
    "last": Message("this is the last administrator; make another one first"),
}

#: Every action that pages and commands write into the trail, in words.
ACTIONS: Mapping[str, Message] = {
    "signed_in": Message("signed in"),
    "signed_out": Message("signed out"),
    "sign_in_failed": Message("tried in vain to sign in"),
    "confirmation_failed": Message("typed a wrong password to confirm"),
    "recovery_code_used": Message("used a recovery code"),
    "recovery_codes_made": Message("made new recovery codes"),
    "password_changed": Message("changed the password"),
    "second_factor_set": Message("set up a telephone"),
    "session_ended": Message("ended a session"),
    "refused": Message("asked for what the role does not allow"),
    "account_added": Message("added an account"),
    "account_reset": Message("reset an account"),
    "account_linked": Message("linked an account to its owner elsewhere"),
    "account_disabled": Message("disabled an account"),
    "role_changed": Message("changed the role of an account"),
    "case_viewed": Message("looked at a case"),
    "picture_viewed": Message("looked at a picture of a case"),
    "contact_revealed": Message("looked at a name and contact"),
    "case_moved": Message("moved a case"),
    "case_answered": Message("wrote to a sender"),
    "case_assigned": Message("gave a case to somebody"),
    "case_noted": Message("added a note to a case"),
    "cases_exported": Message("exported cases"),
    "case_held": Message("kept a case from deletion, or released it"),
    "cases_taken_back": Message("took back what was done to many cases"),
    "reply_kept": Message("kept a reply"),
    "reply_discarded": Message("let go of a reply"),
    "deliveries_retried": Message("had deliveries tried again"),
    "trail_verified": Message("verified the audit log"),
    "trail_exported": Message("exported the audit log"),
    "trail_purged": Message("let go of the oldest part of the audit log"),
    "figures_exported": Message("exported figures"),
    "consent_viewed": Message("looked at a decision"),
    "consents_exported": Message("exported decisions"),
    "consents_erased": Message("erased decisions"),
    "consents_verified": Message("verified the ledger"),
}
