"""E-mail, handed to the site's own mail server."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from socket import socket
from threading import Lock
from time import monotonic
from typing import ClassVar, Literal, Self

from ..outside.hosts import ascii_host
from ..outside.mailboxes import mailbox
from .connections import Deadline, connect
from .notices import DeliveryError, Notice

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_POLICY = SMTP.clone(cte_type="7bit")  # so that no server has to promise 8BITMIME


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The site's mail server, and the address that it sends from; without a *port* the usual one."""

    host: str
    port: int | None = None
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """One *recipient*, reached over *mail*."""

    recipient: str = field(repr=False)
    mail: Mail
    timeout: float
    per_minute: ClassVar[int] = 60

    def send(self, notice: Notice, *, now: datetime) -> None:
        """Hand *notice* to the mail server. Raises `DeliveryError`; permanent where the server will not have it."""
        message = self.message(notice, now)
        deadline = Deadline(self.timeout)
        client = _Client.of(self.mail, deadline, name=message["From"].addresses[0].domain)
        try:
            with deadline.over(lambda: client.sock):
                client.hand_over(message, deadline)
        except smtplib.SMTPException as error:
            raise _explained(error) from None
        finally:
            client.leave()

    def message(self, notice: Notice, now: datetime) -> EmailMessage:
        """Return *notice* as a message. Raises `DeliveryError` (`recipient`, `sender`) for what is no address.

        Its Message-ID comes from the notice: a mail that is sent again is the same mail. It asks not to be answered by
        programs (RFC 3834, section 5).
        """
        message = EmailMessage(policy=_POLICY)
        message["From"] = _address(self.mail.sender, "sender")
        message["To"] = _address(self.recipient, "recipient")
        message["Subject"] = _line(notice.subject)
        message["Date"] = format_datetime(now)
        identity = hashlib.sha256(notice.dedupe.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{identity}@{message['From'].addresses[0].domain}>"
        message["Auto-Submitted"] = "auto-generated"
        text = f"{notice.text}\n\n{notice.link}\n" if notice.link else f"{notice.text}\n"
        message.set_content(text.encode("utf-8", "replace").decode(), charset="utf-8")
        return message


def reach(mail: Mail, *, timeout: float) -> None:
    """Connect to the server of *mail* within *timeout* seconds, log in where it is to be, and send nothing.

    Raises `DeliveryError`.
    """
    deadline = Deadline(timeout)
    client = _Client.of(mail, deadline, name=ascii_host(mail.sender.rpartition("@")[2]) or "localhost")
    try:
        with deadline.over(lambda: client.sock):
            client.enter(deadline)
    except smtplib.SMTPException as error:
        raise _explained(error) from None
    finally:
        client.leave()


class International:
    """Whether the server of *mail* takes names beyond ASCII (SMTPUTF8, RFC 6531): asked when somebody gives one.

    What it says holds for an hour, that it says nothing for a minute; meanwhile it counts as a server that does not.
    """

    def __init__(self, mail: Mail, *, timeout: float = 3.0) -> None:
        self._mail, self._timeout = mail, timeout
        self._lock = Lock()
        self._known, self._until = False, 0.0

    def __call__(self) -> bool:
        with self._lock:
            if monotonic() >= self._until:
                try:
                    self._known, lasts = self._asked(), 3600.0
                except (DeliveryError, smtplib.SMTPException):
                    self._known, lasts = False, 60.0
                self._until = monotonic() + lasts
            return self._known

    def _asked(self) -> bool:
        deadline = Deadline(self._timeout)
        client = _Client.of(self._mail, deadline, name=ascii_host(self._mail.sender.rpartition("@")[2]) or "localhost")
        try:
            with deadline.over(lambda: client.sock):
                client.greet(deadline)
                return client.has_extn("smtputf8")
        finally:
            client.leave()


class _Client(smtplib.SMTP):
    """A client of *mail* on a connection that there is already.

    The *name* for EHLO is given: to find out its own, a client would ask a name server (RFC 5321, section 4.1.1.1).
    """

    def __init__(self, mail: Mail, connection: socket, *, name: str) -> None:
        super().__init__(local_hostname=name)
        self._host = mail.host  # whose certificate is asked for with STARTTLS
        self._mail = mail
        self.sock = self._connection = connection

    @classmethod
    def of(cls, mail: Mail, deadline: Deadline, *, name: str) -> Self:
        """Connect to the server of *mail*, which is the site's own choice and mostly next door."""
        context = ssl.create_default_context() if mail.security == "tls" else None
        port = mail.port or _PORTS[mail.security]
        return cls(mail, connect(mail.host, port, deadline=deadline, allow_private=True, context=context), name=name)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket:
        return self._connection

    def greet(self, deadline: Deadline) -> None:
        """Begin, encrypted where it is to be. Raises `DeliveryError` (`tls`), and what `smtplib` does."""
        code, text = self.connect(self._host)
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)
        self.ehlo_or_helo_if_needed()
        if self._mail.security == "starttls":
            if not self.has_extn("starttls"):
                raise DeliveryError("tls")
            self._connection.settimeout(deadline.left())
            self.starttls(context=ssl.create_default_context())
            self.ehlo()

    def enter(self, deadline: Deadline) -> None:
        """Begin, and log in where it is to be. Raises `DeliveryError` (`tls`, `login`), and what `smtplib` does."""
        self.greet(deadline)
        if self._mail.user:
            try:
                self.login(self._mail.user, self._mail.password or "")
            except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError, ValueError):
                raise DeliveryError("login") from None

    def hand_over(self, message: EmailMessage, deadline: Deadline) -> None:
        """Hand *message* over. Raises what `enter` does."""
        self.enter(deadline)
        self.send_message(message)

    def leave(self) -> None:
        """Say goodbye; it is settled by now, and a server that does not answer must not make us send again."""
        with suppress(OSError):
            if self.sock:
                self.sock.settimeout(1)
                self.quit()
        self.close()


def _explained(error: smtplib.SMTPException) -> DeliveryError:
    """Return what a server's refusal means; its words stay behind, for they quote addresses."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        (code, _), *_ = error.recipients.values()
        return DeliveryError("recipient", permanent=500 <= code < 600)
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryError("recipient", permanent=True)  # a name beyond ASCII, without SMTPUTF8
    if isinstance(error, smtplib.SMTPSenderRefused):
        return DeliveryError("sender")
    if isinstance(error, smtplib.SMTPResponseException):
        permanent = isinstance(error, smtplib.SMTPDataError) and 500 <= error.smtp_code < 600
        return DeliveryError(f"smtp {error.smtp_code}", permanent=permanent)
    return DeliveryError("connection")


def _address(text: str, what: str) -> Address:
    """Return *text* as the address of a header, its domain in ASCII. Raises `DeliveryError` with *what* as reason."""
    name, _, domain = text.rpartition("@")
    try:
        # Beyond ASCII the library takes no address whole; what parts them is looked at by our own reading.
        if not name.isascii() and mailbox(text) == text:
            return Address(username=name, domain=ascii_host(domain))
        return Address(addr_spec=f"{name}@{ascii_host(domain)}")
    except (ValueError, MessageError, IndexError):
        raise DeliveryError(what, permanent=what == "recipient") from None


def _line(text: str) -> str:
    """Return *text* as one line: a line break would begin another header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
