"""Who learns of readers through a site's pages, in list form, and whether they are abroad."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

from .errors import Message, Problem
from .page.trackers import Catalogue, abroad
from .settings import NECESSARY, Settings, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One who receives what readers' browsers send to *hosts*, in the *category* that readers allow.

    *name* and *country* (ISO 3166-1) are missing where nobody says them, *purpose* where it is that of the category,
    *method* and *information* where they are those of every request. *policy* leads to the recipient's own statement on
    privacy. One that is *entrusted* works for the site under a contract (PIPL art. 21), others do not (art. 23).
    """

    category: str
    name: Text | None
    country: str | None
    purpose: Text | None
    policy: str | None
    contact: Text | None
    method: Text | None
    information: Text | None
    entrusted: bool
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
    found = dict[tuple[object, ...], Recipient]()
    for tracker in settings.consent.trackers:
        listed = _catalogue().match(f"//{tracker.host}{tracker.path}")
        one = Recipient(
            category=tracker.category,
            name=tracker.provider or (Text.model_construct(listed.provider) if listed else None),
            country=tracker.country or (listed.country if listed else None),
            purpose=tracker.purpose,
            policy=tracker.policy,
            contact=tracker.contact,
            method=tracker.method,
            information=tracker.information,
            entrusted=tracker.entrusted,
            hosts=(tracker.host if tracker.host != "*" else tracker.path,),
            cookies=tracker.cookies or (listed.cookies if listed else ()),
        )
        told = (one.purpose, one.policy, one.contact, one.method, one.information, one.entrusted)
        key = (one.category, one.name or one.hosts, one.country, *told)
        if before := found.get(key):
            hosts, cookies = (*before.hosts, *one.hosts), (*before.cookies, *one.cookies)
            one = replace(one, hosts=tuple(dict.fromkeys(hosts)), cookies=tuple(dict.fromkeys(cookies)))
        found[key] = one
    return tuple(found.values())


def separate(settings: Settings, category: str) -> bool:
    """Return whether agreeing to *category* is separate consent to all that it allows (PIPL art. 23 and 39).

    It is where readers are asked before, and the category has nothing but recipients abroad, or nothing but recipients
    in the mainland that handle for themselves what they receive.
    """
    if settings.consent.mode != "opt-in" or category == NECESSARY:
        return False
    found = [one for one in recipients(settings) if one.category == category]
    return not _own_cookies(settings, category) and (
        all(one.abroad for one in found) or all(not one.abroad and not one.entrusted for one in found)
    )


def mixed(settings: Settings) -> tuple[Problem, ...]:
    """Return where *settings* ask readers with one box for what takes separate consent and for other things.

    A box that allows other things, too, is no separate consent (PIPL art. 23 and 39).
    """
    if settings.consent.mode != "opt-in":
        return ()
    return tuple(
        Problem(
            key="consent.trackers",
            value=", ".join(one.hosts),
            remedy=Message(
                "%(takes)s: put it into a category of its own, apart from what else is in '%(category)s'%(beside)s,"
                ' such as [consent.categories.%(apart)s] with name = "…", and write category = "%(apart)s" here%(or)s',
                **{"takes": _takes(one), "category": one.category, "beside": _beside(settings, one.category)},
                **{"apart": _apart(one), "or": _or(one)},
            ),
        )
        for one in _need_consent(settings)
        if not separate(settings, one.category)
    )


def doubts(settings: Settings) -> tuple[Problem, ...]:
    """Return what takes separate consent by *settings* that ask nobody before (PIPL art. 23 and 39)."""
    if settings.consent.mode == "opt-in":
        return ()
    return tuple(
        Problem(
            key="consent.trackers",
            value=", ".join(one.hosts),
            remedy=Message(
                "%(takes)s, which nobody gives in the mode '%(mode)s': write \"opt-in\", with a category of its own for"
                " it%(or)s",
                **{"takes": _takes(one), "mode": settings.consent.mode, "or": _or(one)},
            ),
        )
        for one in _need_consent(settings)
    )


def unnamed(settings: Settings) -> tuple[Problem, ...]:
    """Return whose cookies *settings* list without naming them among the recipients.

    Contact, method and kinds of information, which readers have to be told (PIPL art. 23), would be missing.
    """
    found = recipients(settings)
    names = {word for one in found if one.name for word in one.name.root.values()}
    theirs = {cookie for one in found for cookie in one.cookies}
    by_provider: dict[Text, list[str]] = {}
    for cookie in settings.consent.cookies:
        if cookie.provider and cookie.name not in theirs and names.isdisjoint(cookie.provider.root.values()):
            by_provider.setdefault(cookie.provider, []).append(cookie.name)
    return tuple(
        Problem(
            key="consent.cookies",
            value=", ".join(cookies),
            remedy=Message(
                "the policies tell neither contact nor method of '%(provider)s', nor what it receives (PIPL art. 23):"
                " name it in [[consent.trackers]], too, with host, contact, method and information; leave provider out"
                " where nobody else reads the cookie",
                provider=provider.get(),
            ),
        )
        for provider, cookies in by_provider.items()
    )


def _takes(recipient: Recipient) -> str:
    if recipient.abroad:
        return Message(
            "it is in %(country)s, and what goes abroad takes separate consent (PIPL art. 39)",
            country=recipient.country,
        )
    return Message("its operator handles for itself what it receives, which takes separate consent (PIPL art. 23)")


def _own_cookies(settings: Settings, category: str) -> list[str]:
    return [one.name for one in settings.consent.cookies if one.category == category and not one.provider]


def _beside(settings: Settings, category: str) -> str:
    """Return the cookies there that nobody else is said to set: some may be the recipient's."""
    own = ", ".join(_own_cookies(settings, category))
    if not own:
        return ""
    return Message(" (as your own cookies: %(cookies)s; a cookie of others takes a provider)", cookies=own)


def _apart(recipient: Recipient) -> str:
    return "abroad" if recipient.abroad else "partners"


def _or(recipient: Recipient) -> str:
    if recipient.abroad:
        return ""
    return Message(", or entrusted = true where it works for you under a contract (PIPL art. 21)")


def _need_consent(settings: Settings) -> list[Recipient]:
    found = [one for one in recipients(settings) if one.category != NECESSARY]
    return [one for one in found if one.abroad or not one.entrusted]


def held_for_good(settings: Settings) -> tuple[Problem, ...]:
    """Return what is held and can never be released, for no reader is asked about its category."""
    consent = settings.consent
    if consent.mode == "notice":
        return ()
    own = {(tracker.host, tracker.path) for tracker in consent.trackers}
    hosts: dict[str, list[str]] = {}
    for tracker in _catalogue().trackers:
        asked = tracker.category == NECESSARY or tracker.category in consent.categories
        if not asked and (tracker.host, tracker.path) not in own:
            hosts.setdefault(tracker.category, []).append(tracker.host if tracker.host != "*" else tracker.path)
    return tuple(
        Problem(
            key="consent.categories",
            value=", ".join(consent.categories) or Message("none"),
            remedy=Message(
                "nobody is asked about '%(category)s', so what loads from %(hosts)s is held for good: add"
                " '%(category)s', or file what your pages need elsewhere, such as [[consent.trackers]] with"
                ' host = "%(first)s" and category = "necessary"',
                category=category,
                hosts=", ".join(dict.fromkeys(found)),
                first=found[0],
            ),
        )
        for category, found in hosts.items()
    )
