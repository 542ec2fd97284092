"""What a site says of itself as answers to the questions of `init`, each with the page that it was found on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import Message
from ...page.trackers import Tracker
from ...settings import NECESSARY
from ...settings.toml import Value, comment, written
from .questions import MODE

if TYPE_CHECKING:
    from ...audit.survey import Found, Survey

Telling = Callable[[Message], str]
_MOST = 40  # trackers, cookies and policies that are written down


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A *value* for a question, and where it comes from as a *note*; the value is None where pages contradict."""

    value: Value | None
    note: Message


def proposals(surveys: Sequence[Survey]) -> dict[str, Proposal]:
    """Return what *surveys*, one for each host that was read, propose, by the key."""
    from ...audit.loaded import is_optional, vendor  # what reads pages is an extra

    first = surveys[0]
    made: dict[str, Proposal] = {}
    tags = list(dict.fromkeys(one.values[0] for survey in surveys for one in survey.languages))
    if tags:
        made["site.languages"] = Proposal(value=[*tags], note=_found(first.languages or surveys[-1].languages))
    names = {tag: found for survey in reversed(surveys) for tag, found in survey.names.items()}
    told = {tag: names[tag] for tag in tags if tag in names}
    if told:
        value: Value = {tag: found.values[0] for tag, found in told.items()}
        # A plain string is in the first language.
        plain = told.keys() == {tags[0]}
        made["site.name"] = Proposal(value=told[tags[0]].values[0] if plain else value, note=_found([*told.values()]))
    single = (
        ("site.url", first.address),
        ("site.email", first.mailboxes),
        ("reporting.telephone", first.telephones),
        ("reporting.email", first.report_mailboxes),
    )
    for key, found in single:
        if found:
            made[key] = _proposal(found)
    for kind in dict.fromkeys(kind for survey in surveys for kind in survey.licences):
        hosts = {host: found for survey in surveys for host, found in survey.licences.get(kind, {}).items()}
        made[f"licences.{kind}"] = _by_host(hosts)
    asked = [(one, page) for survey in surveys for one, page in survey.trackers if is_optional(one)]
    if asked:
        tracker, page = asked[0]
        note = Message("Found on %(page)s: %(tracker)s, which waits for consent.", page=page, tracker=vendor(tracker))
        made[MODE] = Proposal(value="opt-in", note=note)
    return made


def notes(surveys: Sequence[Survey], tags: Sequence[str], tell: Telling) -> dict[str, list[str]]:
    """Return what else was found on a site in the languages *tags*, as lines at the end of a table by its name.

    They are comments, until the owner confirms them.
    """
    return {"consent": [*_consent(surveys, tags, tell)], "legal": [*_legal(surveys, tell)]}


def _consent(surveys: Sequence[Survey], tags: Sequence[str], tell: Telling) -> Iterator[str]:
    trackers = {id(one): (one, page) for survey in reversed(surveys) for one, page in survey.trackers}
    for tracker, page in [*trackers.values()][:_MOST]:
        yield comment(tell(Message("Found on %(page)s, and known already: it waits as it stands here.", page=page)))
        yield "#[[consent.trackers]]"
        yield f"#host = {written(tracker.host)}"
        if tracker.path != "/":
            yield f"#path = {written(tracker.path)}"
        yield f"#category = {written(tracker.category)}"
        yield f"#provider = {written(_provider(tracker, tags))}"
        if tracker.country:
            yield f"#country = {written(tracker.country)}"
    cookies = {name: (survey, page) for survey in reversed(surveys) for name, page in survey.cookies.items()}
    for name, (survey, page) in [*cookies.items()][:_MOST]:
        setter = survey.setters.get(name)
        yield comment(tell(Message("Found on %(page)s: say what it is for, and how long it is kept.", page=page)))
        yield "#[[consent.cookies]]"
        yield f"#name = {written(name)}"
        yield f"#category = {written(setter.category if setter else NECESSARY)}"
        if setter:
            yield f"#provider = {written(_provider(setter, tags))}"
        yield '#purpose = "…"'


def _provider(tracker: Tracker, tags: Sequence[str]) -> Value:
    """Return what *tracker* is called in the languages *tags*, as far as they are known, else in any."""
    return {tag: name for tag, name in tracker.provider.items() if tag in tags} or next(iter(tracker.provider.values()))


def _legal(surveys: Sequence[Survey], tell: Telling) -> Iterator[str]:
    policies = {page: title for survey in surveys for page, title in survey.policies.items()}
    if policies:
        yield comment(tell(Message("The site has these policies already; see docs/documents.md on how to keep them:")))
        yield from (comment(f"{title} – {page}") for page, title in [*policies.items()][:_MOST])


def _proposal(found: Found) -> Proposal:
    if not found.certain:
        return Proposal(value=None, note=_contradiction(found))
    return Proposal(value=_value(found), note=_found((found,)))


def _by_host(hosts: Mapping[str, Found]) -> Proposal:
    """Return one proposal for all *hosts*: what all of them show, or what each shows."""
    if doubtful := next((found for found in hosts.values() if not found.certain), None):
        return Proposal(value=None, note=_contradiction(doubtful))
    values = {host: _value(found) for host, found in hosts.items()}
    same = len({found.values for found in hosts.values()}) == 1
    return Proposal(value=next(iter(values.values())) if same else values, note=_found(tuple(hosts.values())))


def _value(found: Found) -> Value:
    return found.values if len(found.values) > 1 else found.values[0]


def _found(found: Sequence[Found]) -> Message:
    pages = ", ".join(dict.fromkeys(one.page for one in found))
    return Message("Found on %(pages)s; please confirm it.", pages=pages)


def _contradiction(found: Found) -> Message:
    return Message(
        "Pages show more than one, such as %(page)s: %(values)s.", page=found.page, values=", ".join(found.values)
    )
