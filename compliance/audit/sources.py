"""Where articles come from: the source that a page names, and the list of those that a site reprints from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..characters import HAN
from ..errors import ComplianceError, Message
from ..outside.text import normalised
from ..words import content
from .expressions import Expression

if TYPE_CHECKING:
    from .page import Page

LONGEST = 64  # characters of a name
# Behind "来源：" a Chinese name ends with the first space or mark, an English one where the next label begins.
_NAMED = (
    Expression(
        r"(?:[来來] ?源于?|稿 ?源|转(?:载)?自|摘自) ?[:丨|/】\]] ?(?!20[0-9]{2})"
        r"([^\s|丨;:。,()【】\[\]©]{2,64}+)(?! ?:)"
    ),
    Expression(
        r"\bSources? ?: ?([A-Z][\w.&'-]*(?: (?!Editors?\b|Authors?\b|Reporters?\b|Updated\b|Published\b|By\b|"
        r"Share\b|Time\b|Date\b|Web\b)[A-Z&][\w.&'-]*){0,5})"
    ),
)
_SEVERAL = re.compile("[、/&]")
_AROUND = re.compile("^(?:综合|转载?自|摘自|原载|据)|(?:报道|消息|综合|电)$|[《》“”\"'()\\s]")
# An account or an app of a source is the source.
_CHANNEL = re.compile(
    "(?:新闻)?(?:客户端|(?:官方)?微信(?:公众号)?|公众号|(?:官方)?微博|官微|官网|网站|app|视频号|抖音号?)$"
)
_OWN = re.compile(
    rf"(?:本|我)[报報网網台刊站社](?:原创|讯|综合|记者|编辑)?[{HAN}]{{0,4}}|原创|自采|本[{HAN}]{{0,4}}站(?:原创)?"
    r"|(?:This|Our|Own|Original)\b.*"
)
_CENTRAL = re.compile(
    "新华|人民(?:日报|网|海军|空军|陆军|火箭军)|解放军|[军海空]军(?!事网)|军(?:报|网|视网|号)|国防|央视|央广|中央|中国(?:军|新闻|日报|网|青年|之声)|"
    "中新|中青|光明|经济日报|求是|国际在线|战区|火箭军|武警|外交部|国务院|环球|"
    r"xinhua|china (?:daily|military|news)|people's daily|cctv|cgtn|global times|mod\b|pla\b",
    re.IGNORECASE,
)


class Sources:
    """The list of sources that a site reprints from (稿源单位名单), by their *names*."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = frozenset(_plain(name) for name in names)

    @classmethod
    def load(cls, path: Path) -> Sources:
        """Read the list in the file *path*: UTF-8, one name a line; what begins with `#` is a comment.

        Raises `ComplianceError` that names the file.
        """
        try:
            lines = [line.strip() for line in content(path).decode().splitlines()]
        except UnicodeDecodeError as error:
            raise ComplianceError(Message("%(path)s: is not UTF-8; save the list as UTF-8", path=str(path))) from error
        return cls(line for line in lines if line and not line.startswith("#"))

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: str) -> bool:
        """Return whether *name*, or whose account it is, stands in the list; of several names, whether all do."""
        plain = _plain(name)
        if plain in self._names or _CHANNEL.sub("", plain) in self._names:
            return True
        parts = _SEVERAL.split(name)
        return len(parts) > 1 and all(part in self for part in parts)


def named(page: Page) -> str | None:
    """Return the source that *page* names, as it is written; None where there is none."""
    matches = [match for one in _NAMED if (match := one.search(page.text))]
    first = min(matches, key=lambda match: match.start(), default=None)
    return (first[1] if first else page.metas.get("source", "").strip()[:LONGEST]) or None


def reprinted(page: Page, own: Iterable[str] = ()) -> str | None:
    """Return the source of *page* where it is somebody else's.

    A site's own are its *own* names, and what the page calls itself in its title and its foot.
    """
    source = named(page)
    if source is None or _OWN.fullmatch(source):
        return None
    plain = _CHANNEL.sub("", _plain(source))
    itself = _plain(f"{page.title} {page.metas.get('og:site_name', '')} {page.footer}")
    # A word of the source in the title of the article says nothing of the site.
    if len(plain) < 2 or plain in itself or any(plain in name or name in plain for name in map(_plain, own) if name):
        return None
    return source


def is_central(source: str) -> bool:
    """Return whether *source* belongs to a central news unit or to the armed forces, as far as its name tells."""
    return all(_CENTRAL.search(part) for part in _SEVERAL.split(source))


def _plain(name: str) -> str:
    return _AROUND.sub("", normalised(name, longest=max(len(name), 1), form="NFKC").casefold().strip())
