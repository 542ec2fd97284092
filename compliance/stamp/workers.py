"""Processes that share the work: forked, so that what is ready is ready in all of them."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

from .records import FolderError

_AHEAD = 3  # tasks that a worker is given before it answers the first: no pipe ever fills up

T = TypeVar("T")
R = TypeVar("R")


class Workers(Generic[T, R]):
    """Calls *work* in *count* processes; in this one where there is one, or where processes cannot be forked."""

    def __init__(self, work: Callable[[T], R], count: int) -> None:
        self._work = work
        self._count = count if hasattr(os, "fork") else 1

    def map(self, tasks: Iterable[T]) -> Iterator[R]:
        """Yield what becomes of *tasks*, in their order, a few of them ahead of what was taken."""
        tasks = iter(tasks)
        first = list(islice(tasks, 2))
        tasks = chain(first, tasks)
        if self._count == 1 or len(first) < 2:
            yield from map(self._work, tasks)
            return
        fork = multiprocessing.get_context("fork")
        pipes = [fork.Pipe() for _ in range(self._count)]
        ours = [pipe[0] for pipe in pipes]
        gc.freeze()
        processes = [fork.Process(target=_serve, args=(self._work, theirs, ours), daemon=True) for _, theirs in pipes]
        for process in processes:
            process.start()
        for _, theirs in pipes:
            theirs.close()
        try:
            yield from _handed_out(tasks, ours)
        finally:
            for connection in ours:
                connection.close()
            for process in processes:
                process.join()


def _handed_out(tasks: Iterable[T], connections: list[Connection]) -> Iterator[R]:
    waiting: deque[Connection] = deque()
    try:
        for number, task in enumerate(tasks):
            if len(waiting) == _AHEAD * len(connections):
                yield waiting.popleft().recv()
            connection = connections[number % len(connections)]
            connection.send(task)
            waiting.append(connection)
        while waiting:
            yield waiting.popleft().recv()
    except (EOFError, ConnectionError):
        raise FolderError("a process of this run was killed; run it again, it goes on where it was") from None


def _serve(work: Callable[[T], R], connection: Connection, others: list[Connection]) -> None:
    """Answer until the parent closes its side, or is no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to handle
    for other in others:
        other.close()
    try:
        while True:
            connection.send(work(connection.recv()))
    except (EOFError, ConnectionError):
        pass
