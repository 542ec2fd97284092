"""What readers of the demo decided within a month: made up, the same every time, about two versions of the policies."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from compliance.deadlines import SHANGHAI, day
from compliance.documents import POLICIES
from compliance.ledger import Entry, Text
from compliance.views import SiteState

from .articles import read_articles

DAYS = 30
#: Until so many days ago the site counted its visits, asked for that, and had other policies.
_CHANGED = 12
_EARLIER = "2025.2"
_CATEGORIES = ("functional", "analytics")
_LANGUAGES = (("zh_CN", "zh/", 0.55), ("en", "", 0.45))


def fill(site: SiteState, *, now: datetime) -> None:
    """Put the decisions into the ledger of *site*, the oldest first."""
    texts = [_earlier(text) for text in _texts(site)], _texts(site)
    entries = list(_decisions(site, texts, now))
    ended = day(now) - timedelta(days=_CHANGED)
    for lasts, about in ((True, texts[0]), (False, texts[1])):
        site.ledger.append([one for one in entries if (day(one.time) < ended) is lasts], about)


def _decisions(site: SiteState, texts: tuple[list[Text], list[Text]], now: datetime) -> Iterator[Entry]:
    chance, slugs = Random(DAYS), [article.slug for article in read_articles("en").values()]
    known: dict[str, list[str]] = {language: [] for language, *_ in _LANGUAGES}
    current = site.documents.policy(day(now))
    for ago in range(DAYS, -1, -1):
        asked = ago > _CHANGED
        about = texts[0] if asked else texts[1]
        for moment in _moments(chance, day(now) - timedelta(days=ago)):
            language, prefix, _ = chance.choices(_LANGUAGES, [share for *_, share in _LANGUAGES])[0]
            back = bool(known[language]) and chance.random() < 0.06
            method = "withdraw" if back else chance.choices(("accept", "reject", "custom"), (60, 28, 12))[0]
            if not (asked or back):
                method = "accept"
            record = base64.urlsafe_b64encode(chance.randbytes(12)).decode()
            before = known[language].pop(chance.randrange(len(known[language]))) if back else None
            if not back:
                known[language].append(record)
            if moment < now:
                yield Entry(
                    record=record,
                    before=before,
                    time=moment,
                    policy=_EARLIER if asked else current,
                    mode="opt-in" if asked else site.settings.consent.mode,
                    method=method,
                    choices={name: _chosen(name, method) for name in _CATEGORIES} if asked else {},
                    language=language,
                    path=f"/{prefix}articles/{chance.choice(slugs)}",
                    texts={text.name: text.hash for text in about if text.language == language},
                )


def _moments(chance: Random, on: date) -> list[datetime]:
    """Return when readers decided on a day, in order: at weekends fewer of them."""
    count = chance.randint(14, 24) if on.weekday() > 4 else chance.randint(28, 46)
    start = datetime.combine(on, time(6), SHANGHAI).astimezone(UTC)
    return sorted(start + timedelta(seconds=chance.randrange(18 * 3600)) for _ in range(count))


def _chosen(category: str, method: str) -> bool:
    return method == "accept" or (method == "custom" and category == _CATEGORIES[0])


def _texts(site: SiteState) -> list[Text]:
    """Return the policies as they are, in the languages of the demo."""
    found = (site.documents.get(name, language) for name in POLICIES for language, *_ in _LANGUAGES)
    return [Text(name=one.name, version=one.version, language=one.language, text=one.text) for one in found if one]


def _earlier(text: Text) -> Text:
    """Return *text* as it was before: its last section was not in it."""
    return Text(name=text.name, version=_EARLIER, language=text.language, text=text.text.rpartition("\n## ")[0])
