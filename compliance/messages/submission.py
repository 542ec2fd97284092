"""What a reader sends: taken from a form field by field, cleaned, and refused with every reason at once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ..cases import ENTERPRISE, HARMS, NAMED, REQUEST_CATEGORIES, Kind
from ..characters import printed
from ..errors import ComplianceError
from ..licences import credit_code
from ..outside import hosts as names
from ..outside.mailboxes import is_international, mailbox
from ..outside.text import normalised

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
    "enterprise": 100,
    "credit_code": 40,
}
SHORTEST_BODY = 2
# What the form fills in itself: its sender sees nothing of it, and could mend nothing.
_HIDDEN = frozenset({"page_title"})
# So many code points can become one in composing; and a line break arrives as two.
_DECOMPOSED = 4
_LONGEST_SHOWN = 6000
RELATIONS = ("self", "representative", "other")

# What no text needs: controls but line feed and tab, and what turns the direction of the text around it (UAX 9).
_BREAK = re.compile("\r\n?|[\u2028\u2029]")
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]")
# Parameters that say only where a reader came from. WeChat's `from` has these values; another one belongs to the page.
_TRACKING = re.compile(
    r"(?:utm_[^=]*|spm|share_[^=]*|fbclid|gclid|dclid|msclkid|yclid|wfr|_hsenc|mc_[ce]id)(?:=.*)?"
    r"|from=(?:timeline|singlemessage|groupmessage)|isappinstalled=[01]",
    re.IGNORECASE | re.DOTALL,
)


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
    enterprise: str = ""
    credit_code: str = ""
    harm: str = ""

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
    international: Callable[[], bool] = lambda: True,
) -> Submission:
    """Return what *form* says.

    Args:
        categories: those that a report can have.
        hosts: whose pages can be written about, with those of the hosts below them; in ASCII.
        home: the site's address, which a path is taken from.
        international: whether mail reaches names beyond ASCII; asked only for such a one.

    Raises `SubmissionError` with every field that is wrong.
    """
    values, reasons = _texts(form)

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
    # Full-width, it is one for whoever typed it.
    if not {"@", "＠", "﹫"}.isdisjoint(values["contact"]):
        if (box := mailbox(values["contact"])) is None:
            reasons.setdefault("contact", "address")
        elif is_international(box) and not international():
            reasons.setdefault("contact", "international")
    relation = form.get("relation", "")
    if relation not in ("", *RELATIONS):
        reasons["relation"] = "unknown"
    harm = form.get("harm", "") if category == ENTERPRISE else ""
    if category in NAMED:
        reasons |= {name: "empty" for name in ("name", "contact") if not values[name]}
    if category == ENTERPRISE:
        told_of = {"enterprise": values["enterprise"], "harm": harm, "relation": relation}
        reasons |= {name: "empty" for name, value in told_of.items() if not value}
        if harm not in ("", *HARMS):
            reasons["harm"] = "unknown"
        # An enterprise abroad, and an entrepreneur alone, have none.
        if values["credit_code"]:
            try:
                values["credit_code"] = credit_code(values["credit_code"])
            except ValueError:
                reasons.setdefault("credit_code", "code")
    if kind is Kind.REPORT and not form.get("truth"):
        reasons["truth"] = "empty"
    if reasons:
        raise SubmissionError(reasons)
    return Submission(kind=kind, category=category, language=language, relation=relation, harm=harm, **values)


def _texts(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return every text of *form* as it is kept, and why some cannot be."""
    values: dict[str, str] = {}
    reasons: dict[str, str] = {}
    for name, longest in LONGEST.items():
        sent = form.get(name, "")
        value = _cleaned(sent, longest=longest, lines=name in ("body", "excerpt"))
        if name in _HIDDEN:
            value = value.replace("\ufffd", "")[:longest].strip()
        elif _is_garbled(value):
            reasons[name] = "encoding"
        elif _is_long(sent, value, longest):
            reasons[name] = "long"
        values[name] = value
    return values, reasons


def cleaned(text: str, *, longest: int) -> str | None:
    """Return *text* of several lines as it is kept; None where it has more than *longest* code points."""
    kept = _cleaned(text, longest=longest, lines=True)
    return None if _is_long(text, kept, longest) else kept


def _is_long(sent: str, kept: str, longest: int) -> bool:
    return len(kept) > longest or len(sent) > _DECOMPOSED * longest


def is_empty(text: str) -> bool:
    """Return whether nobody could see anything of *text*."""
    return not printed(text)


def shown_again(text: str) -> str:
    """Return what was sent as a form shows it again, whatever it was."""
    return _HARMFUL.sub("", _BREAK.sub("\n", normalised(text, longest=_LONGEST_SHOWN)))


def _cleaned(text: str, *, longest: int, lines: bool) -> str:
    text = text[: _DECOMPOSED * longest + 1].encode("utf-8", "replace").decode("utf-8")  # lone surrogates
    # What is taken out may have stood between marks: they are counted after that.
    text = _HARMFUL.sub("", _BREAK.sub("\n", text))
    text = normalised(text, longest=len(text))
    if not lines:
        text = " ".join(text.split())
    return text.strip()


def _is_garbled(text: str) -> bool:
    """Return whether *text* was sent in another charset: it arrives as replacement characters.

    One or the other may be quoted from a page, which then says something else beside it.
    """
    lost = text.count("\ufffd")
    return lost > 0 and 2 * lost >= sum(not character.isascii() for character in text)


def _address(text: str, *, hosts: frozenset[str], home: str) -> str:
    """Return the address of a page of this site as it was sent, less what only tracks; or why *text* is none."""
    if text.startswith("/") and not text.startswith(("//", "/\\")):
        text = urljoin(home, text)
    elif names.is_under(names.host_of(f"//{text}"), hosts):
        text = f"{urlsplit(home).scheme}://{text}"
    parts = names.split(text)
    if parts is None or parts.scheme not in ("http", "https") or "@" in parts.netloc or re.search(r"\s", text):
        return "address"
    if not names.is_under(names.host_of(text), hosts):
        return "elsewhere"
    # Not taken apart further: other charsets, empty values and routes in the fragment are the site's own business.
    path, query, fragment = parts.path or "/", _untracked(parts.query), parts.fragment
    if "?" in fragment:
        route, _, said = fragment.partition("?")
        fragment = f"{route}?{_untracked(said)}".removesuffix("?")
    return f"{parts.scheme}://{parts.netloc.lower()}{path}{query and f'?{query}'}{fragment and f'#{fragment}'}"


def _untracked(query: str) -> str:
    return "&".join(pair for pair in query.split("&") if not _TRACKING.fullmatch(pair))


def page_hash(page: str) -> str:
    """Return the hash by which reports of one *page* find each other, whatever their scheme and place on the page."""
    if not (parts := names.split(page)):
        return hashlib.sha256(page.encode()).hexdigest() if page else ""
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    # Where the fragment is a route it names the page (#/detail?id=5), else a place on it (#comment-88).
    route = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    where = f"{names.host_of(page)}{port}{parts.path}{query}".rstrip("/")
    return hashlib.sha256(f"{where}{route}".encode()).hexdigest()
