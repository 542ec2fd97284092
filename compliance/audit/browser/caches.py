"""Whether a file is another for every reader who asks for it, so that what browsers keep of it tells them apart."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..shapes import identifiers

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

READERS = 4  # who ask for a file anew
_LARGEST = 1_000_000  # bytes that are compared
_LASTING = 86_400  # seconds that a file is kept for at least, to know anybody again
_AGE = re.compile(r"max-age=(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one who asked got: *headers* by their names in small letters, and the *body*."""

    headers: dict[str, str]
    body: bytes

    @property
    def lasts(self) -> bool:
        """Whether browsers keep it for a day or longer without asking again."""
        control = self.headers.get("cache-control", "")
        age = _AGE.search(control)
        return "no-store" not in control and age is not None and int(age[1]) >= _LASTING

    @property
    def dated(self) -> str:
        """When it was last changed, where that is not about now."""
        try:
            changed = parsedate_to_datetime(self.headers["last-modified"])
            asked = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return ""
        return self.headers["last-modified"] if abs((asked - changed).total_seconds()) > _LASTING else ""


async def answers(profile: BrowserContext, url: str) -> Sequence[Answer]:
    """Ask for *url* as several readers who have never been there."""
    page = await profile.new_page()
    session = await profile.new_cdp_session(page)
    frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    given = {"frameId": frame, "url": url, "options": {"disableCache": True, "includeCredentials": False}}
    found = []
    for _ in range(READERS):
        resource = (await session.send("Network.loadNetworkResource", given))["resource"]
        if not resource.get("success"):
            break
        headers = {name.lower(): value for name, value in resource.get("headers", {}).items()}
        found.append(Answer(headers, await _read(session, resource["stream"])))
    await page.close()
    return found


async def _read(session: Any, stream: str) -> bytes:
    body = bytearray()
    while len(body) < _LARGEST:
        piece = await session.send("IO.read", {"handle": stream})
        body += base64.b64decode(piece["data"]) if piece.get("base64Encoded") else piece["data"].encode()
        if piece["eof"]:
            break
    await session.send("IO.close", {"handle": stream})
    return bytes(body)


def is_marked(found: Sequence[Answer]) -> bool:
    """Return whether each of those who asked got another mark: an entity tag, a date, or a text to keep."""
    if len(found) < READERS:
        return False
    bodies = {hashlib.sha256(one.body).digest() for one in found}
    if len(bodies) == 1:
        marks = ([one.headers.get("etag", "") for one in found], [one.dated for one in found])
        return any(all(listed) and len(set(listed)) == len(found) for listed in marks)
    return len(bodies) == len(found) and all(
        one.lasts and next(identifiers(one.body[:100_000].decode("utf-8", "replace")), None) for one in found
    )
