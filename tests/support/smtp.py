"""A real mail server that keeps what it gets, and refuses, hangs or drips as it is told."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from collections.abc import Awaitable
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from socket import IPPROTO_TCP, TCP_NODELAY, create_server
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message that was taken."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None
    client: str  # as it calls itself

    @property
    def message(self) -> EmailMessage:
        message = BytesParser(policy=email.policy.default).parsebytes(self.content)
        assert isinstance(message, EmailMessage)
        return message


class MailServer(Controller):
    """A mail server on a free port of 127.0.0.1.

    *context* is for STARTTLS, or with *encrypted* for the connection as a whole; an *international* one takes names
    beyond ASCII (SMTPUTF8). *refuse* answers stages (`MAIL`,
    `RCPT`, `DATA`, `QUIT`) with a line of one's own, such as `550 5.1.1 no such mailbox`; at a stage that *hang* names
    nothing is answered while it does, and at one that *drip* names, an answer without an end.

        with MailServer() as server:
            server.refuse["RCPT"] = "450 4.2.0 later"
    """

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        encrypted: bool = False,
        user: tuple[str, str] | None = None,
        international: bool = True,
    ) -> None:
        self.received: list[Received] = []
        self.refuse: dict[str, str] = {}
        self.hang: set[str] = set()
        self.drip: set[str] = set()
        self.held = 0  # how often nothing was answered
        self._listener = create_server(("127.0.0.1", 0))
        # asyncio does it for sockets of its own; without it each answer of several lines takes 40 ms.
        self._listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._account = user
        self._closing = asyncio.Event()
        super().__init__(
            self,
            hostname="127.0.0.1",
            port=self._listener.getsockname()[1],
            ssl_context=context if encrypted else None,
            tls_context=None if encrypted else context,
            authenticator=self._authenticate,
            auth_require_tls=user is None,
            server_hostname="mail.test",
            enable_SMTPUTF8=international,
        )

    def _create_server(self) -> Awaitable[asyncio.AbstractServer]:
        return self.loop.create_server(self._factory_invoker, sock=self._listener, ssl=self.ssl_context)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._closing.set)
        self.stop()

    async def _stage(self, server: SMTP, stage: str) -> str | None:
        while stage in self.drip:
            await server.push("250-still at it")
            await asyncio.sleep(0.02)
        self.held += stage in self.hang
        while stage in self.hang and not self._closing.is_set():
            await asyncio.sleep(0.02)
        return self.refuse.get(stage)

    def _authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = data.login.decode(), data.password.decode()
        return AuthResult(success=given == self._account, handled=given == self._account, auth_data=given[0])

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := await self._stage(server, "MAIL"):
            return refused
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refused := await self._stage(server, "RCPT"):
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if refused := await self._stage(server, "DATA"):
            return refused
        assert isinstance(envelope.original_content, bytes)
        self.received.append(
            Received(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                content=envelope.original_content,
                encrypted=server.transport.get_extra_info("ssl_object") is not None,
                user=session.auth_data if session.authenticated else None,
                client=session.host_name or "",
            )
        )
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return await self._stage(server, "QUIT") or "221 Bye"
