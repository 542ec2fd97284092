"""Acceptance: a message, its first event, what is to be sent of it and what it used up, in one transaction or none.

A receipt is given for what is committed, and for nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, bindparam, exists, literal, select
from uuid6 import uuid7

from .. import deadlines, receipts
from ..cases import Actor, Kind, State
from ..challenges import Proof
from ..errors import ReasonError
from ..pictures import Picture
from ..settings import Settings
from ..store import Database
from ..store.outbox import announced
from ..store.rows import NewRow, insert
from ..store.search import terms
from ..store.tables import event, idempotency, message, used_challenge
from ..vault import Vault
from ..words import Words
from .attachments import Attachments, Sent
from .outgoing import targets
from .submission import Submission, page_hash

#: How long one submission that is sent again is the same one.
REPEATABLE = timedelta(days=2)
#: How long the same words from the same source count as a copy.
COPY = timedelta(days=1)
_KEY = "receipt code"
_SEARCHED = ("subject", "body", "page", "page_title", "excerpt", "enterprise", "credit_code")


class IntakeError(ReasonError):
    """A submission that is not accepted.

    *reason* is `used` (its proof was used before) or `key` (its key stands for another).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the sender of an accepted message is given."""

    number: str
    code: str
    state: State
    repeated: bool


def _look(keys: int) -> Select[Any]:
    """Return one look, which is one point in time: was this sent before, was its proof used, are its words there?"""
    sent = idempotency.c.key_hash.in_([bindparam(f"key{place}") for place in range(keys)])
    words = message.c.body_hash == bindparam("body"), message.c.created > bindparam("since")
    return (
        select(
            exists().where(used_challenge.c.signature_hash == bindparam("proof")).label("used"),
            exists().where(*words).label("copies"),
            idempotency.c.request_hash,
            *(message.c.id, message.c.number, message.c.code_hash, message.c.code_revision, message.c.state),
        )
        .select_from(select(literal(1).label("one")).subquery())
        .outerjoin(idempotency, sent)
        .outerjoin(message, message.c.id == idempotency.c.message_id)
    )


class Intake:
    """Accepts what readers send to one site."""

    def __init__(
        self, database: Database, vault: Vault, settings: Settings, attachments: Attachments | None = None
    ) -> None:
        self._database = database
        self._attachments = attachments or Attachments(database)
        self._vault = vault
        self._prefix = settings.messages.receipt_prefix
        self._settings = settings.messages
        self._targets = targets(settings)
        self._look = _look(len(vault.keys(_KEY)))
        self._urgent = Words.load(path) if (path := settings.messages.urgent_words) else None
        self._quarantine = Words.load(path) if (path := settings.messages.quarantine_words) else None

    def accept(
        self,
        submission: Submission,
        *,
        pictures: Sequence[Picture] = (),
        key: str | None,
        proof: Proof | None,
        doubts: Sequence[str] = (),
        source: str,
        permit: Callable[[], Sequence[str]] = tuple,
        now: datetime,
    ) -> Receipt:
        """Keep *submission* and return its receipt, once it is committed.

        Args:
            key: what its sender calls it; the same key and words again get the same receipt.
            proof: the proof of work or the ticket, which is used up.
            doubts: why it is held back until an editor has seen it; none, and the editors see it at once.
            source: the label of where it came from.
            permit: raises where its source has sent too much, returns more doubts; asked once, and not for what was
                accepted before.

        Raises `IntakeError`, what *permit* raises, and `StoreError` where nothing could be kept.
        """
        # Newest key first; after a rotation what was kept before it is found by an older one.
        request_hashes = self._request_hashes(submission, pictures)
        key_hashes = self._vault.digests("idempotency", key) if key else ()
        text = "\n".join((submission.subject, submission.body, submission.excerpt))
        words = self._quarantine.find(text) if self._quarantine else ()
        urgent = submission.category in self._settings.urgent or bool(self._urgent and self._urgent.find(text))

        permit = cache(permit)  # the work may have to be done again
        body_hash = self._vault.digest("body", f"{source}\n{submission.body}")
        wanted = {
            **{f"key{place}": hashed for place, hashed in enumerate(key_hashes or ("",) * len(request_hashes))},
            "proof": proof.signature_hash if proof else "",
            "body": body_hash,
            "since": now - COPY,
        }

        def before(found: Row[Any]) -> Receipt | None:
            if found.request_hash is not None:
                return self._again(found, request_hashes)
            if found.used:
                raise IntakeError("used")
            return None

        if pictures and self._attachments.outside:
            with self._database.reading() as connection:
                given = before(connection.execute(self._look, wanted).one())
            if given:
                return given
            permit()  # who sends too much costs the bucket nothing
        sent = self._attachments.send(pictures)

        def work(connection: Connection) -> Receipt:
            found = connection.execute(self._look, wanted).one()
            if given := before(found):
                return given
            marks = [*doubts, *(["words"] if words else []), *(["copy"] if found.copies else [])]
            return self._keep(
                connection,
                submission,
                sent,
                marks=marks,
                urgent=urgent,
                body_hash=body_hash,
                source=source,
                proof=proof,
                key_hash=key_hashes[0] if key_hashes else None,
                request_hash=request_hashes[0],
                permit=permit,
                now=now,
            )

        return self._database.write(work)

    def _again(self, known: Row[Any], request_hashes: Sequence[str]) -> Receipt:
        """Return the receipt that was given before. Raises `IntakeError` where it was given for something else."""
        if known.request_hash not in request_hashes:
            raise IntakeError("key")
        # The key may have been rotated since: the one that the code was made with is the one that fits its hash.
        codes = (receipts.new_code(key, known.id, known.code_revision) for key in self._vault.keys(_KEY))
        code = next((code for code in codes if receipts.same_code(code, known.code_hash)), "")
        return Receipt(number=known.number, code=code, state=State(known.state), repeated=True)

    def _keep(
        self,
        connection: Connection,
        submission: Submission,
        sent: Sequence[Sent],
        *,
        marks: Sequence[str],
        urgent: bool,
        body_hash: str,
        source: str,
        proof: Proof | None,
        key_hash: str | None,
        request_hash: str,
        permit: Callable[[], Sequence[str]],
        now: datetime,
    ) -> Receipt:
        identity = uuid7()
        number = receipts.new_number(self._prefix, deadlines.day(now))
        code = receipts.new_code(self._vault.key(_KEY), identity, 0)
        # A copy that comes at the same time waits here until this one is committed, and finds it then.
        if key_hash:
            known = {"key_hash": key_hash, "request_hash": request_hash, "message_id": identity}
            insert(connection, [(idempotency, {**known, "expires": now + REPEATABLE})])
        marks = (*marks, *permit())
        state = State.QUARANTINED if marks else State.RECEIVED
        sealed = {name: self._sealed(identity, name, getattr(submission, name)) for name in ("name", "contact")}
        kept: NewRow = (
            message,
            {
                **submission.fields(),
                **sealed,
                "id": identity,
                "number": number,
                "code_hash": receipts.code_hash(code),
                "page_hash": page_hash(submission.page),
                "body_hash": body_hash,
                "contact_hash": self._vault.digest("contact", submission.contact) if submission.contact else None,
                "source": source,
                "state": state,
                "urgent": urgent,
                "marks": " ".join(marks),
                "created": now,
                "changed": now,
                "sender_wrote": now,
                "decide_due": self._decide_due(urgent, now),
                "answer_due": self._answer_due(submission.kind, now),
                "search": terms("\n".join((number, *(getattr(submission, name) for name in _SEARCHED)))),
            },
        )
        begun: NewRow = (
            event,
            {
                "message_id": identity,
                "sequence": 1,
                "kind": "received",
                "actor": Actor.SENDER,
                "public": True,
                "state": state,
                "at": now,
            },
        )
        rows = [kept, begun, *announced(identity, 1, self._targets, now)]
        if proof:
            rows.append((used_challenge, {"signature_hash": proof.signature_hash, "expires": proof.expires}))
        insert(connection, rows)
        self._attachments.attach(connection, identity, sent, now)
        return Receipt(number=number, code=code, state=state, repeated=False)

    def _sealed(self, identity: UUID, column: str, text: str) -> str | None:
        return self._vault.seal(text, table="message", column=column, row=str(identity)) if text else None

    def _request_hashes(self, submission: Submission, pictures: Sequence[Picture]) -> tuple[str, ...]:
        said = json.dumps([submission.fields(), [picture.sha256 for picture in pictures]], sort_keys=True)
        return self._vault.digests("request", said)

    def _decide_due(self, urgent: bool, now: datetime) -> datetime:
        if urgent:
            return now + timedelta(hours=self._settings.urgent_hours)
        return deadlines.after(now, working_days=self._settings.decide_days)

    def _answer_due(self, kind: Kind, now: datetime) -> datetime:
        asked = kind is Kind.PERSONAL_INFORMATION
        return deadlines.after(
            now, working_days=self._settings.personal_information_days if asked else self._settings.answer_days
        )
