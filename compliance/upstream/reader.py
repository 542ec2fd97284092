"""A reader who waits for an answer, and what they send with the request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from .fields import Fields, values
from .hops import Receive


class GoneError(Exception):
    """The reader has gone."""


class Reader:
    """The reader whose request has *fields*, and who is heard by *receive*.

    What is done for them inside of ``async with`` ends when they go, and the block is left.
    """

    def __init__(self, fields: Fields, receive: Receive) -> None:
        #: Whether what is sent says its end itself, rather than its length before.
        self.chunked = bool(values(fields, b"transfer-encoding"))
        #: Whether anything is sent with the request.
        self.sends = self.chunked or bool(values(fields, b"content-length"))
        self._receive = receive
        self._stay = asyncio.timeout(None)
        self._watch: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Reader:
        await self._stay.__aenter__()
        if not self.sends:
            self._listen()
        return self

    async def __aexit__(self, *raised: object) -> bool:
        if self._watch is not None:
            self._watch.cancel()
        try:
            await self._stay.__aexit__(*raised)  # type: ignore[arg-type]  # what it is given here is what it takes
        except TimeoutError:
            return True
        return raised[0] is GoneError

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """What is sent with the request, in the pieces that it comes in; `GoneError` where its end is missing."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise GoneError
            more = message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        self._listen()

    def _listen(self) -> None:
        self._watch = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._stay.reschedule(asyncio.get_running_loop().time())
