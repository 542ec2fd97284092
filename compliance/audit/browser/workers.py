"""What workers of a page ask for, which its own session does not tell: dedicated ones, those in them, and shared ones.

Chromium tells of a worker's requests in a session of the worker alone. Playwright opens such sessions, keeps them for
itself and lets the workers go on, so that ours hear nothing of what is asked for at once; of shared workers it knows
nothing. Ours are carried by the session of the page, or of the browser, as messages (`Target.sendMessageToTarget`).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

from .traffic import BODY, Traffic

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

_Send = Callable[[str, dict[str, Any]], Awaitable[object]]
_ENABLED = 1  # the number of the message from which on a worker tells what it asks for


class Workers:
    """Whoever runs beside a page, or in another worker: all are followed, and *traffic* is told what they ask for.

    *alone* says that nobody else lets them go on, *by* is the script of the worker in which they run.
    """

    def __init__(self, send: _Send, traffic: Traffic, *, alone: bool = False, by: str = "") -> None:
        self._alone = alone
        self._send = send
        self._traffic = traffic
        self._by = by
        self._inner: dict[str, Workers] = {}

    async def follow(self) -> None:
        """Follow those that start from now on."""
        await self._send("Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": False})

    async def attached(self, event: Mapping[str, Any]) -> None:
        """Take one in, as `Target.attachedToTarget` tells of it, and let it go on."""
        target = event["targetInfo"]
        if target["type"] == "worker" and not self._alone:
            self._traffic.starts(target["url"])
        await self.take(event["sessionId"], target["url"])

    async def take(self, session: str, script: str) -> None:
        """Listen to the *session* of what runs *script*, and let it go on."""
        numbers = count(_ENABLED)

        async def send(method: str, parameters: dict[str, Any]) -> None:
            message = json.dumps({"id": next(numbers), "method": method, "params": parameters})
            await self._send("Target.sendMessageToTarget", {"sessionId": session, "message": message})

        inner = self._inner[session] = Workers(send, self._traffic, alone=self._alone, by=script)
        await send("Network.enable", {"maxPostDataSize": BODY})
        await inner.follow()
        await send("Runtime.runIfWaitingForDebugger", {})

    async def hear(self, event: Mapping[str, Any]) -> None:
        """Hear what one of them says, as `Target.receivedMessageFromTarget` tells it."""
        inner = self._inner.get(event["sessionId"])
        said = json.loads(event["message"])
        if inner is None:
            return
        if "method" in said:
            await inner._hear(said["method"], said["params"])
        elif said["id"] == _ENABLED:
            self._traffic.started(inner._by)

    async def _hear(self, method: str, event: Mapping[str, Any]) -> None:
        if method == "Target.attachedToTarget":
            await self.attached(event)
        elif method == "Target.receivedMessageFromTarget":
            await self.hear(event)
        else:
            self._traffic.hear(method, event, self._by)


class SharedWorkers:
    """The shared workers of a browser, whose *session* it is: each is told to who reads in its profile."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._of: dict[str, Workers] = {}  # by profile
        self._met: set[str] = set()
        self._by_session: dict[str, Workers] = {}

    async def follow(self) -> None:
        """Follow those that start from now on."""
        self._session.on("Target.attachedToTarget", quietly(self._attached))
        self._session.on("Target.receivedMessageFromTarget", quietly(self._hear))
        # Sessions of this kind make a worker wait, and cannot be spoken to.
        given = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        await self._session.send("Target.setAutoAttach", {**given, "filter": [{"type": "shared_worker"}]})

    def enter(self, profile: str, traffic: Traffic) -> None:
        """Tell *traffic* what the workers of *profile* ask for."""
        self._of[profile] = Workers(self._session.send, traffic, alone=True)

    def leave(self, profile: str) -> None:
        """Tell nobody any more."""
        self._of.pop(profile, None)

    async def _attached(self, event: Mapping[str, Any]) -> None:
        target = event["targetInfo"]
        if target["targetId"] in self._met:
            return  # by the session that is opened here
        self._met.add(target["targetId"])
        given = {"targetId": target["targetId"], "flatten": False}
        session = (await self._session.send("Target.attachToTarget", given))["sessionId"]
        workers = self._of.get(target.get("browserContextId", "")) or Workers(self._session.send, Traffic(), alone=True)
        self._by_session[session] = workers
        await workers.take(session, target["url"])

    async def _hear(self, event: Mapping[str, Any]) -> None:
        if workers := self._by_session.get(event["sessionId"]):
            await workers.hear(event)


def quietly(hear: Callable[[Mapping[str, Any]], Coroutine[Any, Any, None]]) -> Callable[..., Awaitable[None]]:
    """Return *hear* as what a session calls; a worker may be gone, and then there is nothing to hear."""
    from playwright.async_api import Error

    async def heard(event: Mapping[str, Any]) -> None:
        with suppress(Error):
            await hear(event)

    return heard
