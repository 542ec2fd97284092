"""Connections to addresses that were looked at first, within a time that covers everything."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from smtplib import SMTPException
from socket import SHUT_RDWR, SOCK_STREAM, getaddrinfo, socket
from threading import Event, Thread, Timer
from time import monotonic
from typing import Any

from .notices import DeliveryError

Resolver = Callable[..., list[Any]]
# What the Internet is made of, and within it 6to4, which leads to any IPv4 address (RFC 7526).
_GLOBAL = IPv6Network("2000::/3")
_6TO4 = IPv6Network("2002::/16")
# IPv4 addresses as networks write them that have IPv6 alone (RFC 6052, section 2.1).
_TRANSLATED = IPv6Network("64:ff9b::/96")
# What versions of Python take for public, or some of it: IANA's registry of special-purpose addresses (protocol
# assignments with Oracle Cloud's metadata at 192.0.0.192, relays of 6to4, documentation), and where a machine in Azure
# finds the metadata and keys of its host.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "2001::/23", "3fff::/20")))


def is_public(address: str) -> bool:
    """Return whether *address* lies in the Internet: not loopback, private, link-local, multicast or reserved.

    An IPv4 address within an IPv6 one is judged as the IPv4 address that it leads to.
    """
    ip: IPv4Address | IPv6Address = ip_address(address)
    if isinstance(ip, IPv6Address):
        if ip in _TRANSLATED:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        elif ip not in _GLOBAL or ip in _6TO4:
            return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _SPECIAL)


class Deadline:
    """The end of the time that one delivery may take: name, connection, encryption and every line together."""

    def __init__(self, seconds: float) -> None:
        self._end = monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises `DeliveryError` (`timeout`) where there are none."""
        left = self._end - monotonic()
        if left <= 0:
            raise DeliveryError("timeout")
        return left

    @contextmanager
    def over(self, current: Callable[[], socket | None]) -> Iterator[None]:
        """Cut the *current* connection at the end: time limits of sockets are for one read, and a peer can drip.

        Raises `DeliveryError`: `timeout`, `tls` or `connection` for what goes wrong on the connection meanwhile.
        """
        over = Event()

        def cut() -> None:
            over.set()
            if (connection := current()) is not None:
                with suppress(OSError):
                    # Not the method of an encrypted socket, which the other thread is using.
                    socket.shutdown(connection, SHUT_RDWR)

        timer = Timer(self.left(), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, HTTPException) as error:
            if over.is_set():
                raise DeliveryError("timeout") from None
            if isinstance(error, SMTPException):
                raise  # The server said no, in words that want explaining.
            raise DeliveryError("tls" if isinstance(error, ssl.SSLError) else "connection") from None
        finally:
            timer.cancel()


def connect(
    host: str,
    port: int,
    *,
    deadline: Deadline,
    allow_private: bool,
    context: ssl.SSLContext | None = None,
    resolve: Resolver = getaddrinfo,
) -> socket:
    """Connect to *host*, encrypted where there is a *context*; the name is resolved once, and that very address used.

    A name that means another address a moment later gains nothing (DNS rebinding). Where one of several addresses is
    not public, none is used.

    Raises `DeliveryError`: `name`, `private`, `connection`, `tls` or `timeout`.
    """
    found = _resolved(host, port, deadline, resolve)
    if not allow_private and not all(is_public(entry[4][0]) for entry in found):
        raise DeliveryError("private", permanent=True)
    reason = "connection"
    for number, (family, kind, protocol, _, address) in enumerate(found):
        try:
            connection = socket(family, kind, protocol)
        except OSError:
            continue  # IPv6, on a machine that has none.
        try:
            # One address that does not answer leaves time for the others.
            connection.settimeout(deadline.left() / (len(found) - number))
            connection.connect(address)
            connection.settimeout(deadline.left())
            if context:
                connection = context.wrap_socket(connection, server_hostname=host)
            connection.settimeout(deadline.left() + 1)  # Cutting it comes first, and this after all.
            return connection
        except OSError as error:
            connection.close()
            if isinstance(error, ssl.SSLError):
                raise DeliveryError("tls") from None
            reason = "timeout" if isinstance(error, TimeoutError) else "connection"
        except DeliveryError:
            connection.close()
            raise
    raise DeliveryError(reason)


def _resolved(host: str, port: int, deadline: Deadline, resolve: Resolver) -> list[Any]:
    """Return what *host* resolves to; a name server that is silent is waited for no longer than anything else."""
    found: list[Any] = []

    def look() -> None:
        # UnicodeError is for names that are none.
        with suppress(OSError, UnicodeError):
            found.extend(resolve(host, port, type=SOCK_STREAM))

    thread = Thread(target=look, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if thread.is_alive():
        raise DeliveryError("timeout")
    if not found:
        raise DeliveryError("name")
    return found
