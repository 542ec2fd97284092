"""What proves a report, collected while a site is checked."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from ...formats import to_json
from ...paths import private_folder
from ..targets import Response
from .personal import Personal, covered, covered_bytes, covered_header

_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST = 60  # characters of an address in the name of a file
_MOVED = "date"  # the header that tells when, kept with the times


class Evidence:
    """What proves the report on one target, in the new folder *folder*; *personal* says what becomes of personal data.

    Every answer lies there as it came, with its headers, and what a browser asked, was answered and showed. What tells
    nothing but the time is in `times.json`, so that two runs differ in their other files only where the site does.
    """

    def __init__(self, folder: Path, *, personal: Personal) -> None:
        self.folder = private_folder(folder)
        self.personal = personal
        self._pages: dict[str, Mapping[str, Any]] = {}
        self._times: list[Mapping[str, Any]] = []
        self._offsets: list[float] = []
        self._lock = Lock()

    def kept(self, fetch: Callable[[str], Response]) -> Callable[[str], Response]:
        """Return *fetch*, with every answer kept."""

        def fetched(url: str) -> Response:
            response = fetch(url)
            self.answer(response)
            return response

        return fetched

    def answer(self, response: Response) -> None:
        """Keep what came for an address; the first of several answers to the same request."""
        with self._lock:
            if response.url in self._pages:
                return
            self._pages[response.url] = {}
        name = f"pages/{slug(response.url, self._covered)}"
        known = {
            "url": self._covered(response.url),
            "status": response.status,
            "failure": str(response.failure) if response.failure else None,
            "bytes": len(response.content),
            "sha256": hashlib.sha256(response.content).hexdigest(),
            "headers": f"{name}.headers",
            "content": None,
        }
        if response.content and self.personal is not Personal.OMIT:
            known["content"] = f"{name}.html"
            blurred = self.personal is Personal.BLUR
            self._write(f"{name}.html", covered_bytes(response.content) if blurred else response.content)
        lines = [f"{key}: {self._header(key, value)}" for key, value in response.headers if key.lower() != _MOVED]
        self._write(f"{name}.headers", "".join(f"{line}\n" for line in (str(response.status), *lines)))
        date = response.header(_MOVED)
        if response.time is not None:
            self._times.append({"url": known["url"], "answered": response.time.isoformat(), "date": date})
            if (told := _date(date)) is not None:
                # A date has whole seconds: on average it lies half of one back.
                self._offsets.append((told + timedelta(seconds=0.5) - response.time).total_seconds())
        self._pages[response.url] = known

    def finish(self) -> Mapping[str, Any]:
        """Write the lists of what is here, and return what the manifest says of the clock."""
        pages = [self._pages[url] for url in sorted(self._pages)]
        self._write("pages.json", to_json(pages, indent=1) + "\n")
        self._write("times.json", to_json(self._times, indent=1) + "\n")
        if not self._offsets:
            return {"offset_seconds": None}
        return {"offset_seconds": round(median(self._offsets), 3), "within_seconds": 0.5, "answers": len(self._offsets)}

    def _header(self, name: str, value: str) -> str:
        return value if self.personal is Personal.KEEP else covered_header(name, value)

    def _covered(self, text: str) -> str:
        return text if self.personal is Personal.KEEP else covered(text)

    def _write(self, name: str, content: bytes | str) -> None:
        path = self.folder / name
        private_folder(path.parent)
        # An address may have what stands for the bytes of a file's name, and cannot be encoded.
        path.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def slug(address: str, shown: Callable[[str], str] = str) -> str:
    """Return what files about *address* are called: its words as they are *shown*, and a digest of its own."""
    parts = urlsplit(address)
    words = _SLUG.sub("-", shown(f"{parts.path} {parts.query}").lower()).strip("-")[:_LONGEST].strip("-")
    return f"{words or 'home'}-{hashlib.sha256(address.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value or "")
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
