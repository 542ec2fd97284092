"""What only a person can judge: said once for a site, and what a page gives a hint of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..expressions import Expression
from ..findings import Finding
from ..page import Page
from ..rules import rules
from ..site import Context, Fact, SiteFacts

_PLAYER = Expression(r"player\.|/player|v\.qq\.com|player\.youku|bilibili|video", re.IGNORECASE)
_RECOMMENDS = ("猜你喜欢", "为你推荐", "为您推荐", "个性化推荐", "ecommended for you", "ou may also like")
_COMMENTS = Expression(r"comment|pinglun|gentie|评论|跟帖", re.IGNORECASE)


def hints(page: Page, context: Context) -> Iterator[Fact]:
    """What a page has that calls for a person's judgement."""
    if page.tagged("video", "audio") or any(_PLAYER.search(frame.url) for frame in page.frames):
        yield Fact("plays")
    if words := next((words for words in _RECOMMENDS if words in page.text), None):
        yield Fact("recommends", words)
    if any((one.get("type") or "").lower() == "password" for one in page.tagged("input")) or any(
        _COMMENTS.search(f"{one.get('name', '')} {one.get('id', '')} {one.get('placeholder', '')}")
        for one in page.tagged("textarea")
    ):
        yield Fact("accounts")


def of_the_site(site: SiteFacts, context: Context) -> Iterator[Finding]:
    """Say each thing once."""
    if site.home is None:
        return
    yield Finding(rule=rules()["C901"], page=site.home)
    kinds = {value.partition(" ")[0] for value in site.values("number")}
    for seen in site.values("plays").values():
        if "audio_visual" not in kinds:
            yield Finding(rule=rules()["C904"], page=seen.pages[0])
    for text, seen in list(site.values("recommends").items())[:1]:
        if "algorithm" not in kinds:
            yield Finding(rule=rules()["C905"], page=seen.pages[0], excerpt=text, values={"text": text})
    for seen in site.values("accounts").values():
        yield Finding(rule=rules()["C906"], page=seen.pages[0])


PAGE = (hints,)
SITE = (of_the_site,)
