"""Labels: of what a machine made, of what is paid for, of what is not for minors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..expressions import Expression
from ..findings import Finding
from ..page import Page, PageKind, tidy
from ..site import Context
from ..tree import Element, elements, text_of
from .articles import headline_of

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
_PAID_IN_CHINESE = r"广告(?!服务|刊登|合作|投放|业务|招商|部|热线|经营|刊例|电话|联系|报价|代理)|廣告"
_PAID_SAID = {
    True: Expression(_PAID_IN_CHINESE),
    False: Expression(rf"{_PAID_IN_CHINESE}|advertisement|\bads?\b", re.IGNORECASE),
}
_FLOATING = elements(
    "//*[contains(@style, 'fixed') or contains(@style, 'absolute')][@id or @class]"
    "[self::div or self::aside or self::section]"
)
_ADVERTISEMENT = Expression(
    r"(?:^|[\s_-])(?:ads?|advert\w*|guanggao|duilian|piaofu|piao|couplet|floatad|adfloat|popad)(?:$|[\s_\d-])",
    re.IGNORECASE,
)
_CLOSES = Expression(r"关闭|關閉|close|×|✕|✖|^X$", re.IGNORECASE)
# A time that has to pass before an advertisement can be closed; one that closes by itself makes nobody wait.
_COUNTS = re.compile(
    r"[0-9]{1,2} ?(?:秒|s)钟?(?: ?[之以]?后)?,? ?(?:才|方)?(?:可以?|能)?(?:关闭|關閉|跳过)|"
    r"(?:关闭|關閉|跳过)(?:广告)? ?[(|:]? ?[0-9]{1,2} ?(?:秒|s)|倒计时[^。]{0,6}(?:关闭|跳过)|"
    r"(?:close|skip)(?: \w+)? in [0-9]",
    re.IGNORECASE,
)
# What shows again what it has just hidden.
_HIDES = re.compile(r"hide\s*\(|fadeOut\s*\(|slideUp\s*\(|remove\s*\(|display\W{1,9}none", re.IGNORECASE)
_LATER = re.compile(r"set(?:Timeout|Interval)\s*\(", re.IGNORECASE)
_SHOWS = re.compile(
    r"(?<!\w)(?:show|fadeIn|slideDown|appendChild)\s*\(|display[\s\"':=,]{1,9}(?:block|flex|inline|[\"']{2})",
    re.IGNORECASE,
)
_NEAR = 300  # characters of a script
# What tells machines that a page is not for everybody (meta rating, Open Graph, schema.org).
_RATED = re.compile(
    r"^(?:adult|mature|restricted|rta-5042-1996-1400-1577-rta|r1[68]|(?:1[468]|18\+|21)(?: ?\+| years?)?)$",
    re.IGNORECASE,
)
_NOT_FAMILY = re.compile(r"\"isFamilyFriendly\"\s*:\s*\"?false", re.IGNORECASE)
_STORY = 30  # characters with which a paragraph of the content begins
_RATINGS = ("rating", "og:restrictions:age", "og:restrictions:content")
_WARNS = re.compile(
    r"(?<!涉)未成年人?[^。]{0,24}(?:监护人|家长|陪同|谨慎|慎[看读重]|请勿|不宜|不要模仿|影响)|(?:不宜|不适[合宜]|切勿|请勿)[^。]{0,12}"
    r"(?:未成年|儿童|青少年|少年|模仿)|"
    r"可能[^。]{0,6}(?:影响|引[发起]|造成)[^。]{0,16}(?:未成年|身心|不适|模仿)|"
    r"(?:未满|不满) ?(?:1[468]|十[四六八]) ?周?岁|"
    r"\b(?:minors?|children)\b[^.]{0,60}\b(?:guardian|parent|accompanied|caution|not)\b|"
    r"\bnot suitable for (?:minors|children)|"
    r"\b(?:viewer|reader|parental) (?:discretion|guidance|advisory)",
    re.IGNORECASE,
)
# The same of what a home page shows, where a headline may well speak of minors and of what affects them.
_WARNS_AT_HOME = re.compile(
    r"(?:以下|本|此|该)(?:内容|信息|文|视频|音频|图片|报道|节目)[^。]{0,8}(?:影响|不宜|不适[合宜]|引[发起])[^。]{0,4}(?:未成年|儿童)|"
    r"\b(?:this|the following)\b[^.]{0,40}\b(?:not suitable for|may affect) (?:minors|children)",
    re.IGNORECASE,
)
_TOUCHES_MINORS = re.compile(
    r"自杀|自残|轻生|跳楼|割腕|吸毒|校园(?:欺凌|霸凌|暴力)|(?:虐待|猥亵|性侵|遗弃|拐[卖骗])|虐童|早恋|代孕|"
    r"(?:未成年|少年|少女|男童|女童|初中生|小学生|高中生)[^,。]{0,8}(?:杀|死|伤|坠|打|溺|失踪|怀孕|被捕|犯罪)"
)


def minors(page: Page, context: Context) -> Iterator[Finding]:
    """What may affect minors, and the warning before it."""
    mark = next((value for name in _RATINGS if _RATED.match(value := page.metas.get(name, "").strip())), None)
    family = _NOT_FAMILY.search(page.source) if "isFamilyFriendly" in page.source else None
    told = mark or (family and family[0])
    if page.kind is PageKind.HOME:
        warned = _WARNS_AT_HOME.search(page.text)
        if told := told or _printed(page, "compliance-minors-warning") or (warned and warned[0]):
            yield page.found("C215", excerpt=told, text=told)
    elif told is not None:
        paragraphs = (tidy(text_of(one)) for one in page.tagged("p"))
        story = next((one for one in paragraphs if len(one) >= _STORY and not _WARNS.search(one)), "")
        warning, place = _warning(page), page.text.find(story[:_STORY]) if story else -1
        if warning < 0 or 0 <= place < warning:
            yield page.found("C214", excerpt=told, text=told)
    elif page.kind is PageKind.ARTICLE and _TOUCHES_MINORS.search(headline_of(page)) and _warning(page) < 0:
        yield page.found("C907")


def machines(page: Page, context: Context) -> Iterator[Finding]:
    """What a machine made."""
    if not any(mark in page.source for mark in _MACHINE_MARKS):
        return
    if _MACHINE.search(page.source) and not (
        _printed(page, "compliance-ai-label")
        or _MACHINE_SAID.search(page.text)
        or any(_MACHINE_SAID.search(image.alt or "") for image in page.images)
    ):
        yield page.found("C206")


def advertisements(page: Page, context: Context) -> Iterator[Finding]:
    """What is paid for, and what floats over the page."""
    scripts = any(mark in (one.text or "") for one in page.tagged("script") for mark in _PAID_SCRIPTS)
    paid = (scripts or any(mark in page.source for mark in _PAID_MARKS)) and _PAID.search(page.source)
    chinese = (page.lang or "").lower().startswith("zh")
    if paid and not _PAID_SAID[chinese].search(page.text):
        yield page.found("C207", excerpt=paid[0])
    styles = [one.get("style") or "" for one in page.styled]
    if any("fixed" in style or "absolute" in style for style in styles) and "fixed" in page.source:
        for element in _FLOATING(page.root):
            names = f"{element.get('id', '')} {element.get('class', '')}"
            if not _ADVERTISEMENT.search(names):
                continue
            if not _can_be_closed(element):
                yield page.found("C208", element)
            elif hindrance := _hindrance(page, element):
                yield page.found("C213", element, text=hindrance)


def _printed(page: Page, name: str) -> str:
    """Return what this package printed on *page* under the class *name*, in whatever language; empty for nothing."""
    return next((tidy(text_of(one)) for one in page.tagged("p") if one.get("class") == name), "")


def _warning(page: Page) -> int:
    """Return where in the text minors are warned, -1 where they are not."""
    if printed := _printed(page, "compliance-minors-warning"):
        return page.text.find(printed)
    match = _WARNS.search(page.text)
    return match.start() if match else -1


PAGE = (minors, machines, advertisements)


def _hindrance(page: Page, element: Element) -> str | None:
    """Return what makes readers wait for the way out of an advertisement, or brings it back."""
    if count := _COUNTS.search(tidy(text_of(element))):
        return count[0]
    names = (name for name in (element.get("id"), *(element.get("class") or "").split()) if name)
    named = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")
    for script in page.scripts:
        if named.search(script.text):
            for hides in _HIDES.finditer(script.text):
                later = _LATER.search(script.text, hides.end(), hides.end() + _NEAR)
                if later and (shows := _SHOWS.search(script.text, later.end(), later.end() + _NEAR)):
                    return script.text[later.start() : shows.end()]
    return None


def _can_be_closed(element: Element) -> bool:
    return _CLOSES.search(text_of(element)) is not None or any(
        _CLOSES.search(" ".join(map(str, one.attrib.values()))) for one in element.iterdescendants("*")
    )
