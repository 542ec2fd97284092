"""Consent: asked for, as easy to refuse as to give, and to take back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from ..expressions import Expression
from ..findings import Finding
from ..loaded import needs_consent
from ..page import Page, PageKind
from ..parts import label_of
from ..site import Context
from ..tree import Element, elements, text_of

# A sentence is looked for around one of these words alone: expressions over whole pages cost more than all else.
_ASKS = ("同意", "接受", "agree", "consent", "accept")
_REFUSES = ("不同意", "不接受", "拒绝", "f you do")
_BEFORE, _AFTER = 180, 140
_MOST = 20  # elements that are looked at as a banner, windows in which a sentence is looked for
_IMPLIED = re.compile(
    r"(?:继续|繼續)(?:浏览|瀏覽|使用|访问|訪問)[^。!?;]{0,40}?(?:同意|接受|认可)"
    r"|(?:浏览|瀏覽|使用(?! ?cookie)|访问|訪問|登录)[^。!?;]{0,24}?(?:即|则|就)?"
    r"(?:表示|视为|視為|代表|意味着?|等同于?)[^。!?;]{0,12}?(?:同意|接受)"
    r"|(?:未|不)(?:选择|作出|点击|关闭|拒绝)[^。!?;]{0,20}?(?:视为|視為)[^。!?;]{0,8}?(?:同意|接受)"
    r"|\b(?:(?:by )?continuing|continu\w+|by (?:using|browsing|visiting|accessing))\b"
    r"[^.!?]{0,80}?\byou\b[^.!?]{0,12}?\b(?:agree|consent|accept)\b"
    r"|\b(?:continued|use|using|browsing|visiting)\b[^.!?]{0,60}?"
    r"\b(?:constitutes?|means?|implies|signif\w+|is (?:deemed|taken|considered))\b"
    r"[^.!?]{0,40}?\b(?:consent|agree\w*|accept\w*)\b",
    re.IGNORECASE,
)
_DENIED = Expression(r"不(?:视为|代表|表示|意味|等同|构成|視為)|并非|\bnot\b|n't\b", re.IGNORECASE)
_ABOUT = Expression(r"cookie|隐私|隱私|个人信息|個人資料|privacy|personal (?:data|information)", re.IGNORECASE)
_PERSONAL = Expression(r"个人信息|個人資料|personal (?:data|information)", re.IGNORECASE)
_SENTENCE = re.compile(r"[。!?;]|\.\s")
_WALL = re.compile(
    r"(?:不同意|不接受|拒绝)[^。!?;]{0,30}?(?:请[^。!?;]{0,8}?(?:停止|离开|退出|勿|不要)|(?:将|则)?(?:无法|不能|不得)(?:继续)?(?:使用|访问|浏览))[^。!?;]{0,16}"
    r"|\bif you (?:do not|don't) (?:agree|accept|consent)\b[^.!?]{0,60}?\b(?:leave|stop using|"
    r"do not use|don't use|not use|exit|cannot)\b[^.!?]{0,40}",
    re.IGNORECASE,
)
_FUNCTION = Expression(r"功能|该服务|部分|相应|feature|function", re.IGNORECASE)

_CONSENT_BOX = Expression(
    r"同意|接受|订阅|推送|营销|授权|统计|广告|个性化|agree|consent|accept|newsletter|subscri|marketing|analytic|advert|statistic",
    re.IGNORECASE,
)
_NECESSARY_BOX = Expression(
    r"必要|必需|necessary|essential|required|strictly|不同意|拒绝|不接受|decline|refuse|reject", re.IGNORECASE
)

_NAMED_TAGS = ("div", "section", "aside", "dialog", "form", "footer")
_NAMED = elements(f"//*[@id or @class][{' or '.join(f'self::{tag}' for tag in _NAMED_TAGS)}]")
_BANNER = Expression(r"cookie|consent|gdpr|privacy[-_]?(?:bar|tip|notice|pop|banner|layer)|ccpa", re.IGNORECASE)
AGREE = Expression(
    r"^(?:我)?(?:全部)?(?:同意|接受|允许|知道了|我知道了|好的?)|^(?:i )?(?:accept|agree|allow|ok\b|got it|understood)",
    re.IGNORECASE,
)
REFUSE = Expression(
    r"不同意|拒绝|拒絕|不接受|仅.{0,6}必[要需]|只.{0,6}必[要需]|不允许|暂不|reject|refuse|"
    r"decline|deny|disagree|only necessary|necessary only|essential only|no,? thanks",
    re.IGNORECASE,
)
_SETTINGS = Expression(
    r"cookie.{0,8}(?:设置|设定|偏好|选项|管理|首选项|settings?|preferences?|choices|options)|(?:隐私|偏好|同意)(?:设置|管理|偏好|选项|选择)|"
    r"管理.{0,4}(?:cookie|偏好|同意|隐私)|撤回|撤销同意|withdraw|"
    r"(?:privacy|consent|cookie) (?:settings|preferences|choices|options)|"
    r"(?:manage|change|review).{0,14}(?:cookie|consent|preference|choice)|your privacy choices|do not sell",
    re.IGNORECASE,
)
_STRONG = Expression(r"primary|main|solid|highlight|success|cta|strong|big|large|filled|confirm", re.IGNORECASE)
_WEAK = Expression(
    r"link|secondary|plain|ghost|outline|gr[ea]y|muted|small|"
    r"(?:^|[-_ ])(?:sm|xs|text|minor|light|cancel|tiny)(?:$|[-_ ])",
    re.IGNORECASE,
)
_FIXED = Expression(r"position:fixed")
_AT_END = Expression(r"(?:^|[;{])(?:bottom|inset-block-end):")
_ROOM = Expression(
    r"(?:^|[};,\s])(?:body|html)[^{}]{0,200}\{[^}]{0,400}(?:padding(?:-bottom|-block-end)?|scroll-padding[\w-]*)\s*:",
    re.IGNORECASE,
)


def sentences(page: Page, context: Context) -> Iterator[Finding]:
    """Sentences that take going on for consent, or make it a condition."""
    text = page.text
    told = set[str]()
    for window in _windows(text, _ASKS):
        match = _IMPLIED.search(window)
        if not match or _DENIED.search(match[0]):
            continue
        sentence = _sentence(window, match)
        if sentence in told or not _ABOUT.search(sentence):
            continue
        told.add(sentence)
        needed = needs_consent(page, context.catalogue)
        policy = page.kind is PageKind.POLICY and _PERSONAL.search(sentence)
        rule = "C401" if needed or policy else "C402"
        yield page.found(rule, page.where(sentence), excerpt=sentence, text=sentence)
    for window in _windows(text, _REFUSES):
        if match := _WALL.search(window):
            sentence = _sentence(window, match)
            if sentence not in told and _ABOUT.search(sentence) and not _FUNCTION.search(sentence):
                told.add(sentence)
                yield page.found("C406", page.where(sentence), excerpt=sentence, text=sentence)


def boxes(page: Page, context: Context) -> Iterator[Finding]:
    """Boxes that are ticked beforehand."""
    on: Element | None = None
    for element in page.tagged("input"):
        if element.get("checked") is None or (element.get("type") or "").lower() not in ("checkbox", "radio"):
            continue
        if element.get("disabled") is not None:
            continue
        label = _label(page, element)
        if _shows_state(element):
            on = element if on is None else on
            continue
        words = f"{label} {element.get('name', '')} {element.get('id', '')} {element.get('value', '')}"
        if _CONSENT_BOX.search(words) and not _NECESSARY_BOX.search(words):
            yield page.found("C403", element, text=label or element.get("name", ""))
    if on is not None:
        yield page.found("C409", on, excerpt="")


def banners(page: Page, context: Context) -> Iterator[Finding]:
    """The banner: agreeing and refusing, the way back, the room that it takes."""
    banner = _banner(page)
    if banner is None:
        return
    buttons = [*_buttons(banner)]
    agree = next((one for one in buttons if AGREE.search(one[0]) and not REFUSE.search(one[0])), None)
    refuse = next((one for one in buttons if REFUSE.search(one[0])), None)
    if agree and refuse and _is_weaker(refuse[1], agree[1]):
        yield page.found("C405", refuse[1], refuse=refuse[0], agree=agree[0])
    needed = needs_consent(page, context.catalogue)
    if agree and not refuse and needed and not any(_SETTINGS.search(text) for text, _ in buttons):
        yield page.found("C404", agree[1], text=agree[0])
    inside = set(banner.iter("a", "button"))
    others = [link.name for link in page.links if link.element not in inside]
    others += [text_of(one) for one in page.tagged("button") if one not in inside]
    if agree and not any(_SETTINGS.search(name) for name in others):
        yield page.found("C407", banner)
    if _covers(page, banner):
        yield page.found("C408", banner)


PAGE = (sentences, boxes, banners)


def _windows(text: str, words: tuple[str, ...]) -> Iterator[str]:
    """Yield what stands around each of *words* in *text*."""
    for word in words:
        place = text.find(word)
        while place >= 0:
            yield text[max(0, place - _BEFORE) : place + _AFTER]
            place = text.find(word, place + 1)


def _sentence(text: str, match: re.Match[str]) -> str:
    """Return the sentence around *match*, as far as it is near."""
    ends = [end.end() for end in _SENTENCE.finditer(text, max(0, match.start() - 100), match.start())]
    start = ends[-1] if ends else match.start()
    end = _SENTENCE.search(text, match.end(), match.end() + 80)
    return text[start : end.start() if end else match.end() + 40].strip()


def _shows_state(element: Element) -> bool:
    """Return whether *element* is a box of our preference page, which shows what runs and asks for nothing."""
    form = next(element.iterancestors("form"), None)
    if (
        form is None
        or element.get("name") != "category"
        or not form.get("action", "").partition("?")[0].endswith("/consent")
    ):
        return False
    return any(one.get("name") == "policy" for one in form.iter("input"))


def _label(page: Page, element: Element) -> str:
    label = label_of(page, element)
    if label is not None:
        return text_of(label)
    # Old forms write the words right behind the box.
    return (element.tail or "").strip() or element.get("aria-label") or ""


@lru_cache(maxsize=1)
def _banner(page: Page) -> Element | None:
    """Return the banner that asks for consent."""
    return next(asking(page), None)


def asking(page: Page) -> Iterator[Element]:
    """Yield what asks for consent on *page*: the outermost elements that are named so and have a button to agree."""
    if not any(map(_is_named, page.tagged(*_NAMED_TAGS))):
        return
    found: set[Element] = set()
    for element in islice(filter(_is_named, _NAMED(page.root)), _MOST):
        asks = any(AGREE.search(words) for words, _ in _buttons(element))
        if asks and element.tag != "body" and len(text_of(element)) < 2_000:
            if not any(up in found for up in element.iterancestors()):
                yield element
            found.add(element)


def _buttons(element: Element) -> Iterator[tuple[str, Element]]:
    """Yield what can be pressed in *element*, with the words on it."""
    for one in element.iter("button", "a", "input"):
        yield text_of(one) or one.get("value") or "", one


def _is_named(element: Element) -> bool:
    return _names_banner(element.get("id", ""), element.get("class", ""), element.get("aria-labelledby", ""))


@lru_cache(maxsize=4_096)  # the same names on page after page
def _names_banner(*names: str) -> bool:
    return _BANNER.search(" ".join(names)) is not None


def _is_weaker(refuse: Element, agree: Element) -> bool:
    """Return whether *refuse* is made to be seen less than *agree*, by what the markup says of both."""
    refusing, agreeing = refuse.get("class", ""), agree.get("class", "")
    if refuse.tag == "a" and agree.tag != "a" and refuse.get("role") != "button" and "btn" not in refusing:
        return True
    if _STRONG.search(agreeing) and not _STRONG.search(refusing):
        return True
    if _WEAK.search(refusing) and not _WEAK.search(agreeing):
        return True
    style, other = (one.get("style", "").replace(" ", "").lower() for one in (refuse, agree))
    return style != other and bool(re.search("background|font-size|color|opacity|text-decoration", style + other))


def _covers(page: Page, banner: Element) -> bool:
    """Return whether the markup fixes *banner* to the end of the window, and nothing in the page leaves room for it."""
    styles = [text_of(one) for one in page.tagged("style")]
    own = (banner.get("style") or "").replace(" ", "").lower()
    rules = [own]
    names = [f"#{banner.get('id')}"] if banner.get("id") else []
    names += [f".{name}" for name in (banner.get("class") or "").split()]
    for sheet in styles:
        for name in names:
            rules += [
                match[1].replace(" ", "").lower()
                for match in re.finditer(re.escape(name) + r"\s*(?:,[^{}]{0,200})?\{([^}]{0,2000})\}", sheet)
            ]
    fixed = any(_FIXED.search(rule) and _AT_END.search(rule) for rule in rules)
    body = next(iter(page.tagged("body")), None)
    room = any(_ROOM.search(sheet) for sheet in styles) or (body is not None and "padding" in (body.get("style") or ""))
    return fixed and not room
