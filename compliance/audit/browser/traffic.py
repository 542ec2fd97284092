"""What one reader's browser asked for, who made it ask, and what answers set."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...outside.hosts import host_of

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

MOST = 5_000  # requests of one page that are kept
BODY = 200_000  # bytes of what is sent
_LINKS = 8  # scripts of a chain
_SCHEMES = ("http:", "https:", "ws:", "wss:", "stun:", "turn:")


@dataclass(slots=True)
class Asked:
    """A request for *url* of a *type* (DevTools protocol, `Network.ResourceType`, in small letters).

    *by* is the script or document that made the browser ask, empty for the page itself; *scripts* are those that were
    at work then. *bodies* is what was sent, *late* whether after the page had been there for the reader.
    """

    url: str
    type: str
    by: str = ""
    scripts: tuple[str, ...] = ()
    bodies: list[bytes] = field(default_factory=list)
    late: bool = False
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)

    @property
    def host(self) -> str:
        """The host that was asked."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class SetCookie:
    """A line *text* of an answer's Set-Cookie from *url*; *refused* says that the browser did not take it."""

    url: str
    text: str
    refused: bool

    @property
    def name(self) -> str:
        """The name of the cookie."""
        return self.text.partition("=")[0].strip()

    @property
    def value(self) -> str:
        """Its value."""
        return self.text.partition(";")[0].partition("=")[2].strip()

    @property
    def domain(self) -> str:
        """The host, or the domain, that it is for."""
        return self._attributes.get("domain", "").lstrip(".").lower() or host_of(self.url)

    @property
    def flags(self) -> tuple[str, ...]:
        """What bounds where it goes, as browsers name it."""
        found = self._attributes
        names = [name for name, key in (("Secure", "secure"), ("HttpOnly", "httponly")) if key in found]
        return (*names, f"SameSite={found.get('samesite', 'Lax').capitalize()}")

    def lifetime(self, now: float) -> int | None:
        """Return for how many seconds from *now* it is kept, None for as long as the browser is open."""
        return lifetime(self._attributes.get("max-age"), self._attributes.get("expires"), now)

    @property
    def _attributes(self) -> dict[str, str]:
        pairs = (part.partition("=") for part in self.text.split(";")[1:])
        return {name.strip().lower(): value.strip() for name, _, value in pairs}


def lifetime(age: str | None, expires: str | None, now: float) -> int | None:
    """Return in seconds how long a cookie of *age* (Max-Age) or that *expires* is kept (RFC 6265, section 5.3)."""
    if age and age.lstrip("-").isdigit():
        return int(age)
    try:
        return round(parsedate_to_datetime(expires).timestamp() - now) if expires else None
    except (ValueError, TypeError):
        return None


class Traffic:
    """The requests of one page, as the DevTools protocol tells them; `late` marks what comes after it is set."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.cookies: list[SetCookie] = []
        self.late = False
        self._of: dict[str, list[Asked]] = {}  # by request, one for each redirect
        self._answered: dict[str, int] = {}
        self._first: dict[str, Asked] = {}
        self._heard: dict[str, Asked] = {}
        self._bodies: list[tuple[str, bytes, tuple[str, ...]]] = []
        self._starting: list[str] = []
        self._started: list[str] = []
        self._guessed: dict[str, str] = {}

    async def listen(self, session: CDPSession) -> None:
        """Hear what *session* tells."""
        for method in _HEARD:
            session.on(method, partial(self.hear, method))
        await session.send("Network.enable", {"maxPostDataSize": BODY})

    def hear(self, method: str, event: Mapping[str, Any], worker: str = "") -> None:
        """Hear an *event* of the protocol, told by the page or by the *worker* that runs the script of this address."""
        if method in _HEARD:
            _HEARD[method](self, event, worker)

    def starts(self, worker: str) -> None:
        """Note that nobody tells yet who asks for what in the *worker*."""
        self._starting.append(worker)

    def started(self, worker: str) -> None:
        """Note that the *worker* tells from now on."""
        if worker in self._starting:
            self._starting.remove(worker)
            self._started.append(worker)

    def sent(self, url: str, body: bytes, scripts: tuple[str, ...]) -> None:
        """Note that *scripts* sent *body* to *url*, which the protocol does not tell."""
        if len(self._bodies) < MOST:
            self._bodies.append((url, body, scripts))

    def take(self) -> Traffic:
        """Return what was met so far, and begin anew."""
        for url, one in self._heard.items():
            known = self._first.get(url)
            if known is None:
                one.by = one.by or self._guessed.get(url) or self._only_worker()
                self._note(one)
            elif one.by and not known.scripts:
                known.by = one.by
        self._heard.clear()
        self._guessed.clear()
        for url, body, scripts in self._bodies:
            if found := [one for one in self.asked if one.url == url and not one.bodies]:
                found[0].bodies.append(body)
                found[0].scripts = found[0].scripts or scripts
        self._bodies.clear()
        taken = Traffic()
        taken.asked, self.asked = self.asked, []
        taken.cookies, self.cookies = self.cookies, []
        taken._first, self._first = self._first, {}
        return taken

    def add(self, url: str, type: str, *, by: str = "", body: bytes | None = None) -> None:
        """Note a request that was heard of elsewhere: it counts where nothing else tells of it.

        Where nothing says *by* which script it was made, a worker did that has just begun, if only one has.
        """
        if len(self._heard) < MOST:
            one = self._heard.setdefault(url, Asked(url=url, type=type, late=self.late))
            one.by = one.by or by
            one.bodies += [body[:BODY]] if body and not one.bodies else []
            if worker := self._only_worker():
                self._guessed.setdefault(url, worker)

    def _only_worker(self) -> str:
        workers = set(self._starting or self._started)
        return workers.pop() if len(workers) == 1 else ""

    def makes(self, url: str, by: str) -> None:
        """Note that the script *by* made what is at *url*, the address of a blob."""
        if len(self._first) < MOST:  # where it was asked for says less
            self._first[url] = Asked(url=url, type="script", by=by)

    def chain(self, asked: Asked) -> tuple[str, ...]:
        """Return the scripts and frames that led to *asked*, the nearest first, without the page itself."""
        found: list[str] = []
        at: Asked | None = asked
        while at is not None and at.by and at.by not in found and len(found) < _LINKS:
            found.append(at.by)
            at = self._first.get(at.by)
        pages = {one.url for one in self.asked if one.type == "document" and not one.by}
        return tuple(plain(one) for one in found if one not in pages)

    def _note(self, asked: Asked) -> None:
        if len(self.asked) < MOST and asked.url.startswith(_SCHEMES):
            self.asked.append(asked)
        if len(self._first) < MOST:
            self._first.setdefault(asked.url, asked)

    def _will_be_sent(self, event: Mapping[str, Any], worker: str) -> None:
        request, initiator = event["request"], event.get("initiator", {})
        scripts = tuple(dict.fromkeys(_scripts(initiator.get("stack", {}))))
        one = Asked(
            url=request["url"].partition("#")[0],
            type=str(event.get("type", "other")).lower(),
            by=next(iter(scripts), "") or worker or initiator.get("url", ""),
            scripts=scripts,
            late=self.late,
        )
        if one.type == "document" and one.by == one.url:
            one.by = ""
        if event.get("redirectResponse") and (before := self._of.get(event["requestId"])):
            one.by, one.scripts = before[-1].by, before[-1].scripts
        for entry in request.get("postDataEntries") or ():
            one.bodies.append(base64.b64decode(entry.get("bytes", ""))[:BODY])
        if not one.bodies and request.get("postData"):
            one.bodies.append(request["postData"].encode("utf-8", "replace")[:BODY])
        self._of.setdefault(event["requestId"], []).append(one)
        self._note(one)

    def _sends(self, event: Mapping[str, Any], _: str) -> None:
        if found := self._of.get(event["requestId"]):
            found[-1].sent.update(
                one["cookie"]["name"] for one in event.get("associatedCookies", ()) if not one.get("blockedReasons")
            )

    def _answers(self, event: Mapping[str, Any], _: str) -> None:
        id_ = event["requestId"]
        place = self._answered.get(id_, 0)
        self._answered[id_] = place + 1
        found = self._of.get(id_)
        if not found:
            return
        one = found[min(place, len(found) - 1)]
        one.status = event.get("statusCode", 0)
        one.headers = {name.lower(): value for name, value in event["headers"].items()}
        refused = {one["cookieLine"] for one in event.get("blockedCookies", ())}
        for line in one.headers.get("set-cookie", "").split("\n"):
            if "=" in line and len(self.cookies) < MOST:
                self.cookies.append(SetCookie(one.url, line, line in refused))

    def _opens(self, event: Mapping[str, Any], worker: str) -> None:
        scripts = tuple(dict.fromkeys(_scripts(event.get("initiator", {}).get("stack", {}))))
        type_ = "websocket" if "requestId" in event else "webtransport"
        one = Asked(url=event["url"], type=type_, by=next(iter(scripts), worker), scripts=scripts, late=self.late)
        self._of.setdefault(event.get("requestId") or event["transportId"], []).append(one)
        self._note(one)

    def _speaks(self, event: Mapping[str, Any], _: str) -> None:
        if found := self._of.get(event["requestId"]):
            content = event["response"].get("payloadData", "")
            # A frame of bytes comes in base64 (opcode 2; RFC 6455, section 5.2).
            is_text = event["response"].get("opcode") == 1
            body = content.encode("utf-8", "replace") if is_text else base64.b64decode(content)
            if len(found[-1].bodies) < 100:
                found[-1].bodies.append(body[:BODY])
            found[-1].late = found[-1].late or self.late


_HEARD: Mapping[str, Callable[[Traffic, Mapping[str, Any], str], None]] = {
    "Network.requestWillBeSent": Traffic._will_be_sent,
    "Network.requestWillBeSentExtraInfo": Traffic._sends,
    "Network.responseReceivedExtraInfo": Traffic._answers,
    "Network.webSocketCreated": Traffic._opens,
    "Network.webSocketFrameSent": Traffic._speaks,
    "Network.webTransportCreated": Traffic._opens,
}


def plain(url: str) -> str:
    """Return *url* without what may be about a reader: its query and fragment."""
    parts = urlsplit(url)
    if parts.scheme == "blob":
        return f"blob:{urlsplit(parts.path).scheme}://{urlsplit(parts.path).netloc}"  # its name is drawn anew each time
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _scripts(stack: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the addresses in *stack*, the innermost first, what was at work before it became asynchronous too."""
    for _ in range(_LINKS):
        if not stack:
            return
        for frame in stack.get("callFrames", ()):
            if frame.get("url", "").startswith(("http:", "https:", "blob:")):
                yield frame["url"]
        stack = stack.get("parent")
