"""The telephones for reports that a page prints: found by the words before them, told from all its other numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .. import telephones
from ..characters import with_ascii_digits

# One of these stands on every page with such a telephone.
_WORDS = (
    *(
        "举报",
        "舉報",
        "检举",
        "檢舉",
        "投诉",
        "投訴",
        "eport",
        "EPORT",
        "omplain",
        "COMPLAIN",
        "通報",
        "通报",
        "신고",
        "بلاغ",
        "پاش قىل",
    ),
    *("ignaler", "ignalement", "elden", "eldung", "enunc", "ообщить", "ообщени", "жалоб", "Жалоб"),
)
_REPORT = (
    r"举报|舉報|检举|檢舉|投诉|投訴|通報|신고|بلاغ|پاش قىل\w*|"
    r"(?<![a-zà-ÿа-я])(?:report(?:s|ed|ing)?|complaints?|signaler|signalement|melden|meldung|meldestelle|denunciar|denuncias?|сообщить|жалоб\w*)(?![a-zà-ÿа-я])"
)
_TELEPHONE = (
    r"[电電][话話]|[热熱][线線綫]|[专專][线線綫]|[拨撥]打|[致来來][电電]|手[机機]|座[机機]|전화|هاتف|اتصل|تېلېفون|"
    r"(?<![a-zà-ÿа-я])(?:(?:tele)?phones?|telephone|hot-? ?line|tel|toll-free|call(?:ing)?|dial|téléphone|teléfono"
    r"|telefone?|telefon|телефон\w*|тел|appelez)(?![a-zà-ÿа-я])"
)
# Other ways to write to a site, and other numbers.
_OTHER_WAY = (
    r"[邮郵]箱|信箱|[邮郵]件|[传傳]真|[邮郵][编編政]|微信|微博|公[众眾][号號]|网址|網址|地址|[编編][号號]|代[码碼]|[许許]可[证證]|"
    r"寄|[备備]案|安[备備]|ICP|ISBN|ISSN|书号|刊号|版[权權]|©|(?<![a-zà-ÿа-я])(?:qq|e-?mails?|mailbox|fax|address|copyright|courriel|correo|почта)(?![a-zà-ÿа-я])"
)
# Whose telephone, or what for, where it is not for reports to the site.
_OTHER_SUBJECT = (
    r"[联聯][系絡繫]|[咨諮][询詢]|客服|服[务務]|[报爆]料|[热熱][线線]新[闻聞]|新[闻聞](?=[热熱][线線])|[线線]索|[编編][辑輯]部|采[编編]|"
    r"[广廣]告|商[务務]|合作|[发發]行|[订訂][阅閱]|[办辦]公|值班|站[务務长長]|管理[员員]|版主|家长|家長|[总總][机機]|技[术術]|反[诈詐]|[劝勸]阻|[报報][警案]|派出所|公安|警方|[网網]警|招聘|"
    r"[纪紀][检檢委]|(?<![a-zà-ÿа-я])(?:contact|service|customer|advertis\w+|newsroom|switchboard|office|reception|enquir\w+|inquir\w+)(?![a-zà-ÿа-я])"
)
# Numbers of another kind: web addresses, dates, times, spans, amounts, numbers of filings and books.
_NOISE = (
    r"https?://[^\s<>\"']{1,300}|\bwww\.[\w./-]{1,200}|\b[\w-]{1,60}\.(?:cn|com|net|org)\b"
    r"|(?<![0-9-])(?:19|20)[0-9]{2} ?(?:[-./] ?[0-9]{1,2} ?[-./] ?[0-9]{1,2}(?![0-9])|年[0-9 月日-]{0,10})"
    r"|(?<![0-9-])[0-9]{1,2} ?[:点时時] ?[0-9]{0,2}(?: ?[-~至到] ?(?:[0-9]{1,2} ?[:点时時]? ?[0-9]{0,2})?)?(?![0-9])"
    r"|(?<![0-9-])[0-9]{1,4} ?[×xX*]? ?[0-9]{0,3} ?"
    r"(?:[个個]?小[时時]|[个個]?工作日|分[钟鐘]|[天日元月年条條家万萬]|\bhours?\b|\bdays?\b|h\b)"
    r"|[0-9]{5,20} ?[号號](?![码碼线線])|97[89](?:-?[0-9]){10}|\b[0-9]{4}-[0-9]{3}[0-9X]\b(?!-)|\bCN ?[0-9]{2}-[0-9]{4}"
    r"|\bGB(?:/T)? ?[0-9]{4,6}[0-9.-]*|\b[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}\b"
)
_GROUP = r"[0-9]{1,12}(?! ?[个個]?小[时時])(?!:[0-9])"
_NUMBER = (
    r"\+[0-9]{1,3}(?:\.[0-9]{1,12}){1,4}(?![0-9.])|"
    rf"(?<![0-9A-Za-z@.])(?:\( ?)?\+?{_GROUP}(?:(?: ?\)[ -]{{0,3}}(?:\( ?)?|[ -]{{1,3}}(?:\( ?)?|\( ?){_GROUP}){{0,7}}"
    r"(?: ?(?:转|轉|分[机機]|;?ext(?:ension)?[.=]?|x|#) ?:? ?[0-9]{1,6})?(?![0-9A-Za-z@号號])"
)
_TOKEN = re.compile(
    r"(?P<mail>[\w.+-]{1,64}@[\w.-]{1,100})"
    rf"|(?P<noise>{_NOISE})|(?P<number>{_NUMBER})|(?P<report>{_REPORT})|(?P<telephone>{_TELEPHONE})"
    rf"|(?P<way>{_OTHER_WAY})|(?P<subject>{_OTHER_SUBJECT})|(?P<end>[。;|•·])",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"illegal|undesirable|harmful|unlawful|abus|violat|misconduct|content|information|illicit|illicite|rechtswidrig|ilegal|"
    r"незаконн|противоправн|违|不良",
    re.IGNORECASE,
)
# Whose centre for reports is named, before its number or in brackets behind.
_AUTHORITIES = (
    "网信[办部]|公安|警方|网警|文化市场|文化执法|扫黄打非|市场监管|消费者协会|消协|纪检|纪委|广电总?局|通信管理局"
)
_AUTHORITY = re.compile(rf"(?:(?:{_AUTHORITIES})\S{{0,4}}|[市省区]互联网(?:违法和不良信息)?)$")
_NAMES_AUTHORITY = re.compile(_AUTHORITIES)
_OF_AUTHORITY = re.compile(rf"\s?\([^()]{{0,16}}(?:{_AUTHORITIES})[^()]{{0,6}}\)")
#: Lines of authorities: police, reporting centres, service lines of governments.
_PUBLIC = re.compile(r"tel:(?:\+86(?:10|2[0-57-9]|[3-9][0-9]{2}))?(?:1[12][0-9]|12110|12[0-9]{3}|96110|962110)(?:;|$)")
_FAR = 40  # characters between a word and the number that it stands for
_NEAR = 90  # between the word for a report and that for a telephone
_FEWEST, _SHORTEST = 3, 5  # digits: 110; 12377
# For which reports or hours one of several numbers is.
_SORT = (
    "(?:(?:文字|图片|圖片|视频|視頻|音频|音頻|评论|評論|网站|網站|网络|網絡|境外|海外|境内|境內|国内|國內|国际|國際|白天|日间|日間"
    "|夜间|夜間|晚间|晚間|白班|夜班|工作日|工作时间|工作時間|非工作时间|非工作時間|节假日|節假日|周末"
    "|固话|固話|移动|移動) ?:? ?)?"
)
_IMPLIED = re.compile(rf"(?:[^:0-9@]{{0,10}}|[ -9;-~]{{0,40}})(?:\([^()0-9]{{0,24}}\))?: ?{_SORT}|\s?")
# What a button is called, or a telephone in brackets behind its number.
_BUTTON = re.compile(r"[”\"』」]?\s?(?:按[钮鈕]|功能|[图圖][标標]|选项)")
_BEHIND = re.compile(r"\s?\([^()]{0,14}(?:举报|舉報|投诉|投訴|检举|檢舉)[^()]{0,8}\)")
_COMPOUND = re.compile(r"[^\s:,]{0,6}|[、/与和及]")
# What stands between two numbers of one line: a remark in brackets, a comma, "or".
_BETWEEN = re.compile(rf"\s?(?:\([^()]{{0,24}}\)\s?)?(?:[/、,或和及与]|\bor\b|\band\b)?\s?{_SORT}")
_BROKEN = re.compile("[。;|]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotline:
    """A telephone for reports as it is *printed*, and its *uri*; None where it cannot be dialled.

    *public* is one of an authority, such as 12377.
    """

    printed: str
    uri: str | None
    public: bool = False


@lru_cache(maxsize=64)  # a site's pages have one foot
def hotlines(text: str) -> tuple[Hotline, ...]:
    """Return the telephones for reports in *text*, each once."""
    if not any(word in text for word in _WORDS):
        return ()
    found: dict[str, Hotline] = {}
    for one in _read(with_ascii_digits(text)):
        found.setdefault(one.uri or one.printed, one)
    return tuple(found.values())


class _Label:
    """What the words before a number say of it, as far as the text was read."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.report: int | None = None  # where the word for a report ends
        self.public = False
        self.telephone = False
        self.implied = False  # no word for another way stands behind it
        self.place = -_FAR  # where the last word ends


def _read(text: str) -> Iterator[Hotline]:
    label = _Label()
    telephone = -_NEAR  # where a word for a telephone ends: "Hotline for reports"
    last: tuple[int, Hotline] | None = None
    for match in _TOKEN.finditer(text):
        kind, start, end = match.lastgroup, match.start(), match.end()
        gap = text[max(0, label.place, start - _FAR - 1) : start]  # as far as anything asks
        if kind == "report":
            if _BUTTON.match(text, end):
                continue
            if match[0][:6].lower() == "report" and not _ABOUT.search(text, max(0, start - 60), end + 60):
                continue
            near = start - telephone < _FAR and _BROKEN.search(text, telephone, start) is None
            label.reset()
            label.report, label.implied, label.place = end, True, end
            label.public = _AUTHORITY.search(text, max(0, start - 24), start) is not None
            label.telephone = near
        elif kind == "telephone":
            telephone = end
            if label.report is not None and start - label.report <= _NEAR:
                # "Reports are taken by the office of …, telephone: …"
                label.public = label.public or _NAMES_AUTHORITY.search(text, label.place, start) is not None
                label.telephone, label.place = True, end
        elif kind == "way":
            label.telephone = label.implied = False
            label.place = end
        elif kind == "subject":
            if label.report is None or label.place != label.report or not _COMPOUND.fullmatch(gap):
                label.reset()
                telephone = -_NEAR
        elif kind == "end":
            label.reset()
            last = None
        elif kind == "mail":
            label.telephone = label.implied = False
            label.place = end
        elif kind == "noise":
            label.place = max(label.place, end)
        else:
            follows = last is not None and _BETWEEN.fullmatch(text, last[0], start) is not None
            if not follows and sum(map(str.isdigit, match[0])) < _FEWEST:
                label.place = max(label.place, end)
                continue
            behind = _BEHIND.match(text, end) is not None
            named = (
                behind
                or label.report is not None
                and (
                    (label.telephone and len(gap) <= _FAR)
                    or (label.implied and _IMPLIED.fullmatch(text, label.report, start) is not None)
                )
            )
            if not (follows or named):
                label.reset()
                last = None
                continue
            public = label.public if label.report is not None else last is not None and last[1].public
            public = public or _OF_AUTHORITY.match(text, end) is not None
            for one in _numbers(match[0], last[1] if follows and last is not None else None, public=public):
                last = end, one
                yield one
            label.reset()


def _numbers(written: str, before: Hotline | None, *, public: bool) -> Iterator[Hotline]:
    """Yield the telephones in *written*; *before* is the one that they are told as another ending of."""
    rest = written.strip()
    while rest:
        number, length = _first(rest)
        if number is None and before is not None and before.uri is not None:
            number = _ending(before, rest)
            length = len(rest)
        if number is None:
            if sum(map(str.isdigit, rest)) >= _SHORTEST:
                yield Hotline(printed=rest, uri=None, public=public)
            return
        before = Hotline(
            printed=rest[:length].rstrip(" (-"), uri=number, public=public or _PUBLIC.match(number) is not None
        )
        yield before
        rest = rest[length:].lstrip(" )-")


def _first(text: str) -> tuple[str | None, int]:
    """Return the address of the longest number that *text* begins with, and its length."""
    ends = [match.start() for match in re.finditer(r"[ (-]|(?<=[0-9])(?=转|轉|分)", text) if match.start()]
    for end in (len(text), *reversed(ends)):
        try:
            return telephones.parse(text[:end]).uri, end
        except ValueError:
            continue
    return None, 0


def _ending(before: Hotline, written: str) -> str | None:
    """Return the address of the number that *before* becomes with other last digits."""
    digits = re.fullmatch("[0-9]{1,8}", written.replace(" ", "").replace("-", ""))
    main = (before.uri or "").partition(";")[0]
    if not digits or len(digits[0]) >= len(main) - len("tel:+86"):
        return None
    return main[: -len(digits[0])] + digits[0]
