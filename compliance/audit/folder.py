"""A folder of HTML files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import Message
from .targets import LARGEST, Reason, Response, TargetError

SUFFIXES = (".htm", ".html", ".shtml", ".xhtml")


@dataclass(frozen=True, slots=True)
class Folder:
    """The HTML files below *path*, or the one file there. An address is the path below the folder.

    Where there is a list of addresses *only* they count, as far as there are such files.
    """

    path: Path
    only: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.path.exists():
            message = Message("there is no such file or folder; an address starts with http:// or https://")
            raise TargetError(str(self.path), message)
        if next(self.urls(), None) is None:
            message = Message("it holds no page; a page's name ends in %(suffixes)s", suffixes=", ".join(SUFFIXES))
            raise TargetError(str(self.path), message)

    @property
    def name(self) -> str:
        """What it is called in a report."""
        return str(self.path)

    @property
    def top(self) -> Path:
        """The folder itself."""
        return self.path if self.path.is_dir() else self.path.parent

    def urls(self) -> Iterator[str]:
        """Yield the address of every page, folder by folder, in the order of their names."""
        if self.only:
            yield from self.only
            return
        if not self.path.is_dir():
            yield self.path.name
            return
        for folder, inner, names in os.walk(self.path):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            below = Path(folder).relative_to(self.path)
            for name in sorted(names):
                if name.lower().endswith(SUFFIXES):
                    yield (below / name).as_posix()

    def is_home(self, url: str) -> bool:
        """Return whether readers of the site start at *url*."""
        stem, dot, suffix = url.rpartition(".")
        return stem == "index" and dot + suffix.lower() in SUFFIXES

    def fetch(self, url: str) -> Response:
        """Read the file at *url*, an address as pages write it; what lies outside the folder is not read."""
        top = os.fspath(self.top)
        path = os.path.join(top, url)  # pathlib takes as long as the rest of reading a file
        if not _is_below(path, top):
            return Response(url=url, failure=Reason("outside"))
        if not os.path.isfile(path) and os.path.exists(path):
            return Response(url=url, failure=Reason("no_file"))  # a pipe would keep us waiting
        try:
            with open(path, "rb", buffering=0) as file:
                return Response(url=url, content=file.read(min(os.fstat(file.fileno()).st_size, LARGEST)))
        except OSError as error:
            return Response(url=url, status=404, failure=Reason("unreadable", error=error.strerror or error))

    def linked(self, url: str) -> Response:
        """Read the page that a link or frame leads to."""
        return self.fetch(unquote(urlsplit(url).path.lstrip("/")))


def _is_below(path: str, top: str) -> bool:
    """Return whether *path* leads to a file below *top*, whatever links are on its way."""
    folder, name = os.path.split(path)
    if name in ("", ".", "..") or os.path.islink(path):
        return Path(path).resolve().is_relative_to(Path(top).resolve())
    return _leads_below(folder, top)


@lru_cache(maxsize=1_024)  # a folder holds many pages
def _leads_below(folder: str, top: str) -> bool:
    return Path(folder).resolve().is_relative_to(Path(top).resolve())
