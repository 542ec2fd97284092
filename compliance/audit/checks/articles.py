"""Articles: source, author, editor, day; what is paid for and what a machine wrote, marked as such."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...characters import HAN
from ..expressions import Expression
from ..findings import Finding
from ..page import Page, PageKind
from ..site import Context
from ..tree import Element, elements, text_of

# Old pages space the two characters of a label out to the width of four.
_SOURCE_LABEL = "[来來] ?源于?|稿 ?源|出[处處]|转自|摘自|供稿(?:单位)?|信息提供|发布(?:机构|单位)"
_EDITOR_LABEL = "[责責]任[编編][辑輯]|[责責] ?[编編]|[编編] ?[辑輯]|网编|采编|编审|主编"
_AUTHOR_LABEL = f"作 ?者|[记記] ?者|通讯员|撰文|撰稿|采写|采编|摄影|(?<![{HAN}])文字?"
_LABELS = f"{_SOURCE_LABEL}|{_EDITOR_LABEL}|{_AUTHOR_LABEL}"
_VALUE = r"(?: ?[:丨|/】\]] ?| )[^\s:|/,。\])】]"
_SOURCE = Expression(
    rf"(?:{_SOURCE_LABEL}){_VALUE}"
    r"|本[报網网台刊社]讯|本[报網网台刊]记者|[社網网報报台] ?\S{0,10}[0-9]{1,2}月[0-9]{1,2}日(?:[电電讯訊]|消息)"
    r"|\bSources? ?[:|] ?\w|\((?:Xinhua|CNS|China Daily|Reuters|AP|AFP)\b|\b[A-Z]{4,}, .{2,12} \(Xinhua\)",
    re.IGNORECASE,
)
_EDITOR = Expression(rf"(?:{_EDITOR_LABEL}){_VALUE}|\b(?:web )?editors? ?[:|] ?\w|\bedited by \w", re.IGNORECASE)
_AUTHOR = Expression(
    rf"(?:{_AUTHOR_LABEL}){_VALUE}|[记記]者 ?[{HAN}]{{2,4}}"
    r"|\b(?:[Aa]uthor|[Rr]eporter)s? ?[:|] ?\w|\b[Bb]y:? [A-Z][\w.]+ [A-Z]|\bBy [A-Z]{2,}"
)
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
_MACHINE_MARKS = ("aigc", "AIGC", "ai-generated", "trainedAlgorithmicMedia")
_MACHINE = Expression(
    r"name=[\"']?aigc|[\"']AIGC[\"']\s*:|data-(?:aigc|ai-generated)|\bai-generated\b|trainedAlgorithmicMedia",
    re.IGNORECASE,
)
# "人工智能" or "AI", and "生成" or "合成" (GB 45438-2025): 辅助, 创作 or AIGC say less.
_MACHINE_SAID = Expression(
    r"(?:(?<![A-Za-z])AI|人工智能).{0,8}(?:生成(?!式)|合成)|(?:生成(?!式)|合成).{0,8}(?:AI(?![A-Za-z])|人工智能)|"
    r"(?:AI|artificial intelligence)[- ](?:generated|synthesi[sz]ed)|"
    r"(?:generated|synthesi[sz]ed) (?:by|with) (?:AI|artificial)",
    re.IGNORECASE,
)
_PAID_SCRIPTS = ("BAIDU_CLB_", "cpro_id", "slotbydup")
_PAID_MARKS = ("adsbygoogle", "sponsored")
_PAID = Expression(r"adsbygoogle|BAIDU_CLB_|cpro_id|slotbydup|rel=[\"']?[^\"'>]{0,100}sponsored")
# The law wants the word itself: 推广, 赞助 and sponsored are none (Advertising Law, art. 14).
_PAID_SAID = Expression(
    r"广告(?!服务|刊登|合作|投放|业务|招商|部|热线|经营|刊例|电话|联系|报价|代理)|廣告|advertisement|\bads?\b",
    re.IGNORECASE,
)
_FLOATING = elements(
    "//*[contains(@style, 'fixed') or contains(@style, 'absolute')][@id or @class]"
    "[self::div or self::aside or self::section]"
)
_ADVERTISEMENT = Expression(
    r"(?:^|[\s_-])(?:ads?|advert\w*|guanggao|duilian|piaofu|piao|couplet|floatad|adfloat|popad)(?:$|[\s_\d-])",
    re.IGNORECASE,
)
_CLOSES = Expression(r"关闭|關閉|close|×|✕|✖|^X$", re.IGNORECASE)


def credits(page: Page, context: Context) -> Iterator[Finding]:
    """Source, editor, author and day of an article."""
    if page.kind is not PageKind.ARTICLE or page.status != 200:
        return
    text, metas = page.text, page.metas
    named, empty = _labelled(text)
    for label, place in empty.items():
        yield page.found("C205", page.where(label), excerpt=text[place : place + 40], label=label)
    if not ("source" in named or metas.get("source") or _SOURCE.search(text)):
        yield page.found("C201")
    if not ("editor" in named or metas.get("editor") or _EDITOR.search(text)):
        yield page.found("C202")
    if not ("author" in named or metas.get("author") or _AUTHOR.search(text)):
        yield page.found("C203")
    if not (page.tagged("time") or _DATE.search(text) or _WRITTEN_DATE.search(text)):
        yield page.found("C204")


def machines(page: Page, context: Context) -> Iterator[Finding]:
    """What a machine made."""
    if not any(mark in page.source for mark in _MACHINE_MARKS):
        return
    if _MACHINE.search(page.source) and not (
        _MACHINE_SAID.search(page.text) or any(_MACHINE_SAID.search(image.alt or "") for image in page.images)
    ):
        yield page.found("C206")


def advertisements(page: Page, context: Context) -> Iterator[Finding]:
    """What is paid for, and what floats over the page."""
    scripts = any(mark in (one.text or "") for one in page.tagged("script") for mark in _PAID_SCRIPTS)
    paid = (scripts or any(mark in page.source for mark in _PAID_MARKS)) and _PAID.search(page.source)
    if paid and not _PAID_SAID.search(page.text):
        yield page.found("C207", excerpt=paid[0])
    styles = [one.get("style") or "" for one in page.styled]
    if any("fixed" in style or "absolute" in style for style in styles) and "fixed" in page.source:
        for element in _FLOATING(page.root):
            names = f"{element.get('id', '')} {element.get('class', '')}"
            if _ADVERTISEMENT.search(names) and not _can_be_closed(element):
                yield page.found("C208", element)


PAGE = (credits, machines, advertisements)


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


def _can_be_closed(element: Element) -> bool:
    return _CLOSES.search(text_of(element)) is not None or any(
        _CLOSES.search(" ".join(map(str, one.attrib.values()))) for one in element.iterdescendants("*")
    )
