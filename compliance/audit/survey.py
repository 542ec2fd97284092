"""What the pages of a site say of it: its name and languages, its numbers and addresses, what others run on it.

A page says what it says all at once, so contradictions show: of what pages tell, only the set that contains those of
all other pages is taken for what the site says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .. import languages
from ..characters import HAN
from ..licences import KINDS
from ..outside.mailboxes import mailbox
from ..page.trackers import Catalogue, Tracker
from .checks.reporting import reporting_lines
from .checks.trackers import set_by, setter
from .hotlines import Hotline
from .loaded import loaded
from .numbers import of_a_site
from .page import Page, PageKind, shorten
from .site import Context, Fact, Seen, SiteFacts

_MOST = 8  # values of one kind on one page: beyond it a page lists those of others
_TITLE = re.compile(r"\s*[_|｜—–·]+\s*|\s+-+\s+|(?<=[^\x00-\x7f])-+|-+(?=[^\x00-\x7f])")
_LONGEST_NAME = 80  # characters
_HAN = re.compile(f"[{HAN}]")
_CHINESE = 0.2  # of the characters of a text in Chinese, with all its numbers and names
_MAILBOX = re.compile(r"(?<![\w.+\"'-])[\w.+-]{1,64}@(?:[\w-]{1,64}\.){1,8}[A-Za-z]{2,24}", re.ASCII)
_FOR_REPORTS = re.compile(r"举报|舉報|投诉|投訴|检举|jubao|report|complain|tousu", re.IGNORECASE)
_OTHER = re.compile(r"[0-9]{4,}|@|[;|。]")  # what parts a label from the one before it
_BEFORE = 24  # characters before an address that say what it is for
#: Kinds of which a host has one number.
SINGLE = frozenset({"icp", "public_security", "news", "government_site"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What *count* pages of a site say: the *values*, and the first *page* that has all of them.

    Where pages contradict each other, or say more than can be true, *certain* is false, and *values* are all of it.
    """

    values: tuple[str, ...]
    page: str
    count: int
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a site says of itself.

    *names* are by language, *licences* by kind and host (``""`` for files), *policies* titles of pages by their
    address. *trackers* are those that are known, *cookies* the names of those that answers set, each with the first
    page; *setters* says which of the trackers sets such a cookie.
    """

    address: Found | None
    languages: tuple[Found, ...]
    names: Mapping[str, Found]
    licences: Mapping[str, Mapping[str, Found]]
    telephones: Found | None
    mailboxes: Found | None
    report_mailboxes: Found | None
    policies: Mapping[str, str]
    trackers: tuple[tuple[Tracker, str], ...]
    cookies: Mapping[str, str]
    setters: Mapping[str, Tracker]


def said(page: Page, context: Context) -> Iterator[Fact]:
    """Yield what *page* says of the site that it belongs to; what `survey` reads."""
    tag = _language(page)
    if tag:
        yield Fact("language", tag)
    if name := _name(page):
        yield Fact("name", f"{tag}\t{name}")
    if page.home and (address := page.metas.get("og:url") or _canonical(page)):
        yield Fact("address", address)
    for kind, listed in of_a_site(page.numbers).items():
        yield from _together(f"licence {kind}\t{page.host or ''}", listed)
    yield from _together("telephones", {line.printed: None for line in reporting_lines(page) if _is_own(line)})
    written = dict(_mailboxes(page))
    yield from _together("mailboxes", [one for one, reports in written.items() if not reports])
    yield from _together("report mailboxes", [one for one, reports in written.items() if reports])
    if page.kind is PageKind.POLICY and (title := page.title):
        yield Fact("policy", f"{page.url}\t{shorten(title)}")
    for found in loaded(page, context.catalogue):
        yield Fact("tracker", f"{found.tracker.host}\t{found.tracker.path}")
    for cookie in set_by(page):
        yield Fact("cookie", cookie)


def survey(site: SiteFacts, catalogue: Catalogue) -> Survey:
    """Return what the pages of *site* say together, which is what they have `said`."""
    known = {(one.host, one.path): one for one in catalogue.trackers}
    cookies = {name: seen.pages[0] for name, seen in site.values("cookie").items()}
    licences: dict[str, dict[str, Found]] = {}
    for kind in KINDS:
        for name in site.names(f"licence {kind}\t"):
            found = _agreed(site.values(name), most=1 if kind in SINGLE else _MOST)
            if found is not None:
                licences.setdefault(kind, {})[name.partition("\t")[2]] = found
    return Survey(
        address=_address(site),
        languages=tuple(_languages(site)),
        names=_names(site),
        licences=licences,
        telephones=_agreed(site.values("telephones"), most=_MOST),
        mailboxes=_agreed(site.values("mailboxes"), most=1),
        report_mailboxes=_agreed(site.values("report mailboxes"), most=1),
        policies=dict(value.split("\t", 1) for value in site.values("policy")),
        trackers=tuple(
            (known[host, path], seen.pages[0])
            for value, seen in site.values("tracker").items()
            for host, path in [value.split("\t")]
        ),
        cookies=cookies,
        setters={name: tracker for name in cookies if (tracker := setter(catalogue, name)) is not None},
    )


def _address(site: SiteFacts) -> Found | None:
    """Return the address of the home page: where it was read, else, of a file, what it says itself."""
    if site.home and "://" in site.home:
        return Found(values=(site.home,), page=site.home, count=1)
    return _agreed(site.values("address"), most=1)


def _together(name: str, values: Iterable[str]) -> Iterator[Fact]:
    """Yield *values* as what one page says under *name*."""
    if listed := list(values):
        yield Fact(name, "\t".join(shorten(one) for one in listed[: _MOST + 1]))


def _agreed(told: Mapping[str, Seen], *, most: int) -> Found | None:
    """Return what the pages agree on: the values of the page that says all that others say, at most *most* of them."""
    if not told:
        return None
    sets = {tuple(value.split("\t")): seen for value, seen in told.items()}
    every = tuple(dict.fromkeys(one for values in sets for one in values))
    count = sum(seen.count for seen in sets.values())
    for values, seen in sets.items():
        if len(values) == len(every):
            return Found(values=values, page=seen.pages[0], count=count, certain=len(values) <= most)
    return Found(values=every, page=next(iter(sets.values())).pages[0], count=count, certain=False)


def _languages(site: SiteFacts) -> Iterator[Found]:
    """Yield the languages of the pages, that of most pages first; one of several spellings of a language."""
    kept: list[str] = []
    for tag, seen in sorted(site.values("language").items(), key=lambda pair: -pair[1].count):
        if not any(languages.alike(tag, one) for one in kept):
            kept.append(tag)
            yield Found(values=(tag,), page=seen.pages[0], count=seen.count)


def _names(site: SiteFacts) -> dict[str, Found]:
    """Return by language the name that most pages give the site."""
    best: dict[str, Found] = {}
    for value, seen in site.values("name").items():
        tag, _, name = value.partition("\t")
        if tag not in best or seen.count > best[tag].count:
            best[tag] = Found(values=(name,), page=seen.pages[0], count=seen.count)
    return best


def _language(page: Page) -> str:
    """Return the language that *page* says it is in, else Chinese where its text is; else nothing."""
    try:
        return languages.parse(page.lang or "")
    except ValueError:
        sample = page.text[:2_000]
        if len(_HAN.findall(sample)) <= len(sample) * _CHINESE:
            return ""
        return "zh_TW" if page.charset.lower().startswith("big5") else "zh_CN"


def _name(page: Page) -> str:
    """Return what *page* calls the site: by its metadata, else at the end of its title, of a home page at its start."""
    for name in ("og:site_name", "application-name"):
        if told := shorten(page.metas.get(name, "")):
            return told[:_LONGEST_NAME]
    parts = [part for part in _TITLE.split(shorten(page.title)) if part]
    if page.home:
        return parts[0][:_LONGEST_NAME] if parts else ""
    return parts[-1][:_LONGEST_NAME] if len(parts) > 1 else ""


def _canonical(page: Page) -> str:
    """Return the address that a page names as its own, where it names a whole one."""
    named = (link.get("href", "") for link in page.tagged("link") if link.get("rel", "").lower() == "canonical")
    return next((address for address in named if "://" in address), "")


def _is_own(line: Hotline) -> bool:
    """Return whether *line* is a telephone of the site that can be dialled, and none of an authority."""
    return line.uri is not None and not line.public


def _mailboxes(page: Page) -> Iterator[tuple[str, bool]]:
    """Yield every mailbox in the foot of *page*, and whether reports go there."""
    text = page.footer
    for match in _MAILBOX.finditer(text):
        if address := mailbox(match[0]):
            label = _OTHER.split(text[max(0, match.start() - _BEFORE) : match.start()])[-1]
            yield address, _FOR_REPORTS.search(f"{label}{address}") is not None
