"""Who learns of readers through a site's pages, in list form, and whether they are abroad."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from .page.trackers import Catalogue, abroad
from .settings import Settings, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One who receives what readers' browsers send to *hosts*, in the *category* that readers allow.

    *name* and *country* (ISO 3166-1) are missing where nobody says them, *purpose* where it is that of the category.
    *policy* leads to the recipient's own statement on privacy.
    """

    category: str
    name: Text | None
    country: str | None
    purpose: Text | None
    policy: str | None
    hosts: tuple[str, ...]
    cookies: tuple[str, ...]

    @property
    def abroad(self) -> bool | None:
        """Whether the recipient is outside mainland China (PIPL art. 38, 39), None where nobody says it."""
        return abroad(self.country)


_catalogue = cache(Catalogue)


def recipients(settings: Settings) -> tuple[Recipient, ...]:
    """Return who *settings* name in ``consent.trackers``; entries that differ in their address only are one.

    The catalogue knows many more, but which of them its pages load only the site knows. Name and country that the site
    leaves out are taken from there.
    """
    known, found = _catalogue(), dict[tuple[object, ...], Recipient]()
    for tracker in settings.consent.trackers:
        listed = known.match(f"//{tracker.host}{tracker.path}")
        one = Recipient(
            category=tracker.category,
            name=tracker.provider or (Text.model_construct(listed.provider) if listed else None),
            country=tracker.country or (listed.country if listed else None),
            purpose=tracker.purpose,
            policy=tracker.policy,
            hosts=(tracker.host if tracker.host != "*" else tracker.path,),
            cookies=tracker.cookies or (listed.cookies if listed else ()),
        )
        key = (one.category, one.name or one.hosts, one.country, one.purpose, one.policy)
        if before := found.get(key):
            hosts, cookies = (*before.hosts, *one.hosts), (*before.cookies, *one.cookies)
            one = replace(one, hosts=tuple(dict.fromkeys(hosts)), cookies=tuple(dict.fromkeys(cookies)))
        found[key] = one
    return tuple(found.values())
