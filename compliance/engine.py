"""Everything that a site works with, built from its settings: for a Flask application, or any other."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from logging import Logger, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import assets, deadlines, documents, recipients
from .consent import NECESSARY, Decisions
from .cookies import Cookies
from .corrections import Corrections
from .elements import Elements
from .errors import DocumentError, Message, Problem, SettingsError, StoreError
from .i18n import tell, translate
from .outside.hosts import host_of
from .page.trackers import DATA, Catalogue, Tracker, expressions
from .paths import STATIC, TEMPLATES, TRANSLATIONS
from .proxies import Watch
from .rendering import Renderer
from .settings import CATEGORIES, Settings, find, load
from .settings.sources import Source
from .views import Bare, Host, SiteState, Store

if TYPE_CHECKING:
    from .store.bucket import Bucket

# They load one another.
_SCRIPTS = (
    *("compliance.js", "guard.js"),
    *("clothes.js", "cookies.js", "frames.js", "note.js", "place.js", "release.js", "replay.js", "restore.js"),
)
# A path of SQLite without a query.
_PLAIN = re.compile(r"sqlite:///[\w./-]+\.\w+")

Keys = Sequence[str | bytes]

_SHORTEST_KEY = 16  # bytes

logger = getLogger("compliance")


@contextmanager
def in_words() -> Iterator[None]:
    """Tell what is wrong with settings and documents in the language of the terminal; decorates what a site calls."""
    try:
        yield
    except SettingsError as error:
        error.words = error.told(translate)
        raise
    except DocumentError as error:
        error.reason = translate(error.reason)
        raise


def read(find: Callable[[], Source], *, folder: Path, missing: Sequence[Problem] = (), named: str) -> Settings:
    """Load the settings that *find* finds; what is *missing* besides is told together with what is wrong in them.

    Args:
        folder: where the paths in a mapping begin.
        named: what the application is called where nothing but that is missing.
    """
    try:
        settings = load(find(), folder=folder)
    except SettingsError as error:
        raise SettingsError(error.source, (*error.problems, *missing)) from None
    if missing:
        raise SettingsError(named, tuple(missing))
    return settings


def behind(application: object, keys: Path, health: Callable[[], Mapping[str, Mapping[str, Any]]] = dict) -> SiteState:
    """Build what a site works with that is another server's: as `around`, with the secret keys of the file *keys*."""
    *earlier, key = keys_in(keys)
    return around(
        application,
        settings=None,
        secret_key=key,
        secret_key_fallbacks=earlier,
        encryption_keys=(),
        folder=None,
        health=health,
    )


def keys_in(file: Path) -> list[str]:
    """Return the secret keys in *file*, one a line, the oldest first: the last one signs, all of them verify.

    Raises `SettingsError` where there is none.
    """
    try:
        keys = [key for line in file.read_text(encoding="utf-8").splitlines() if (key := line.strip())]
        problem = None if keys else Message("empty")
    except (OSError, UnicodeDecodeError) as error:
        problem = Message("not readable (%(reason)s)", reason=getattr(error, "strerror", None) or error)
    if problem:
        remedy = Message(
            "write a key into it that nobody can guess, such as secrets.token_hex(), and let only the server read it"
        )
        raise SettingsError(str(file), (Problem(key="--key-file", value=problem, remedy=remedy),))
    return keys


@in_words()
def around(
    application: object,
    *,
    settings: Source | None,
    secret_key: str | bytes | None,
    secret_key_fallbacks: Keys,
    encryption_keys: Keys,
    folder: Path | None,
    health: Callable[[], Mapping[str, Mapping[str, Any]]] = dict,
) -> SiteState:
    """Build what a site works with of which nothing is known but that *application* answers for it, and its *health*.

    Raises what `build` raises, and `SettingsError` where there is no key.
    """
    missing = (
        []
        if secret_key
        else [Problem(key="secret_key", remedy=Message("give it: the consent cookie is signed with it"))]
    )
    found = read(partial(find, Path.cwd(), None, settings), folder=Path.cwd(), missing=missing, named="wrap()")
    keys = [*secret_key_fallbacks, secret_key or ""]
    renderer = Renderer()
    state = build(
        found,
        keys=keys,
        secrets=encryption_keys or keys,
        folder=folder or (found.path.parent if found.path else Path.cwd()),
        host=Bare(application, renderer, health),
        renderer=renderer,
        raise_errors=lambda: False,
    )
    warn(
        state, logger, {"secret_key": keys[-1:], "secret_key_fallbacks": keys[:-1], "encryption_keys": encryption_keys}
    )
    return state


def warn(state: SiteState, logger: Logger, keys: Mapping[str, Keys]) -> None:
    """Log the `doubts` about the settings of *state* and about *keys*, and keep them."""
    state.doubts = doubts(state.settings, keys)
    for doubt in state.doubts:
        tell(logger, doubt)


def watch(state: SiteState) -> Watch:
    """Return what looks out for a proxy that is not heard, and logs it."""
    return Watch(state.settings.site.url, partial(tell, logger))


def doubts(settings: Settings, keys: Mapping[str, Keys]) -> tuple[Problem, ...]:
    """Return what is doubtful in *settings*, and in the secret *keys*, by the names under which the site sets them."""
    return (
        *(short for name, some in keys.items() for key in some for short in _short(key, name)),
        *settings.warnings(deadlines.day(datetime.now(UTC))),
        *recipients.doubts(settings),
        *recipients.unnamed(settings),
        *recipients.held_for_good(settings),
    )


def _short(key: str | bytes, named: str) -> Iterator[Problem]:
    """Yield what is wrong with a *key* that one can find by trying, from a single cookie and away from the site."""
    size = len(key.encode() if isinstance(key, str) else key)
    if size < _SHORTEST_KEY:
        remedy = Message(
            "it has %(size)s bytes; give %(least)s or more that nobody can guess, such as secrets.token_hex()",
            size=size,
            least=_SHORTEST_KEY,
        )
        yield Problem(key=named, remedy=remedy)


def build(
    settings: Settings,
    *,
    keys: Keys,
    secrets: Keys,
    folder: Path,
    host: Host,
    renderer: Renderer,
    raise_errors: Callable[[], bool],
) -> SiteState:
    """Build what a site works with; nothing is connected to yet.

    Args:
        keys: for the consent cookie, oldest first; the last one signs, all of them verify.
        secrets: for what is kept of readers, in the same order.
        folder: where the path of an SQLite file begins, and where decisions wait while the database is away.
        host: the site itself.
        raise_errors: whether a fault of ours is raised, for a developer to see.

    Raises `SettingsError` for settings that do not fit together and `DocumentError` for a legal document that cannot
    be shown.
    """
    if problems := recipients.mixed(settings):
        raise SettingsError(settings.source, problems)
    own = _own(settings)
    texts = library(settings)
    try:
        decisions = Decisions(
            categories=settings.consent.categories,
            mode=settings.consent.mode,
            lifetime=timedelta(days=settings.consent.lifetime_days),
            keys=keys,
        )
    except ValueError as error:
        problem = Problem(key="consent.categories", remedy=str(error))
        raise SettingsError(settings.source, (problem,)) from error
    catalogue = _catalogue(settings)
    cookies = _cookies(settings, catalogue, host)
    static = _static(settings, catalogue, cookies)
    state = SiteState(
        settings=settings,
        documents=texts,
        decisions=decisions,
        catalogue=catalogue,
        assets=static,
        cookies=Cookies(cookies, lambda: host.cookies),
        elements=Elements(
            settings=settings,
            documents=texts,
            catalogue=catalogue,
            decisions=decisions,
            assets=static,
            render=renderer.render,
            changed=_changed(settings, own),
            host_chooses=lambda: host.chooses,
        ),
        renderer=renderer,
        host=host,
        open=partial(open_store, settings, secrets, folder),
        corrections=Corrections(settings),
        raise_errors=raise_errors,
    )
    if not _is_plain(settings):
        _ = state.store
    return state


def library(settings: Settings) -> documents.Library:
    """Return the legal documents of the site: ours, and its own in their place. Raises `DocumentError`."""
    return documents.load(settings, folders=[TEMPLATES / "documents", *_own(settings)])


def _own(settings: Settings) -> list[Path]:
    return [settings.legal.directory] if settings.legal.directory else []


def _cookies(settings: Settings, catalogue: Catalogue, host: Host) -> list[tuple[str, str]]:
    """Return pairs of a category and an expression for the names of its cookies on the site's own hosts."""
    consent = settings.consent
    names: dict[str, list[str]] = {category: [] for category in (*CATEGORIES, *consent.categories, NECESSARY)}
    names[NECESSARY] += map(expressions.cookie, host.cookies)
    for cookie in consent.cookies:
        names[cookie.category].append(expressions.cookie(cookie.name))
    for tracker in consent.trackers:
        names[tracker.category] += map(expressions.cookie, tracker.cookies)
    for category, listed in catalogue.first_party().items():
        names[category] += listed
    return expressions.cookies(names)


def _static(settings: Settings, catalogue: Catalogue, cookies: list[tuple[str, str]]) -> Mapping[str, assets.Asset]:
    """Read the files that pages load, and tell their scripts which trackers and cookies wait for what."""
    static = dict(_files())
    held = dict.fromkeys((*CATEGORIES, *settings.consent.categories))
    listed = expressions.addresses(catalogue, held) if settings.consent.mode != "notice" else []
    static["cookies.js"] = assets.fill(static["cookies.js"], {"COOKIES": cookies})
    static["guard.js"] = assets.fill(static["guard.js"], {"TRACKERS": listed})
    return {**static, **assets.bind({name: static[name] for name in _SCRIPTS})}


def _is_plain(settings: Settings) -> bool:
    """Return whether nothing can be wrong with what is kept: a file of SQLite in the instance folder, limits in memory.

    It is opened with the first form then. What opens a database takes longest to read of all that there is here, and
    no page of the site needs it.
    """
    lists = (settings.messages.urgent_words, settings.messages.quarantine_words)
    in_file = _PLAIN.fullmatch(settings.storage.url) is not None
    apart = settings.storage.schema, settings.storage.pictures, settings.limits.storage
    return in_file and not any(apart) and lists == (None, None)


def open_store(settings: Settings, secrets: Keys, folder: Path) -> Store:
    """Open what is kept; nothing is connected to yet.

    *secrets* are the keys for it, oldest first; *folder* is where the path of an SQLite file begins. Raises
    `SettingsError`.
    """
    from .ledger import Ledger, Recorder, Spool
    from .messages import open_box
    from .store import Database, Owner
    from .throttle import Throttle
    from .vault import Vault

    vault = Vault(secrets)
    owner = Owner(name=settings.site.name.get(), url=settings.site.url, keys=vault.digests("site", ""))
    try:
        database = Database(
            settings.storage.url,
            folder=folder,
            owner=owner,
            connections=settings.storage.pool_size,
            pooler=settings.storage.pooler,
            schema=settings.storage.schema,
        )
    except StoreError as error:
        problem = Problem(key="storage.url", remedy=error.reason)
        raise SettingsError(settings.source, (problem,)) from None
    ledger = Ledger(database, vault.keys("ledger"))
    return Store(
        database=database,
        vault=vault,
        throttle=Throttle(
            enabled=settings.limits.enabled,
            site=settings.limits.site,
            storage=settings.limits.storage,
            key=vault.key("source"),
        ),
        box=open_box(settings, database, vault, _bucket(settings)),
        ledger=ledger,
        recorder=Recorder(ledger, Spool(folder / "compliance-consents")),
    )


def _bucket(settings: Settings) -> Bucket | None:
    """Return the bucket that pictures are kept in, where there is one. Raises `SettingsError`."""
    if (address := settings.storage.pictures) is None:
        return None
    from .store.bucket import Bucket

    try:
        return Bucket(address)
    except StoreError as error:
        problem = Problem(key="storage.pictures", remedy=error.reason)
        raise SettingsError(settings.source, (problem,)) from None


def _catalogue(settings: Settings) -> Catalogue:
    own = (
        Tracker(
            host=tracker.host,
            path=tracker.path,
            category=tracker.category,
            provider=tracker.provider.root if tracker.provider else {"en": tracker.host},
            country=tracker.country,
            cookies=tracker.cookies,
        )
        for tracker in settings.consent.trackers
    )
    return Catalogue(own, host=host_of(settings.site.url))


def _changed(settings: Settings, own: Iterable[Path]) -> datetime:
    """Return when anything that is injected last changed; settings without a file change with every start."""
    newest = max([_packaged(), *map(_newest, own)])
    return max(datetime.fromtimestamp(int(newest), UTC), settings.changed or datetime.now(UTC).replace(microsecond=0))


@cache
def _packaged() -> float:
    """Return when anything in the package that is injected last changed."""
    return max(DATA.stat().st_mtime, *map(_newest, (TEMPLATES, TRANSLATIONS, STATIC)))


def _newest(folder: Path) -> float:
    """Return when a file in *folder* last changed, 0 where there is none."""
    newest = 0.0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # a link that leads nowhere
                newest = max(newest, os.stat(os.path.join(place, name)).st_mtime)
    return newest


@cache
def _files() -> Mapping[str, assets.Asset]:
    """Return the files that pages load as the package has them, read once in a process."""
    return assets.load(STATIC)
