"""Takes decisions without letting their readers wait: into the ledger, or to the disk until the database is back."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from ..errors import StoreError
from ..haste import haste
from ..store import RefusedError
from .book import Ledger
from .chain import Entry
from .reading import Text
from .spool import Backlog, Spool

log = logging.getLogger("compliance")

#: Seconds that a reader waits for the database, at most.
PATIENCE = 0.25
_BATCH = 200
_LINGER = 1.0  # seconds that the thread waits for another decision before it ends
_PAUSES = (0.25, 0.5, 1.0)  # seconds between tries: what waits is in the ledger soon after the database is back
_LONG_PAUSE = 30.0  # where a person has to see to it


@dataclass(slots=True, eq=False)
class _Job:
    entry: Entry
    texts: Sequence[Text]
    begun: float = field(default_factory=monotonic)
    done: threading.Event = field(default_factory=threading.Event)
    kept: bool = False


class Recorder:
    """Keeps the decisions of one process.

    A thread writes to the database what waits, in one transaction however many there are, and ends when there is
    nothing more. Where it does not answer in time, decisions go to the spool, and so do all that follow until the
    database has what is there: thus they stay in order. So it is where the
    database is another site's, or the end of the ledger sealed with a key that this process does not have: what cannot
    be checked is not written over.

    Args:
        patience: seconds that a decision waits for the database before it goes to the spool.
    """

    def __init__(self, ledger: Ledger, spool: Spool, *, patience: float = PATIENCE) -> None:
        self._ledger = ledger
        self._spool = spool
        self._patience = patience
        self._begin()
        if hasattr(os, "register_at_fork"):
            begin = weakref.WeakMethod(self._forked)
            os.register_at_fork(after_in_child=lambda: (method := begin()) and method())

    def record(self, entry: Entry, texts: Sequence[Text]) -> bool:
        """Keep *entry*, which is about *texts*; return whether it is on a disk now.

        The decision counts all the same where it is not; that is logged, without saying whose it was.
        """
        job = self._queued(entry, texts)
        if job and job.done.wait(self._patience) and job.kept:
            return True
        try:
            self._spool.add(entry, texts)
        except OSError as error:
            self._lose(
                f"neither the database nor the folder {self._spool.folder} can be written ({error.strerror or error})"
            )
            return False
        finally:
            with self._lock:
                if job and job in self._jobs:
                    self._jobs.remove(job)
                self._leave("it does not answer in time")
                self._start()
        return True

    def pass_over(self) -> None:
        """Count a decision that is not to be kept: its network has sent too many. It counts for its reader."""
        self._lose("more come from one network than are kept")

    def drain(self) -> int:
        """Write to the ledger what waits on the disk; return how many decisions that were. Raises `StoreError`."""
        with self._draining:
            return self._spool.drain(self._ledger.append_late)

    @property
    def away(self) -> bool:
        """Whether decisions go to the disk at the moment, because the database does not answer."""
        return bool(self._away)

    @property
    def folder(self) -> Path:
        """Where decisions wait for the database."""
        return self._spool.folder

    @property
    def backlog(self) -> Backlog:
        """What waits on the disk of this machine, by whichever process."""
        return self._spool.backlog

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until everything is in the ledger; return whether it is."""
        with self._lock:
            return self._settled.wait_for(lambda: self._is_idle() and not self._busy, timeout)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._wanted = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._busy = False
        self._draining = threading.Lock()
        self._pause = threading.Event()
        self._jobs: list[_Job] = []
        self._thread: threading.Thread | None = None
        self._away: bool | None = None
        self._locked_out = False
        self._lost: Counter[str] = Counter()

    def _forked(self) -> None:
        self._begin()
        self._spool.reset()

    def _lose(self, reason: str) -> None:
        """Count a decision that is on no disk, and say so now and then: a flood of them must not be one of lines."""
        with self._lock:
            self._lost[reason] += 1
            count = self._lost[reason]
        if str(count).strip("0") == "1":  # the first, the tenth, the hundredth …
            log.error("Compliance: a decision counts, but is not in the ledger (%d of them so far): %s", count, reason)

    def _start(self) -> None:
        self._wanted.notify()
        if self._thread is None:
            thread = threading.Thread(target=self._work, name="compliance-ledger", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system has none left, or the process ends
                self._leave("no thread can be started")
            else:
                self._thread = thread

    def _queued(self, entry: Entry, texts: Sequence[Text]) -> _Job | None:
        with self._lock:
            if self._away is None:  # the first decision of this process: others may have died and left theirs
                self._away = self._spool.has_others
            if self._away:
                return None
            job = _Job(entry, texts)
            self._jobs.append(job)
            self._start()
            return job

    def _leave(self, reason: str) -> None:
        """Turn to the disk; called with the lock."""
        if not self._away:
            log.warning("Compliance: decisions wait in %s for the database: %s", self._spool.folder, reason)
        self._away = True

    def _work(self) -> None:
        tries = 0
        while (jobs := self._next()) is not None:
            try:
                with haste():  # else a server that is gone without a word holds all others up
                    self._write(jobs)
                tries = 0
            except Exception as error:
                self._fail(jobs, error)
                refused = isinstance(error, RefusedError)
                self._pause.wait(_LONG_PAUSE if refused else _PAUSES[min(tries, len(_PAUSES) - 1)])
                tries += 1

    def _next(self) -> list[_Job] | None:
        """Return the jobs to be done together, none where it is the turn of the disk, None at the end."""
        with self._lock:
            self._busy = False
            if self._is_idle():
                self._settled.notify_all()
                self._wanted.wait_for(lambda: not self._is_idle(), _LINGER)
            if self._is_idle():
                self._thread = None
                return None
            jobs, self._jobs = self._jobs[:_BATCH], self._jobs[_BATCH:]
            self._busy = True
            return jobs

    def _is_idle(self) -> bool:
        return not self._jobs and not self._away and not self._spool.waits

    def _write(self, jobs: Sequence[_Job]) -> None:
        if jobs:
            # One whose reader was sent on meanwhile is in the spool, too, and may have been erased already.
            given_up = jobs[0].begun + self._patience
            self._ledger.append(
                [job.entry for job in jobs],
                [text for job in jobs for text in job.texts],
                late=lambda: monotonic() >= given_up,
            )
            for job in jobs:
                job.kept = True
                job.done.set()
            return
        count = self.drain()
        with self._lock:
            if not self._spool.waits:
                self._away = False
                log.info("Compliance: the database is back, and has %d decisions that waited", count)

    def _fail(self, jobs: Sequence[_Job], error: Exception) -> None:
        """Send those who wait to the disk."""
        with self._lock:
            # Only a person can end this: told once, also where the database was away before and comes and goes since.
            if isinstance(error, RefusedError) and not self._locked_out:
                log.error("Compliance: decisions wait in %s: %s", self._spool.folder, error.reason)
                self._locked_out = self._away = True
            # Anything but a `StoreError` is a fault of ours, and its text may say what was to be written.
            self._leave(error.reason if isinstance(error, StoreError) else type(error).__name__)
            jobs, self._jobs = [*jobs, *self._jobs], []
        for job in jobs:
            job.done.set()
