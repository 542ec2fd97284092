"""Pictures of pages as readers have them before them, and a record of what their browsers asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...outside.hosts import host_of, is_local
from ..evidence import Evidence, Personal
from ..evidence.personal import PATTERNS
from ..readers import Reader
from ..report import Part, Screenshot
from ..targets import Reason
from .banner import buttons
from .witness import Witness

if TYPE_CHECKING:
    from playwright.async_api import FloatRect, Page

_SCRIPT = Path(__file__).with_name("camera.js").read_text(encoding="utf-8")
_TALLEST = 16_000  # CSS pixels of a page that a picture shows
_PATIENCE = 3_000  # milliseconds for pictures that load as a reader comes near
_LONGEST = 15_000  # milliseconds for one picture


@dataclass(slots=True)
class _Recording:
    """What one profile asks, at *path* once it is closed; who reads in it changes with a decision, at *decided*."""

    path: Path
    decided: tuple[datetime, Reader] | None = None


class Camera(Witness):
    """Takes pictures of a target's first page for the report; for *evidence*, where there is some, of every page."""

    def __init__(self) -> None:
        self.evidence: Evidence | None = None
        self._home: str | None = None
        self._shots: list[Screenshot] = []
        self._recordings: dict[tuple[str, Reader], _Recording] = {}
        self._served: dict[str, str] = {}
        self._scratch = TemporaryDirectory(prefix="compliance-", ignore_cleanup_errors=True)

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *raised: object) -> None:
        self._scratch.cleanup()

    def begin(self, evidence: Evidence | None) -> None:
        """Turn to another target."""
        self.evidence = evidence
        self._home = None

    def end(self) -> Sequence[Screenshot]:
        """Hand what was recorded to the evidence, and return the pictures for the report of the target."""
        if self.evidence is not None:
            for (named, reader), recording in self._recordings.items():
                served = self._served.get(named, "")
                self.evidence.recorded(recording.path, named, reader, recording.decided, served=served)
        shots, self._shots = self._shots, []
        self._recordings.clear()
        self._served.clear()
        return sorted(shots, key=lambda shot: list(Reader).index(shot.reader))

    def profile(self, named: str, reader: Reader) -> Mapping[str, Any]:
        """Have all that the profile asks recorded, where there is evidence to keep."""
        self._home = self._home or named
        if self.evidence is None:
            return {}
        path = Path(self._scratch.name) / f"{len(self._recordings)}.zip"
        self._recordings[named, reader] = _Recording(path)
        bodies = self.evidence.personal is not Personal.OMIT
        return {"record_har_path": path, "record_har_content": "attach" if bodies else "omit"}

    async def opened(self, page: Page, named: str, reader: Reader) -> None:
        """Take the pictures of a reader who has not decided."""
        self._served[named] = _renaming(page.url, named)
        if reader is Reader.UNDECIDED:
            await self._pictures(page, named, reader)

    async def deciding(self, named: str, profile: Reader, reader: Reader) -> None:
        """Note that what the *profile* asks from now on is asked by *reader*."""
        if recording := self._recordings.get((named, profile)):
            recording.decided = datetime.now(UTC), reader

    async def decided(self, page: Page, named: str, reader: Reader) -> None:
        """Take the pictures of a reader who has decided."""
        await self._pictures(page, named, reader)

    async def failed(self, named: str, reason: Reason) -> None:
        """Note why there is no picture."""
        if self.evidence is not None:
            self.evidence.missing(named, reason)

    async def _pictures(self, page: Page, named: str, reader: Reader) -> None:
        from playwright.async_api import Error

        if self.evidence is None and named != self._home:
            return
        try:
            for shot in await self._taken(page, named, reader):
                if self.evidence is not None:
                    self.evidence.screenshot(shot)
                if named == self._home and shot.part != "page":
                    self._shots.append(shot)
        except Error as error:  # the report stands without pictures, and the evidence says why it has none
            if self.evidence is not None:
                self.evidence.missing(named, Reason("browser", error=error.message.splitlines()[0]))

    async def _taken(self, page: Page, named: str, reader: Reader) -> Sequence[Screenshot]:
        """Return pictures of the banner, of the footer and, as evidence, of the whole page.

        Where personal data is not to be shown, what it is known by is painted over while they are taken, in fields
        and in frames, too.
        """
        covering = self.evidence is not None and self.evidence.personal is not Personal.KEEP
        if self.evidence is not None and self.evidence.personal is Personal.OMIT:
            return ()
        for frame in page.frames if covering else ():
            await frame.evaluate(f"patterns => {_SCRIPT}.cover(patterns)", list(PATTERNS))
        try:
            shots = []
            if self.evidence is not None:
                whole = await page.evaluate(f"{_SCRIPT}.whole({_TALLEST}, {_PATIENCE})")
                shots.append(await _clipped(page, named, reader, "page", whole))
            agree, _ = await buttons(page)
            if agree is not None and await agree.evaluate(f"element => {_SCRIPT}.banner(element)"):
                banner = page.locator("[data-compliance-shot]")
                content = await banner.screenshot(animations="disabled", scale="css", timeout=_LONGEST)
                shots.append(Screenshot(page=named, reader=reader, part="banner", content=content))
                await banner.evaluate("element => element.removeAttribute('data-compliance-shot')")
            foot = await page.evaluate(f"{_SCRIPT}.footer()")
            shots.append(await _clipped(page, named, reader, "footer", foot))
            return shots
        finally:
            for frame in page.frames if covering else ():
                with suppress(Exception):  # the frame may be gone
                    await frame.evaluate(f"{_SCRIPT}.uncover()")


async def _clipped(page: Page, named: str, reader: Reader, part: Part, box: FloatRect) -> Screenshot:
    content = await page.screenshot(full_page=True, clip=box, animations="disabled", scale="css", timeout=_LONGEST)
    return Screenshot(page=named, reader=reader, part=part, content=content)


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _renaming(url: str, named: str) -> str:
    """Return the origin that a page *named* so was served from on this machine, empty where it is its own."""
    origin = _origin(url)
    return origin if is_local(host_of(url)) and origin != _origin(named) else ""
