"""How a site is reached: encrypted or not, by which addresses, with which certificate and protocol."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from ..outside.hosts import host_of
from ..page.policies import sources
from .crawl import MOST_REDIRECTS, canonical, site_of
from .findings import Finding
from .rules import rules
from .targets import Response

_TIMEOUT = 10  # seconds for each thing that is asked
_SOON = 21  # days before its end by which a certificate is renewed everywhere
_LONG = 15_768_000  # seconds, half a year: browsers come back that late
_AGE = re.compile(r'max-age\s*=\s*"?(\d{1,12})', re.IGNORECASE)
# Sources of scripts that let in what others put on a page.
_OPEN = frozenset({"*", "http:", "https:", "data:", "'unsafe-inline'", "'unsafe-eval'"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How the site at *address*, its home page, is reached.

    *plain* are the addresses that its unencrypted one leads through, that itself first, none where nothing answers
    there. *encrypted* tells whether the encrypted one answers, *ends* when its certificate does, None where it proves
    nothing; *http2* whether HTTP/2 is offered, *ipv6* whether the name has an address of IPv6, None where nobody said.
    """

    address: str
    plain: Sequence[str] = ()
    encrypted: bool = False
    ends: datetime | None = None
    http2: bool = False
    ipv6: bool | None = None


def transport_of(address: str, *, plain: str | None = None) -> Transport:
    """Ask how the site whose home page is at *address* is reached: once unencrypted, once for its certificate.

    *plain* is its unencrypted address, where it is not the usual one.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "", parts.port
    if plain is None and port is None:
        plain = f"http://{parts.netloc}/"
    encrypted, ends, http2 = _shaken(host, port if port and parts.scheme == "https" else 443)
    return Transport(
        address=address,
        plain=_led(plain) if plain else (),
        encrypted=encrypted or parts.scheme == "https",
        ends=ends,
        http2=http2,
        ipv6=_has_ipv6(host),
    )


def _led(address: str) -> Sequence[str]:
    """Return the addresses of the site that *address* redirects through, itself first; none where nothing answers."""
    seen: list[str] = []
    with urllib3.PoolManager(timeout=_TIMEOUT, retries=False, cert_reqs="CERT_NONE") as pool:
        while len(seen) <= MOST_REDIRECTS:
            if urlsplit(address).scheme == "https":
                return [*seen, address]  # what happens there is read with the pages
            try:
                answer = pool.request("GET", address, redirect=False, preload_content=False)
                answer.close()
            except HTTPError:
                return seen
            seen.append(address)
            target = canonical(urljoin(address, answer.headers.get("Location") or "")) if answer.status < 400 else ""
            if not answer.headers.get("Location") or not target or target in seen:
                return seen
            if site_of(target)[0] != site_of(address)[0]:
                return [*seen, target]
            address = target
    return seen


def _shaken(host: str, port: int) -> tuple[bool, datetime | None, bool]:
    """Return whether *host* speaks TLS, until when its certificate is valid if it proves something, and of HTTP/2."""
    for proving in (True, False):
        context = ssl.create_default_context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        if not proving:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            suppress(OSError),  # such as a certificate that proves nothing, which is told with the pages
            socket.create_connection((host, port), timeout=_TIMEOUT) as connection,
            context.wrap_socket(connection, server_hostname=host) as channel,
        ):
            end = (channel.getpeercert() or {}).get("notAfter")
            ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(end)), UTC) if end else None
            return True, ends, channel.selected_alpn_protocol() == "h2"
    return False, None, False


def _has_ipv6(host: str) -> bool | None:
    """Return whether the name *host* has an address of IPv6; None for an address, or where nobody answers."""
    with suppress(ValueError):
        ip_address(host)
        return None
    try:
        return bool(socket.getaddrinfo(host, None, socket.AF_INET6, socket.SOCK_STREAM))
    except socket.gaierror as error:
        return None if error.errno == socket.EAI_AGAIN else False


def judged(transport: Transport, home: Response, today: date) -> Iterator[Finding]:
    """Yield what is wrong with *transport*, and with what the headers of the page *home* say of it."""
    address = transport.address
    if transport.ipv6 is False:
        yield _found("C817", address, host=host_of(address))
    if not transport.encrypted:
        yield _found("C811", address, address=address)
        return
    if transport.plain and urlsplit(transport.plain[-1]).scheme != "https":
        yield _found("C812", address, address=transport.plain[0])
    if transport.ends is not None and 0 <= (days := (transport.ends.date() - today).days) <= _SOON:
        yield _found("C813", address, day=transport.ends.date().isoformat(), days=str(days))
    if not transport.http2:
        yield _found("C818", address)
    if urlsplit(home.url).scheme == "https":
        yield from _guarded(address, home)


def _guarded(address: str, home: Response) -> Iterator[Finding]:
    """What the headers of an encrypted page leave open."""
    age = _AGE.search(home.header("strict-transport-security") or "")
    if age is None or int(age[1]) < _LONG:
        yield _found("C814", address, age=age[1] if age else "–")
    policy = home.header("content-security-policy")
    if policy is None:
        yield _found("C815", address)
    elif weak := weaknesses(policy):
        yield _found("C816", address, sources=" ".join(weak))


def weaknesses(policy: str) -> Sequence[str]:
    """Return which sources of the *policy* let in scripts that others put on a page; ``script-src`` if it names none.

    Beside a nonce or a hash ``'unsafe-inline'`` counts for nothing, and beside ``'strict-dynamic'`` no host does
    (CSP 3, sections 6.7.3.2 and 8.2).
    """
    named = sources(policy.partition(",")[0], "script")
    if named is None:
        return ["script-src"]
    weak = [one for one in named if one in _OPEN]
    if any(one.startswith(("'nonce-", "'sha")) for one in named):
        weak = [one for one in weak if one != "'unsafe-inline'"]
    if "'strict-dynamic'" in named:
        weak = [one for one in weak if one.startswith("'")]
    return weak


def _found(rule: str, page: str, **values: str) -> Finding:
    return Finding(rule=rules()[rule], page=page, values=values)
