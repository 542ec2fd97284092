"""Articles: source, author, editor, day; whom they are reprinted from, and under which headline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ...characters import HAN
from ..expressions import Expression
from ..findings import Finding
from ..page import Page, PageKind, tidy
from ..site import Context
from ..sources import is_central, reprinted
from ..tree import text_of

# Old pages space the two characters of a label out to the width of four.
_SOURCE_LABEL = "[来來] ?源于?|稿 ?源|出[处處]|转自|摘自|供稿(?:单位)?|信息提供|发布(?:机构|单位)"
_EDITOR_LABEL = "[责責]任[编編][辑輯]|[责責] ?[编編]|[编編] ?[辑輯]|网编|采编|编审|主编"
_AUTHOR_LABEL = f"作 ?者|[记記] ?者|通讯员|撰文|撰稿|采写|采编|摄影|(?<![{HAN}])文字?"
_LABELS = f"{_SOURCE_LABEL}|{_EDITOR_LABEL}|{_AUTHOR_LABEL}"
_VALUE = r"(?: ?[:丨|/】\]] ?| )[^\s:|/,。\])】]"
_SOURCE = Expression(
    rf"(?:{_SOURCE_LABEL}){_VALUE}"
    r"|本[报網网台刊社]讯|本[报網网台刊]记者|[社網网報报台] ?\S{0,10}[0-9]{1,2}月[0-9]{1,2}日(?:[电電讯訊]|消息)"
    r"|\bSources? ?[:|] ?\w|(?:出典|출처|\b(?:Quelle|Fuente|Fonte|Источник)|المصدر) ?[:|] ?\w"
    r"|\((?:Xinhua|CNS|China Daily|Reuters|AP|AFP)\b|\b[A-Z]{4,}, .{2,12} \(Xinhua\)",
    re.IGNORECASE,
)
_EDITOR = Expression(
    rf"(?:{_EDITOR_LABEL}){_VALUE}|\b(?:web )?editors?(?: in charge)? ?[:|] ?\w|\bedited by \w|"
    r"(?:編集|편집|\b(?:Redaktion|Redakteur(?:in)?|Edición|Édition|Edição|Editora?|Редактор)|المحرر المسؤول) ?[:|] ?\w",
    re.IGNORECASE,
)
_AUTHOR = Expression(
    rf"(?:{_AUTHOR_LABEL}){_VALUE}|[记記]者 ?[{HAN}]{{2,4}}"
    r"|(?:執筆|글쓴이|기자|\b(?:Autora?|Autorin|Auteur|Автор)|الكاتب) ?[:|] ?\w"
    r"|\b(?:[Aa]uthor|[Rr]eporter)s? ?[:|] ?\w|\b[Bb]y:? [A-Z][\w.]+ [A-Z]|\bBy [A-Z]{2,}"
)
_ORIGINAL = Expression(r"原标题|原題|原题目?|original (?:headline|title)", re.IGNORECASE)
_DATE = re.compile(r"(?:19|20)\d\d ?[-年/.] ?\d{1,2} ?[-月/.] ?\d{1,2}")
_WRITTEN_DATE = Expression(
    r"\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.? \d{1,2}(?:st|nd|rd|th)?, ?20\d\d"
    r"|\b\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* 20\d\d"
)
# The same labels as texts, which are quicker to find: behind them stands one of the marks.
_ROLES = {
    "source": ("来源", "來源", "来源于", "来 源", "稿源", "稿 源", "出处", "供稿", "供稿单位", "信息提供", "发布机构"),
    "editor": (
        "责任编辑",
        "責任編輯",
        "编辑",
        "編輯",
        "编 辑",
        "责编",
        "責編",
        "责 编",
        "网编",
        "采编",
        "编审",
        "主编",
    ),
    "author": ("作者", "作 者", "记者", "記者", "通讯员", "撰文", "撰稿", "采写"),
}
_ANY_ROLE = tuple(label for labels in _ROLES.values() for label in labels)
_MARK = re.compile(r"[:丨|/】\]]")
# What stands behind a label that nothing belongs to: the next one, or the end of its bracket.
_NOTHING = re.compile(
    rf"(?:{_LABELS}|(?:发布|发表)?(?:时间|日期)|(?:浏览|点击|阅读)\S{{0,2}}) ?[:丨|]"
    r"|分享到|字号|字体|[\])】|]|20\d\d[-年/.]\d"
    # The way on from the page, or the foot of it.
    r"|[上下]一[篇页条則则]|返回|回到?(?:顶部|首页)|首页|打印|列印|关闭|關閉|收藏|纠错|评论|分享|微信|微博|扫一扫|相关|推荐|热门|更多|"
    r"声明[:丨]|免责|版权|©|Copyright|举报|关于我们|联系我们|[-—_·•>》|]+(?: |$)"
)
_MILITARY = re.compile(
    r"解放军|[东南西北中]部战区|军演|实[弹兵][^,。]{0,4}(?:射击|演)|演训|国防部|歼-? ?[0-9]{2}|轰-? ?[0-9]|航母|驱逐舰|"
    r"核潜艇|火箭军|军事(?:演习|行动|基地|部署|训练)|(?<!原)武警(?:部队|官兵)|人民海军|战机|\bPLA\b"
)
_NOT_MILITARY = re.compile(
    r"老兵|老战士|退役|退伍|征兵|军训|军属|拥军|双拥|纪念|历史|电影|电视剧|影片|小说|游戏|玩具|模型|博物馆|展览|研学|夏令营|航母级"
)


def credits(page: Page, context: Context) -> Iterator[Finding]:
    """Source, editor, author and day of an article."""
    if page.kind is not PageKind.ARTICLE or page.status != 200:
        return
    text, metas = page.text, page.metas
    labels, empty = _labelled(text)
    for label, place in empty.items():
        yield page.found("C205", page.where(label), excerpt=text[place : place + 40], label=label)
    if not ("source" in labels or metas.get("source") or _SOURCE.search(text)):
        yield page.found("C201")
    if not ("editor" in labels or metas.get("editor") or _EDITOR.search(text)):
        yield page.found("C202")
    if not ("author" in labels or metas.get("author") or _AUTHOR.search(text)):
        source = reprinted(page, context.names)
        yield page.found("C210", excerpt=source, source=source) if source else page.found("C203")
    if not (page.tagged("time") or _DATE.search(text) or _WRITTEN_DATE.search(text)):
        yield page.found("C204")


def reprints(page: Page, context: Context) -> Iterator[Finding]:
    """What is taken over from others: from whom, and under which headline."""
    if page.kind is not PageKind.ARTICLE or page.status != 200:
        return
    source = reprinted(page, context.names)
    if source is None or not _labelled(page.text)[1].keys().isdisjoint(_ROLES["source"]):
        return
    if context.sources is not None and source not in context.sources:
        yield page.found("C209", page.where(source), excerpt=source, source=source)
    if not _ORIGINAL.search(page.text):
        yield page.found("C211")
    headline = headline_of(page)
    if _MILITARY.search(headline) and not (_NOT_MILITARY.search(headline) or is_central(source)):
        yield page.found("C212", page.where(source), excerpt=headline, text=headline, source=source)


PAGE = (credits, reprints)


def headline_of(page: Page) -> str:
    """Return the headline of *page*, its title where it has none."""
    return tidy(next((one for element in page.tagged("h1") if (one := text_of(element))), page.title))


@lru_cache(maxsize=1)  # two checks of one page ask
def _labelled(text: str) -> tuple[set[str], dict[str, int]]:
    """Return which of `_ROLES` have a label in *text*, and where labels with nothing behind them stand."""
    named, empty = set[str](), dict[str, int]()
    for mark in _MARK.finditer(text):
        start = max(0, mark.start() - 6)
        before = text[start : mark.start()].rstrip()
        if not before.endswith(_ANY_ROLE):
            continue
        role, label = next(
            (role, max((one for one in labels if before.endswith(one)), key=len))
            for role, labels in _ROLES.items()
            if before.endswith(labels)
        )
        named.add(role)
        after = text[mark.end() : mark.end() + 30].lstrip()
        if mark[0] == ":" and (not after or _NOTHING.match(after)):
            empty[label] = start + len(before) - len(label)
    return named, empty
