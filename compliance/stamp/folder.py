"""A folder, stamped into another or into itself: what lies there in order, what is new, changed or gone."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from heapq import merge
from itertools import chain, groupby
from pathlib import Path, PurePosixPath

from .comparison import Comparison
from .files import BEHIND, Files, leads_away
from .manifest import FOLDER, Manifest
from .press import Press
from .records import Did, FolderError, Item, ManifestEntry, Outcome, PathKind, order
from .workers import Workers

# What a worker is given at once: enough to be worth the way, and less than a pipe holds.
_TASK, _TASK_LENGTH = 32, 4096

Task = list[Item | Outcome]


class Folder:
    """The folder *source*, to be stamped into *target* by *jobs* processes.

    *ours* are the files that are added, by their paths. Those under *lasting* stay when they are no longer among them:
    pages in caches still ask for them.
    """

    def __init__(
        self, source: Path, target: Path, press: Press, *, ours: Mapping[str, bytes], lasting: str, jobs: int
    ) -> None:
        self._source, self._target = source.resolve(), target.resolve()
        self._same = self._source == self._target
        for inner, outer in ((self._source, self._target), (self._target, self._source)):
            if not self._same and inner.is_relative_to(outer):
                raise FolderError(f"{inner} lies inside {outer}; name two folders side by side, or the same one twice")
        self._press = press
        self._ours = ours
        self._lasting = lasting
        self._jobs = jobs
        around = {str(folder) for path in ours for folder in PurePosixPath(path).parents} - {"."}
        items = [*(Item(path, PathKind.OURS) for path in ours), *(Item(path, PathKind.FOLDER) for path in around)]
        self._added = sorted(items, key=order)

    def count(self) -> int:
        """Return how many files there are."""
        return sum(item.kind is not PathKind.FOLDER for item in chain(self._added, self._walked()))

    def stamp(self) -> Iterator[Outcome]:
        """Stamp the folder; yield what becomes of each file."""
        self._target.mkdir(parents=True, exist_ok=True)
        with Manifest(self._target) as manifest:
            files = Files(self._source, self._target, self._press)
            # Before the pages that load them.
            written = {path: files.write(path, content) for path, content in self._ours.items()}
            emptied: list[str] = []
            failed: list[str] = []

            def begun(record: Item | ManifestEntry) -> Item | Outcome:
                if isinstance(record, ManifestEntry):
                    return self._removed(record, emptied)
                if record.kind is PathKind.OURS:
                    return Outcome(record.path, written[record.path], ManifestEntry(record.path, PathKind.OURS))
                if record.kind is PathKind.FOLDER:
                    return self._made(record)
                if record.known is not None and record.known.kind is PathKind.FOLDER:
                    emptied.append(record.path)
                return record

            for outcomes in self._worked(map(begun, self._records(manifest.entries())), files.brought):
                for outcome in outcomes:
                    if outcome.entry is not None:
                        manifest.add(outcome.entry)
                    if outcome.did is Did.FAILED:
                        failed.append(outcome.path)
                    elif outcome.did is not Did.NOTHING:
                        yield outcome
                manifest.save()
            late = [
                ManifestEntry(path, PathKind.FOLDER)
                for path in reversed(emptied)
                if not _is_removed(self._target / path)
            ]
            # What stood in the way may be gone now.
            for path in failed:
                source = self._source / path
                outcome = files.brought(Item(path, PathKind.LINK if source.is_symlink() else PathKind.FILE))
                if outcome.entry is not None:
                    late.append(outcome.entry)
                yield outcome
            if late:
                manifest.amend(late)

    def check(self) -> Iterator[Outcome]:
        """Compare; yield what stamping would make of each file. Nothing is written."""
        comparison = Comparison(self._source, self._target, self._press)

        def begun(record: Item | ManifestEntry) -> Item | Outcome:
            if isinstance(record, ManifestEntry):
                if self._is_gone(record) and os.path.lexists(self._target / record.path):
                    return Outcome(record.path, Did.DIFFERS, None, "no longer in the source")
                return Outcome(record.path, Did.NOTHING)
            if record.kind is PathKind.OURS:
                return comparison.own(record.path, self._ours[record.path])
            return record

        for outcomes in self._worked(map(begun, self._records(Manifest(self._target).entries())), comparison.compared):
            yield from (outcome for outcome in outcomes if outcome.did is not Did.NOTHING)

    def _worked(self, begun: Iterator[Item | Outcome], work: Callable[[Item], Outcome]) -> Iterator[list[Outcome]]:
        def answer(task: Task) -> list[Outcome]:
            return [record if isinstance(record, Outcome) else work(record) for record in task]

        return Workers(answer, self._jobs).map(_tasks(begun))

    def _records(self, entries: Iterator[ManifestEntry]) -> Iterator[Item | ManifestEntry]:
        """Yield what is to be in the folder, with what is known of it, and the entries of what is not."""
        # Of one path ours comes before that of the source, and the entry last.
        all_of_it: tuple[Iterable[Item | ManifestEntry], ...] = (self._added, self._walked(), entries)
        for _, same in groupby(merge(*all_of_it, key=order), key=order):
            item: Item | None = None
            known: ManifestEntry | None = None
            for record in same:
                if isinstance(record, ManifestEntry):
                    known = record
                elif item is None:
                    item = record
            if item is not None and not (self._same and known and known.kind is PathKind.OURS is not item.kind):
                yield item._replace(known=known)
            elif known is not None:
                yield known

    def _walked(self, path: str = "") -> Iterator[Item]:
        """Yield what lies in the source below *path*, in order; where a link leads is not looked at."""
        try:
            with os.scandir(self._source / path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            raise FolderError(f"{self._source / path} cannot be read: {error.strerror}") from error
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            if below == FOLDER:
                continue
            if entry.is_symlink():
                yield Item(below, PathKind.LINK)
            elif entry.is_dir(follow_symlinks=False):
                yield Item(below, PathKind.FOLDER)
                yield from self._walked(below)
            else:
                yield Item(below, PathKind.FILE if entry.is_file(follow_symlinks=False) else PathKind.OTHER)

    def _made(self, item: Item) -> Outcome:
        """Make a folder like that of the source."""
        entry = ManifestEntry(item.path, PathKind.FOLDER)
        source, target = self._source / item.path, self._target / item.path
        if leads_away(str(self._target), item.path):
            return Outcome(item.path, Did.SKIPPED, None, BEHIND)
        try:
            if item.known is not None and item.known.kind is not PathKind.FOLDER and not _is_folder(target):
                target.unlink(missing_ok=True)
            if not _is_folder(target):
                target.mkdir()
                if source.is_dir():
                    target.chmod(stat.S_IMODE(source.stat().st_mode) | stat.S_IRWXU)
        except OSError as error:
            return Outcome(item.path, Did.SKIPPED, item.known or entry, error.strerror or str(error))
        return Outcome(item.path, Did.NOTHING, entry)

    def _is_gone(self, entry: ManifestEntry) -> bool:
        if entry.kind is PathKind.OURS:
            return not entry.path.startswith(self._lasting)
        return not os.path.lexists(self._source / entry.path)

    def _removed(self, entry: ManifestEntry, emptied: list[str]) -> Outcome:
        """Remove what an earlier run wrote and this one would not."""
        target = self._target / entry.path
        if not self._is_gone(entry):
            return Outcome(entry.path, Did.NOTHING, entry)
        if leads_away(str(self._target), entry.path):
            return Outcome(entry.path, Did.SKIPPED, None, BEHIND)
        if entry.kind is PathKind.FOLDER:
            emptied.append(entry.path)
            return Outcome(entry.path, Did.NOTHING)
        try:
            target.unlink()
        except (FileNotFoundError, NotADirectoryError):  # a file may lie where its folder was
            return Outcome(entry.path, Did.NOTHING)
        except OSError as error:
            return Outcome(entry.path, Did.SKIPPED, entry, error.strerror or str(error))
        return Outcome(entry.path, Did.REMOVED)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _is_removed(folder: Path) -> bool:
    """Remove *folder*; return whether none lies there any more. One that holds something else stays, and is known."""
    with suppress(OSError):
        folder.rmdir()
    return not _is_folder(folder)


def _tasks(records: Iterable[Item | Outcome]) -> Iterator[Task]:
    task: Task = []
    length = 0
    for record in records:
        task.append(record)
        length += len(record.path)
        if len(task) == _TASK or length > _TASK_LENGTH:
            yield task
            task, length = [], 0
    if task:
        yield task
