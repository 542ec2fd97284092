"""What proves a report, collected while a site is checked."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
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
from ..readers import Reader
from ..report import Screenshot
from ..targets import Reason, Response
from .har import comparable
from .passing import Headers, steady
from .personal import Personal, covered, covered_bytes, covered_entry, covered_header

_SLUG = re.compile(r"[^a-z0-9]+")
_LONGEST = 60  # characters of an address in the name of a file
_LOG = "har.har"  # in an archive that Playwright writes
#: What stands for this machine in the record of a folder, which has no address.
_NOWHERE = "https://folder.invalid"


class Evidence:
    """What proves the report on one target, in the new folder *folder*; *personal* says what becomes of personal data.

    Every answer lies there as it came, with its headers, and what a browser asked, was answered and showed. What
    passes is in `passing.json`, so that two runs differ in their other files only where the site does. The values of
    cookies of readers that are *signed_in* would let others in, and are not kept.
    """

    def __init__(self, folder: Path, *, personal: Personal, signed_in: bool = False) -> None:
        self._signed_in = signed_in
        self.folder = private_folder(folder)
        self.personal = personal
        self._pages: dict[str, Mapping[str, Any]] = {}
        self._passing: list[Mapping[str, Any]] = []
        self._offsets: list[float] = []
        self._missing: list[Mapping[str, str]] = []
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
            self._write(f"{name}.html", covered_bytes(response.content) if self._blurs else response.content)
        left, times, cookies = steady(response.headers)
        lines = (f"{key}: {self._header(key, value)}\n" for key, value in left)
        self._write(f"{name}.headers", f"{response.status}\n{''.join(lines)}")
        passing = {"url": known["url"], **times, **self._cookies(cookies)}
        if response.time is not None:
            passing["answered"] = response.time.isoformat()
            if (told := _date(times.get("date"))) is not None:
                # A date has whole seconds: on average it lies half of one back.
                self._offsets.append((told + timedelta(seconds=0.5) - response.time).total_seconds())
        self._passing.append(passing)
        self._pages[response.url] = known

    def missing(self, page: str, reason: Reason) -> None:
        """Note why something that a browser should have shown of *page* is not here."""
        self._missing.append({"page": self._covered(page), "reason": str(reason)})

    def screenshot(self, shot: Screenshot) -> None:
        """Keep a picture of a page."""
        self._write(f"{self._reader(shot.page)}/{shot.reader}-{shot.part}.png", shot.content)

    def recorded(
        self, path: Path, page: str, reader: Reader, decided: tuple[datetime, Reader] | None, *, served: str
    ) -> None:
        """Keep what a browser recorded into the archive *path* of *page* for *reader*, who is another once *decided*.

        *served* is where this machine served the page from, which is told as the page's own.
        """
        if not path.exists():
            self.missing(page, Reason("browser", error="no record"))
            return
        own = _origin(page) or _NOWHERE

        def renamed(text: str) -> str:
            return text.replace(served, own).replace(urlsplit(served).netloc, urlsplit(own).netloc) if served else text

        with zipfile.ZipFile(path) as archive:
            log = json.loads(archive.read(_LOG))["log"]
            for name in archive.namelist() if self.personal is not Personal.OMIT else ():
                if name != _LOG:
                    content = archive.read(name)
                    self._write(f"bodies/{name}", covered_bytes(content) if self._blurs else content)
        path.unlink()
        first = f"{Reader.UNDECIDED}-2" if reader is Reader.REFUSING else str(reader)
        parts = [(first, [one for one in log["entries"] if not _is_after(one, decided)])]
        if decided is not None:
            parts.append((str(decided[1]), [one for one in log["entries"] if _is_after(one, decided)]))
        for who, entries in parts:
            compared, passing = comparable({**log, "entries": entries}, renamed=renamed)
            for entry in compared["entries"]:
                if self.personal is not Personal.KEEP:
                    covered_entry(entry)
                if inner := entry["response"].get("content", {}).get("_file"):
                    entry["response"]["content"]["_file"] = f"../../bodies/{inner}"
            self._write(f"{self._reader(page)}/{who}.har", to_json({"log": compared}, indent=1) + "\n")
            for one in passing:
                url = self._covered(one["url"])
                told = {"page": self._covered(page), "reader": who, **one, "url": url, **self._cookies(one["cookies"])}
                self._passing.append(told)

    def finish(self) -> Mapping[str, Any]:
        """Write the lists of what is here, and return what the manifest says of the clock."""
        pages = [self._pages[url] for url in sorted(self._pages)]
        self._write("pages.json", to_json(pages, indent=1) + "\n")
        self._write("passing.json", to_json(self._passing, indent=1) + "\n")
        if self._missing:
            self._write("missing.json", to_json(self._missing, indent=1) + "\n")
        if not self._offsets:
            return {"offset_seconds": None}
        return {"offset_seconds": round(median(self._offsets), 3), "within_seconds": 0.5, "answers": len(self._offsets)}

    @property
    def _blurs(self) -> bool:
        return self.personal is Personal.BLUR

    def _reader(self, page: str) -> str:
        return f"readers/{slug(page, self._covered)}"

    def _cookies(self, cookies: Headers) -> Mapping[str, Any]:
        """Return what is kept of *cookies*, which may tell one reader from another, or let one in."""
        return {"cookies": [] if self._signed_in or self.personal is not Personal.KEEP else cookies}

    def _header(self, name: str, value: str) -> str:
        return value if self.personal is Personal.KEEP else covered_header(name, value)

    def _covered(self, text: str) -> str:
        return text if self.personal is Personal.KEEP else covered(text)

    def _write(self, name: str, content: bytes | str) -> None:
        path = self.folder / name
        private_folder(path.parent)
        # An address may have what stands for the bytes of a file's name, and cannot be encoded.
        path.write_bytes(content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _is_after(entry: Mapping[str, Any], decided: tuple[datetime, Reader] | None) -> bool:
    return decided is not None and datetime.fromisoformat(entry["startedDateTime"]) >= decided[0]


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
