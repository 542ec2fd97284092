"""Addresses in the settings: of pages, of mailboxes, of services."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult

from pydantic import AfterValidator, ValidationInfo

from ..errors import Message
from ..outside.hosts import ascii_host, split
from ..outside.mailboxes import mailbox
from .table import Context

_SERVICE = re.compile(r"[a-z][a-z0-9+.-]*://\S*", re.IGNORECASE | re.ASCII)
# PostgreSQL cuts what is longer without a word, and two sites would share a schema.
_SCHEMA = re.compile(r"(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")
_HOST = re.compile(r"(?!.*[.]{2})[^\W_][\w.-]*", re.IGNORECASE)
# Names under which anybody registers one, as far as a short rule knows them (all of them: publicsuffix.org). Browsers
# know the rest, and refuse the cookie.
_SHARED = re.compile(
    r"[^.]+|(?:com|net|org|gov|edu|ac|mil|co|or|ne|go|gob|nom|idv|info)[.][a-z]{2}"
    r"|(?:ah|bj|cq|fj|gd|gs|gx|gz|ha|hb|he|hi|hk|hl|hn|jl|js|jx|ln|mo|nm|nx|qh|sc|sd|sh|sn|sx|tj|tw|xj|xz|yn|zj)[.]cn"
    r"|(?:github|gitee|gitlab|readthedocs)[.]io|(?:pages|workers|fly|deno)[.]dev|(?:vercel|netlify|web)[.]app"
    r"|(?:herokuapp|firebaseapp|appspot|blogspot|onrender|pythonanywhere|tcloudbaseapp)[.]com|azurewebsites[.]net"
)


def _split(value: str) -> SplitResult | None:
    """Return the parts of the web address *value*, ``None`` if it is none."""
    if not (parts := split(value)):
        return None
    plausible = "[" in parts.netloc or _HOST.fullmatch(parts.hostname or "")
    # A password in an address that readers follow is public.
    sound = parts.scheme in ("http", "https") and plausible and "@" not in parts.netloc
    return parts if sound and not re.search(r"[\s\x00-\x1f\x7f\"<>\\^`{|}]", value) else None


def _web_address(value: str) -> str:
    if not _split(value):
        raise ValueError(
            Message("write the whole address with http:// or https://, such as 'https://www.example.org/page'")
        )
    return value


def _site_address(value: str) -> str:
    parts = _split(value)
    if not parts or parts.query or parts.fragment:
        raise ValueError(
            Message("write the address of the home page with http:// or https://, such as 'https://www.example.org'")
        )
    return value.rstrip("/")


def _picture_address(value: str) -> str:
    if not _split(value) and not re.fullmatch(r"/(?!/)[^\s\"<>\\]*", value):
        raise ValueError(Message("write where the picture lies, such as '/static/shield.png'"))
    return value


def _is_plain_mailbox(value: str) -> bool:
    """Return whether every mail server takes *value*: letters beyond ASCII need SMTPUTF8 (RFC 6531)."""
    return value.isascii() and mailbox(value) == value


def _email_address(value: str) -> str:
    if not _is_plain_mailbox(value):
        raise ValueError(Message("write one e-mail address, such as 'editors@example.org'"))
    return value


def _service_address(value: str) -> str:
    if not _SERVICE.fullmatch(value):
        raise ValueError(Message("write the address of the service with its scheme"))
    return value


def _schema(value: str) -> str:
    if not _SCHEMA.fullmatch(value):
        raise ValueError(
            Message(
                "write up to 63 small letters, digits and underscores, such as 'news'; what begins with pg_ and"
                " information_schema are the server's own"
            )
        )
    return value


def _recipient(value: str, info: ValidationInfo) -> str:
    parts = _split(value)
    schemes = ("https", "http") if Context.of(info).private else ("https",)
    if not _is_plain_mailbox(value) and not (parts and parts.scheme in schemes):
        raise ValueError(Message("write an e-mail address, or the address of a webhook with https://"))
    return value


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ValueError(Message("write a path with a slash in front and none at the end, such as '/compliance'"))
    return value


def host_name(value: str) -> str:
    """Return the host name *value* as browsers send it; `ValueError` where it is none."""
    name = ascii_host(value)
    if not _HOST.fullmatch(name):
        raise ValueError(
            Message("write the name of a host without http:// and without port, such as 'www.example.org'")
        )
    return name


def _cookie_domain(value: str, info: ValidationInfo) -> str:
    name, host = host_name(value.removeprefix(".")), Context.of(info).host
    if not f".{host}".endswith(f".{name}") or re.search(r"(?:^|[.])[0-9]+$", name):
        own = host or Message("the host of site.url")
        raise ValueError(Message("write the site's own domain: %(host)s, or what stands above it", host=own))
    if _SHARED.fullmatch(name):
        raise ValueError(
            Message("write the domain that is the site's alone: browsers keep no cookie for one that many share")
        )
    return name


def _folder(value: str, info: ValidationInfo) -> Path:
    folder: Path = Context.of(info).folder / value
    if not folder.is_dir():
        raise ValueError(
            Message(
                "there is no folder %(folder)s; make it, or leave the key out for the built-in texts", folder=folder
            )
        )
    return folder


def _file(value: str, info: ValidationInfo) -> Path:
    file: Path = Context.of(info).folder / value
    if not file.is_file():
        raise ValueError(Message("there is no file %(file)s; make it, or leave the key out", file=file))
    return file


WebAddress = Annotated[str, AfterValidator(_web_address)]
SiteAddress = Annotated[str, AfterValidator(_site_address)]
PictureAddress = Annotated[str, AfterValidator(_picture_address)]
EmailAddress = Annotated[str, AfterValidator(_email_address)]
ServiceAddress = Annotated[str, AfterValidator(_service_address)]
Schema = Annotated[str, AfterValidator(_schema)]
Recipient = Annotated[str, AfterValidator(_recipient)]
Prefix = Annotated[str, AfterValidator(_prefix)]
CookieDomain = Annotated[str, AfterValidator(_cookie_domain)]
Host = Annotated[str, AfterValidator(host_name)]
Folder = Annotated[Path, AfterValidator(_folder)]
File = Annotated[Path, AfterValidator(_file)]
