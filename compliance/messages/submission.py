"""What a reader sends: taken from a form field by field, cleaned, and refused with every reason at once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from ..cases import NAMED, REQUEST_CATEGORIES, Kind
from ..characters import is_mailbox, printed
from ..errors import ComplianceError

#: The longest value of each field, in code points.
LONGEST = {
    "subject": 100,
    "body": 5000,
    "page": 2000,
    "page_title": 300,
    "excerpt": 1000,
    "seen": 40,
    "name": 60,
    "contact": 120,
}
SHORTEST_BODY = 2
RELATIONS = ("self", "representative", "other")

# What no text needs: controls but line feed and tab, and what turns the direction of the text around it (UAX 9).
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
_TRACKING = re.compile(r"utm_.*|spm|from|share_.*|fbclid|gclid|dclid|msclkid|yclid|wfr|_hsenc|mc_[ce]id", re.IGNORECASE)


class SubmissionError(ComplianceError):
    """A form that cannot be taken as it was filled in; *reasons* says in a word what is wrong with which field."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(dict(reasons))
        self.reasons = dict(reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A message, report, request or correction that can be accepted."""

    kind: Kind
    category: str = ""
    language: str
    subject: str = ""
    body: str
    page: str = ""
    page_title: str = ""
    excerpt: str = ""
    seen: str = ""
    relation: str = ""
    name: str = ""
    contact: str = ""

    def fields(self) -> dict[str, str]:
        """Return every field by its name."""
        return {name: getattr(self, name) for name in self.__slots__}


def read(
    form: Mapping[str, str],
    *,
    kind: Kind,
    language: str,
    categories: tuple[str, ...],
    hosts: frozenset[str],
    home: str,
) -> Submission:
    """Return what *form* says.

    Args:
        categories: those that a report can have.
        hosts: whose pages can be written about.
        home: the site's address, which a path is taken from.

    Raises `SubmissionError` with every field that is wrong.
    """
    values = {name: _cleaned(form.get(name, ""), lines=name in ("body", "excerpt")) for name in LONGEST}
    reasons = {name: "long" for name, value in values.items() if len(value) > LONGEST[name]}
    # A form in another charset arrives as replacement characters: what it said is lost.
    reasons |= {name: "encoding" for name, value in values.items() if "\ufffd" in value}

    if len(printed(values["body"])) < SHORTEST_BODY:
        reasons["body"] = "empty"
    offered = {Kind.REPORT: categories, Kind.PERSONAL_INFORMATION: REQUEST_CATEGORIES}.get(kind, ("",))
    category = form.get("category", "") if kind in (Kind.REPORT, Kind.PERSONAL_INFORMATION) else ""
    if category not in offered:
        reasons["category"] = "unknown" if category else "empty"
    if values["page"] and "page" not in reasons:
        address = _address(values["page"], hosts=hosts, home=home)
        if address in ("address", "elsewhere"):
            reasons["page"] = address
        else:
            values["page"] = address
    # A report says where, by the address or in words; a correction is of a page.
    told = values["page"] or (kind is Kind.REPORT and values["excerpt"])
    if kind in (Kind.REPORT, Kind.CORRECTION) and not told:
        reasons["page"] = "empty"
    if "@" in values["contact"] and not is_mailbox(values["contact"]):
        reasons.setdefault("contact", "address")
    relation = form.get("relation", "")
    if relation not in ("", *RELATIONS):
        reasons["relation"] = "unknown"
    if category in NAMED:
        reasons |= {name: "empty" for name in ("name", "contact") if not values[name]}
    if kind is Kind.REPORT and not form.get("truth"):
        reasons["truth"] = "empty"
    if reasons:
        raise SubmissionError(reasons)
    return Submission(kind=kind, category=category, language=language, relation=relation, **values)


def cleaned(text: str) -> str:
    """Return *text* of several lines as it is kept."""
    return _cleaned(text, lines=True)


def is_empty(text: str) -> bool:
    """Return whether nobody could see anything of *text*."""
    return not printed(text)


def _cleaned(text: str, *, lines: bool) -> str:
    text = text.encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _HARMFUL.sub("", text)
    if not lines:
        text = " ".join(text.split())
    return text.strip()


def _address(text: str, *, hosts: frozenset[str], home: str) -> str:
    """Return the address of a page of this site without what only tracks, or why *text* is none."""
    if text.startswith("/") and not text.startswith(("//", "/\\")):
        text = urljoin(home, text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return "address"
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or re.search(r"\s", text):
        return "address"
    if parts.hostname.lower() not in hosts:
        return "elsewhere"
    host = parts.hostname.lower() if port is None else f"{parts.hostname.lower()}:{port}"
    query = [
        (key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(key)
    ]
    return urlunsplit((parts.scheme, host, parts.path or "/", urlencode(query), ""))


def page_hash(page: str) -> str:
    """Return the hash by which reports of one *page* find each other, whatever their scheme."""
    return hashlib.sha256(page.partition("://")[2].rstrip("/").encode()).hexdigest() if page else ""
