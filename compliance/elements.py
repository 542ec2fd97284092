"""The elements that stand on a page: rendered once per language and kept, so that a request renders nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, urlsplit

from .assets import Asset
from .consent import Consent, Decisions
from .deadlines import day, midnight
from .documents import Library
from .i18n import helpers
from .languages import nearest, tag
from .licences import Licence
from .notes import noted
from .outside.hosts import host_of
from .page.charsets import encode
from .page.injection import Markup
from .page.policies import Nonces
from .page.trackers import Catalogue, Gate
from .settings import CATEGORIES, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# A host of a request, and perhaps its port.
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
PARTS = ("report", "licences", "message")  # of the footer
# The templates of what stands around these.
_AROUND = {"banner": "folded", "footer": "foot"}
#: Our pages that others link to: their names in templates, and their paths below the prefix.
PAGES = {
    "consent": "consent",
    "preferences": "consent",
    "record": "record",
    "message": "message",
    "report": "report",
    "case": "case",
    "corrections": "corrections",
}
_KEPT = 256  # (language, charset, mount point, host's licences, left out) combinations; more are rendered again


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteWords:
    """The site's own words in one language, as templates read them."""

    name: str
    operator: str
    slogan: str | None
    email: str | None


class _Edition(NamedTuple):
    """What is injected on one day: a legal document may take effect at midnight."""

    policy: str
    digest: str
    changed: datetime


class Elements:
    """The elements of one application.

    Args:
        render: a template's name and its context in, HTML out.
        changed: when the settings, templates, catalogues or static files last changed.
        host_chooses: whether the host has a Flask-Babel of its own, which our pages would ask for their language.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        documents: Library,
        catalogue: Catalogue,
        decisions: Decisions,
        assets: Mapping[str, Asset],
        render: Callable[[str, Mapping[str, Any]], str],
        changed: datetime,
        host_chooses: Callable[[], bool],
    ) -> None:
        self.languages = tuple(settings.site.languages)
        self._settings = settings
        self._documents = documents
        self._catalogue = catalogue
        self._decisions = decisions
        self._assets = assets
        self._render = render
        self._changed = changed
        self._host_chooses = host_chooses
        self._licences = lru_cache(maxsize=_KEPT)(settings.licences.for_host)
        self._edited: tuple[float, _Edition] | None = None
        self._element = lru_cache(maxsize=_KEPT)(self._render_element)
        self._markup = lru_cache(maxsize=_KEPT)(self._encode)
        holds = settings.consent.mode != "notice"
        self._held = frozenset({*CATEGORIES, *decisions.categories} if holds else ())
        self._gate = lru_cache(maxsize=_KEPT)(self._hold)
        self._catalogue_on = lru_cache(maxsize=_KEPT)(self._find_catalogue)

    @property
    def policy(self) -> str:
        """The policy version that a decision is about today."""
        return self._edition.policy

    @property
    def digest(self) -> str:
        """A short hash of everything that may be injected, in any language."""
        return self._edition.digest

    @property
    def changed(self) -> datetime:
        """When what is injected last changed."""
        return self._edition.changed

    @property
    def _edition(self) -> _Edition:
        """Today's edition. A request asks for it several times, and a day is longer to find out than the second."""
        edited = self._edited
        return self._edit_anew() if edited is None or time() >= edited[0] else edited[1]

    def _edit_anew(self) -> _Edition:
        today = day(datetime.now(UTC))
        edition = self._edit(today)
        self._edited = midnight(today + timedelta(days=1)).timestamp(), edition
        return edition

    def locale(self, lang: str | None) -> str:
        """Return the site's language for a page in *lang*, its default one where it has none that fits."""
        return nearest(lang, self.languages) or self.languages[0]

    def decided(self, environ: WSGIEnvironment) -> bool:
        """Return whether this reader's cookie holds a valid decision."""
        return self._decisions.read(environ.get("HTTP_COOKIE"), policy=self.policy, now=datetime.now(UTC)) is not None

    def consent(self, environ: WSGIEnvironment) -> Consent:
        """Return what this reader allows."""
        return self._decisions.of(
            environ.get("HTTP_COOKIE"),
            policy=self.policy,
            refuses=environ.get("HTTP_SEC_GPC") == "1",
            now=datetime.now(UTC),
        )

    def gate(self, environ: WSGIEnvironment, *, private: bool) -> Gate | None:
        """Return what holds trackers on a page: of a *private* one those that this reader has not allowed.

        A category that the settings do not name is never asked about, and so always held.
        """
        host = environ.get("HTTP_HOST")
        if not self._held or not private:
            return self.uniform_gate(host)
        consent = self.consent(environ)
        held = frozenset(category for category in self._held if not consent.allows(category))
        return self._gate(held, self._catalogue_on(host))

    def uniform_gate(self, host: str | None) -> Gate | None:
        """What holds trackers on a page of *host* that is the same for all readers: those of every category."""
        return self._gate(self._held, self._catalogue_on(host)) if self._held else None

    def markup(
        self,
        *,
        lang: str | None,
        charset: str,
        environ: WSGIEnvironment,
        decided: bool,
        placed: frozenset[str],
        absolute: bool = False,
        calm: bool = False,
    ) -> Markup:
        """Return what goes into a page in *lang*, less what is *placed* already and a banner *decided* on.

        *absolute* asks for addresses with a host in them: a `<base>` on the page leads those without one elsewhere.
        On a *calm* page what holds trackers stands before the footer, and keeps nothing from being painted.
        """
        omitted = placed | {"banner"} if decided else placed
        root, licences = self._address(environ)
        if absolute:
            root = self._origin(environ.get("HTTP_HOST"), environ.get("wsgi.url_scheme")) + root
        return self._markup(self.locale(lang), charset, root, licences, omitted, self.policy, calm)

    def address(self, environ: WSGIEnvironment) -> Hashable:
        """Return all of *environ* that `markup`, `hints` and `uniform_gate` depend on, and the day's edition."""
        get = environ.get
        return get("SCRIPT_NAME", ""), get("HTTP_HOST"), get("wsgi.url_scheme"), self._edition

    def uniform(
        self,
        lang: str | None,
        charset: str,
        placed: frozenset[str],
        absolute: bool = False,
        calm: bool = False,
        *,
        host: str,
    ) -> Markup:
        """Return what goes into a page of *host* that is the same for all readers, such as a file.

        Where the site lies below a path of its host, so do our addresses.
        """
        root = self._uniform_root()
        if absolute:
            root = self._origin(host, None) + root
        return self._markup(self.locale(lang), charset, root, self._licences(host), placed, self.policy, calm)

    def hints(self, environ: WSGIEnvironment, nonces: Nonces) -> str:
        """Return the value of a header `Link` by which browsers ask for our stylesheet before they have read a page.

        Preload, section 3; a policy's *nonces* let it pass (HTML standard, section 4.2.4.5).
        """
        return self._hints(self.base(environ), nonces.style or "")

    def uniform_hints(self) -> str:
        """Return what `hints` does, for a page that is the same for all readers and comes without a policy."""
        return self._hints(self._uniform_root() + self._settings.site.prefix, "")

    def _uniform_root(self) -> str:
        return quote(urlsplit(self._settings.site.url).path.rstrip("/"), safe="/%!$&'()*+,;=:@~")

    def _hints(self, base: str, nonce: str) -> str:
        # Scripts would share the line with what the first picture waits for.
        style = f"<{base}/static/{self._assets['compliance.css'].hashed}>; rel=preload; as=style"
        return f'{style}; nonce="{nonce}"' if nonce else style

    def place(self, name: str, *, lang: str | None, environ: WSGIEnvironment) -> str:
        """Return the element *name* for a template to place, and note that the page of *environ* has it now."""
        notes = noted(environ)
        if notes.changed or name in notes.placed:
            return ""
        omitted = notes.placed | notes.omitted
        notes.placed = notes.placed.union((name, *PARTS) if name == "footer" else (name,))
        return self._element(name, self.locale(lang), *self._address(environ), omitted, self.policy, False)

    def context(self, locale: str, environ: WSGIEnvironment) -> dict[str, Any]:
        """Return what every template is told, in *locale* and for the host and mount point of *environ*."""
        return self._context(locale, *self._address(environ), self.policy)

    def base(self, environ: WSGIEnvironment) -> str:
        """Return the path under which our own pages lie, for the mount point of *environ*."""
        return _root(environ.get("SCRIPT_NAME", "")) + self._settings.site.prefix

    def home(self, environ: WSGIEnvironment) -> str:
        """Return the path of the site's home page."""
        return f"{_root(environ.get('SCRIPT_NAME', ''))}/"

    def link(self, name: str, locale: str, environ: WSGIEnvironment) -> str:
        """Return the path of our page *name*, one of `PAGES`, in *locale*."""
        return f"{self.base(environ)}/{PAGES[name]}{self._query(locale)}"

    def _query(self, locale: str) -> str:
        # Without a host that chooses, a link needs no language to lead to a page in the default one.
        return f"?lang={tag(locale)}" if locale != self.languages[0] or self._host_chooses() else ""

    def _origin(self, host: str | None, scheme: str | None) -> str:
        """Return scheme and host of the site as a request names them: those of its settings where it names none.

        What stands before this server may take the encryption off: for its own host the settings know better.
        """
        site = urlsplit(self._settings.site.url)
        known = host and _HOST.fullmatch(host) is not None and host_of(f"//{host}")
        if not known or known == host_of(self._settings.site.url):
            return f"{site.scheme}://{host if known else site.netloc}"
        return f"{scheme or site.scheme}://{host}"

    def _find_catalogue(self, host: str | None) -> Catalogue:
        return self._catalogue.on(host_of(f"//{host}") if host else None)

    def _hold(self, categories: frozenset[str], catalogue: Catalogue) -> Gate:
        return Gate(catalogue, categories, asked=self._held)

    def _address(self, environ: WSGIEnvironment) -> tuple[str, tuple[Licence, ...]]:
        """Return where *environ* says that the site is: its mount point, and the licences of its host."""
        return _root(environ.get("SCRIPT_NAME", "")), self._licences(environ.get("HTTP_HOST"))

    def _encode(
        self,
        locale: str,
        charset: str,
        root: str,
        licences: tuple[Licence, ...],
        omitted: frozenset[str],
        policy: str,
        calm: bool,
    ) -> Markup:
        def part(*names: str) -> bytes:
            wanted = (name for name in names if name not in omitted)
            text = "".join(self._element(name, locale, root, licences, omitted, policy, calm) for name in wanted)
            return encode(text, charset)

        return Markup(head=part("assets", "banner"), foot=part("footer"))

    def _render_element(
        self,
        name: str,
        locale: str,
        root: str,
        licences: tuple[Licence, ...],
        omitted: frozenset[str],
        policy: str,
        calm: bool,
    ) -> str:
        late = calm or not self._held
        context = {**self._context(locale, root, licences, policy), "omitted": omitted, "late": late}
        return self._render(f"compliance/{_AROUND.get(name, name)}.html", context).strip()

    def _context(self, locale: str, root: str, licences: tuple[Licence, ...], policy: str) -> dict[str, Any]:
        site, consent = self._settings.site, self._settings.consent
        base = root + site.prefix
        query = self._query(locale)
        return {
            **helpers(locale),
            "site": SiteWords(
                name=site.name.get(locale),
                operator=site.operator.get(locale),
                slogan=site.slogan.get(locale) if site.slogan else None,
                email=site.email,
            ),
            "licences": licences,
            "telephone": self._settings.reporting.telephone,
            "reporting": self._settings.reporting,
            "consent": consent,
            "text": consent.text.get(locale) if consent.text else None,
            "documents": tuple(
                (document, f"{base}/legal/{quote(name)}{query}")
                for name in self._documents.names
                if (document := self._documents.get(name, locale))
            ),
            # Every reader's banner is the same: it tells all of them of the revision that asks those again who decided.
            "revisions": tuple(
                (new, f"{base}/legal/{quote(new.name)}/{old.version}/{new.version}{query}")
                for old, new in self._documents.revisions(locale)
            ),
            "policy": policy,
            "base": base,
            "legal_url": partial(_legal_url, base, tag(locale)),
            "query": query,
            "urls": {
                "home": f"{root}/",
                **{name: f"{base}/{path}{query}" for name, path in PAGES.items()},
                "mourning": f"{base}/mourning" if self._settings.mourning else None,
                "style": f"{base}/static/{self._assets['compliance.css'].hashed}",
                "pages": f"{base}/static/{self._assets['pages.css'].hashed}",
                "script": f"{base}/static/{self._assets['compliance.js'].hashed}",
                "guard": f"{base}/static/{self._assets['guard.js'].hashed}",
                "articles_style": f"{base}/static/{self._assets['articles.css'].hashed}",
                "held_style": f"{base}/static/{self._assets['held.css'].hashed}",
                "form_style": f"{base}/static/{self._assets['form.css'].hashed}",
                "form_script": f"{base}/static/{self._assets['form.js'].hashed}",
                "widget": f"{base}/static/{self._assets['altcha/altcha.js'].hashed}",
                "worker": f"{base}/static/{self._assets['altcha/pbkdf2.js'].hashed}",
            },
        }

    def _edit(self, today: date) -> _Edition:
        policy = self._documents.policy(today)
        content = hashlib.sha256(self._settings.digest.encode())
        if self._held:
            content.update(self._catalogue.digest.encode())
        for locale in self.languages:
            for calm in (False, True) if self._held else (False,):
                markup = self._encode(locale, "utf-8", "", self._licences(None), frozenset(), policy, calm)
                content.update(markup.head + markup.foot)
        effective = (
            version.since
            for name in self._documents.names
            for locale in self.languages
            for version in self._documents.versions(name, locale, today)
        )
        return _Edition(
            policy=policy,
            digest=content.hexdigest()[:10],
            changed=max(self._changed, *effective),
        )


def _legal_url(base: str, lang: str, name: str, *versions: str) -> str:
    """Return the path of a document, of one of its versions, or of what changed between two of them."""
    return f"{'/'.join((f'{base}/legal', *map(quote, (name, *versions))))}?lang={lang}"


@lru_cache(maxsize=64)
def _root(script_name: str) -> str:
    """Return the mount point as it stands in a URL, with exactly one slash before it.

    WSGI decodes SCRIPT_NAME as Latin-1 (PEP 3333). A proxy may take it from the client; two leading slashes would make
    it a host.
    """
    path = quote(script_name.encode("latin-1"), safe="/!$&'()*+,;=:@~").strip("/")
    return f"/{path}" if path else ""
