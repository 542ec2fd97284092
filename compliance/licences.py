"""The numbers of licences and filings that a mainland site shows: formats, spellings, links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

from .characters import DASHES, HAN, without_invisible
from .errors import Message
from .outside.hosts import host_of
from .outside.text import normalised

# The two-digit codes of GB/T 2260 and the letters that stand for the provinces. Public security writes 川, 贵, 甘
# and sometimes 云 where the ICP filing writes 蜀, 黔, 陇 and 滇.
PROVINCES = MappingProxyType(
    {
        letter: code
        for code, letters in {
            **{"11": "京", "12": "津", "13": "冀", "14": "晋", "15": "蒙", "21": "辽", "22": "吉", "23": "黑"},
            **{"31": "沪", "32": "苏", "33": "浙", "34": "皖", "35": "闽", "36": "赣", "37": "鲁"},
            **{"41": "豫", "42": "鄂", "43": "湘", "44": "粤", "45": "桂", "46": "琼"},
            **{"50": "渝", "51": "蜀川", "52": "黔贵", "53": "滇云", "54": "藏"},
            **{"61": "陕", "62": "陇甘", "63": "青", "64": "宁", "65": "新"},
        }.items()
        for letter in letters
    }
)
_P = f"[{''.join(PROVINCES)}]"
_HAN = f"[{HAN}]"
#: Cities whose telecom licences begin with a letter of their own.
CITIES = "深穗甬厦青连杭蓉汉宁沈哈长西郑"
# No licence has a number of one digit alone, 00000000: it stands where the number is still to be filled in.
_SAME = r"(?!(?P<same>[0-9])(?P=same)+(?![0-9]))"
#: How long before its end it is told that a licence expires.
EXPIRY = timedelta(days=30)
# GB 32100-2015: no letter that looks like a digit or another letter; the last sign checks the others.
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_CODE = re.compile(f"[{_CREDIT_SIGNS}]{{2}}[0-9]{{6}}[{_CREDIT_SIGNS}]{{10}}")
LONGEST = 200  # characters that are looked at: no number comes near
#: The traditional characters of numbers and of the names of licences, one for one; the authorities write the others.
SIMPLIFIED = str.maketrans(
    "晉遼滬蘇閩贛魯粵瓊貴雲陝隴寧黒備號證証網許聞務經營業節視聽傳製電聯資訊總發藥醫療書機關識碼編標廣絡類領準監屬區處",
    "晋辽沪苏闽赣鲁粤琼贵云陕陇宁黑备号证证网许闻务经营业节视听传制电联资讯总发药医疗书机关识码编标广络类领准监属区处",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """One licence or filing: its *kind* (a key of `KINDS`), the *number* as it is shown, where it links to.

    *expires* is the last day of a licence that was issued for a term; *icon* is the address of the picture that the
    authority gives out for the footer (public security's shield, CONAC's badge). *holder* and *services*, of
    `SERVICES`, are what a news licence says of who may do what; *model* is what was filed as generative AI.
    """

    kind: str
    number: str
    url: str | None = None
    expires: date | None = None
    icon: str | None = None
    holder: str | None = None
    services: tuple[str, ...] = ()
    model: str | None = None


#: The kinds of internet news information service (CAC Order 1, art. 5), in the order of the licence.
SERVICES = ("互联网新闻信息采编发布服务", "互联网新闻信息转载服务", "互联网新闻信息传播平台服务")


def service(name: str) -> str:
    """Return the whole name of the news service *name*: 转载 is 互联网新闻信息转载服务.

    Raises `ValueError` for what is none.
    """
    short = normalise(name).removeprefix("互联网新闻信息").removesuffix("服务")
    for one in SERVICES:
        if short and one == f"互联网新闻信息{short}服务":
            return one
    raise ValueError(Message("write one of 采编发布, 转载, 传播平台, as the licence has it"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceKind:
    """What numbers of one kind of licence look like once `normalise` has run, and what they link to."""

    pattern: str
    #: Valid numbers, the plainest first.
    examples: tuple[str, ...]
    #: The one spelling in use, as an expansion of *pattern*; empty where customs differ and the operator's stands.
    spelling: str = ""
    #: Where the rules want the number to link to, as an expansion of *pattern*.
    link: str = ""
    #: The hosts that such a link may have; empty where there is no rule.
    hosts: tuple[str, ...] = ()
    #: Says what is odd, though not impossible, about a number.
    doubt: Callable[[re.Match[str]], str | None] = lambda match: None

    @property
    def expression(self) -> re.Pattern[str]:
        """The pattern compiled: a site has few of these kinds."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _doubt_public_security(match: re.Match[str]) -> str | None:
    letter, code = match[1], match[2]
    if len(code) == 12:
        return Message("twelve digits are the old style; the platform has long issued fourteen")
    if PROVINCES.get(letter) != code[:2]:
        return Message(
            "%(letter)s does not go with a number that starts with %(code)s; compare it with the filing",
            letter=letter,
            code=code[:2],
        )
    return None


def _doubt_news(match: re.Match[str]) -> str | None:
    if match[1] != "10" and match[1] not in PROVINCES.values():
        return Message(
            "no province has the code %(code)s at the start of a news licence; compare it with the licence",
            code=match[1],
        )
    return None


def _doubt_audio_visual(match: re.Match[str]) -> str | None:
    return Message("such numbers have seven digits; compare it with the licence") if len(match[0]) == 9 else None


def _doubt_drug_information(match: re.Match[str]) -> str | None:
    if "经营性" in match[0]:
        return Message(
            "filings replaced these certificates on 2025-12-22; write the number of the filing (网药械信息备字)"
        )
    return None


#: Every kind, in the order in which a footer shows them.
KINDS: Mapping[str, LicenceKind] = MappingProxyType(
    {
        # Measures for the filing of non-commercial internet information services (MII Order 33), art. 13. The letter
        # at the end is that of an app (A), a quick app (K) or a mini-program (X), not of a site.
        "icp": LicenceKind(
            # A year in two or four digits and six of the year; the oldest have the six alone.
            pattern=rf"({_P})ICP备(?!([0-9])\2+(?![0-9]))([0-9]{{10}}|[0-9]{{8}}|[0-9]{{6}})号?(-[0-9]{{1,3}}[AKX]?)?号?",
            examples=("渝ICP备20009753号-2", "渝ICP备05003300号"),
            spelling=r"\1ICP备\3号\4",
            link="https://beian.miit.gov.cn/",
            hosts=("beian.miit.gov.cn",),
        ),
        # Measures for internet information services (State Council Order 292), art. 12.
        "icp_licence": LicenceKind(
            pattern=rf"{_P}ICP证:?(?:字?第|编号:?)?(?:{_SAME}[0-9]{{6}}|B2-[0-9]{{8}})号?(?:-[0-9]{{1,6}})?",
            examples=("京ICP证030173号", "苏ICP证B2-20100204"),
        ),
        "telecom": LicenceKind(
            # Nationwide ones have no letter, or 合字; a few cities have letters of their own.
            pattern=rf"(?:{_P}|[{CITIES}]|合字)?[AB][12](?:[./、][AB][12])*-{_SAME}[0-9]{{8}}(?:-[0-9]{{1,6}})?号?",
            examples=("B2-20090418", "浙B2-20080224-1", "合字B2-20170010"),
        ),
        # Measures for the security protection of international networking (1997), art. 12.
        "public_security": LicenceKind(
            pattern=rf"({_HAN})公网安备:?((?!([0-9])\3+号?$)(?:[0-9]{{6}}02[0-9]{{6}}|[0-9]{{12}}))号?",
            examples=("渝公网安备50010402001494号", "京公网安备110105008661号"),
            spelling=r"\1公网安备\2号",
            link=r"https://beian.mps.gov.cn/#/query/webSearch?code=\2",
            hosts=("beian.mps.gov.cn", "www.beian.gov.cn"),
            doubt=_doubt_public_security,
        ),
        # Provisions on the administration of internet news information services (CAC Order 1), art. 18.
        "news": LicenceKind(
            pattern=r"(10|[1-6][0-9])[123]20[0-9]{2}[0-9]{3,4}",
            examples=("50120220004", "3112006001"),
            spelling=r"\g<0>",
            doubt=_doubt_news,
        ),
        "audio_visual": LicenceKind(
            pattern="[0-9]{7}(?:[0-9]{2})?",
            examples=("0110516", "117330003"),
            spelling=r"\g<0>",
            doubt=_doubt_audio_visual,
        ),
        "tv_production": LicenceKind(
            pattern=rf"\(?{_HAN}{{1,3}}\)?字第[0-9]{{3,5}}号",
            examples=("（京）字第00693号", "（广媒）字第172号"),
        ),
        "culture": LicenceKind(
            pattern=rf"{_HAN}网文[〔\[(【][0-9]{{4}}[〕\])】]第?[0-9]{{3,4}}(?:-[0-9]{{3,4}})?号?",
            examples=("京网文〔2023〕1034-029号", "冀网文【2021】1825-0012号"),
        ),
        "online_publishing": LicenceKind(
            pattern=rf"(?:(?:\([总署]\))?网出证)?\({_HAN}\)字第?[0-9]{{3,4}}号|新出网证\({_HAN}\)字第?[0-9]{{3}}号",
            examples=("(总)网出证(京)字第161号", "新出网证(鄂)字008号"),
        ),
        # Local offices write this one each in a style of their own.
        "publications": LicenceKind(
            pattern=rf"{_P}?新?出发.{{1,12}}[0-9]{{3,7}}号",
            examples=("新出发滨字第0132号", "新出发京零字第大120007号"),
        ),
        # Provisions on the filing of internet drug and medical device information services (NMPA notice 2025 No. 123);
        # the certificates of 2004 that filings replaced are read for what they are.
        "drug_information": LicenceKind(
            pattern=rf"\({_HAN}\)-非?经营性-[0-9]{{4}}-[0-9]{{4}}|\({_HAN}\)网药械信息备字\([0-9]{{4}}\)第[0-9]{{5}}号",
            examples=("(京)网药械信息备字(2025)第00153号", "(湘)-经营性-2014-0005"),
            doubt=_doubt_drug_information,
        ),
        # Provisions on algorithmic recommendation (2022), art. 26: number and link.
        "algorithm": LicenceKind(
            pattern="网信算备:?([0-9]{21})号?",
            examples=("网信算备330110507206401230035号",),
            spelling=r"网信算备\1号",
            link="https://beian.cac.gov.cn/#/index",
            hosts=("beian.cac.gov.cn",),
        ),
        # CAC notices on generative AI services (2024 on): the model's name with its filing or registration number.
        "generative": LicenceKind(
            pattern="[A-Z]{2,20}-[A-Z0-9.+_-]{1,60}-[0-9]{6,16}号?|.{0,30}[0-9]{6,}号?",
            examples=("Chongqing-BaShu-202601010001",),
        ),
        "religion": LicenceKind(pattern=rf"{_HAN}\([0-9]{{4}}\)[0-9]{{7}}", examples=("京（2022）0000043",)),
        "conac": LicenceKind(
            pattern="[0-9A-F]{32}",
            examples=("0123456789ABCDEF0123456789ABCDEF",),
            spelling=r"\g<0>",
            link=r"https://bszs.conac.cn/sitename?method=show&id=\g<0>",
            hosts=("bszs.conac.cn",),
        ),
        "government_site": LicenceKind(pattern="[0-9]{10}|(?i:bm)[0-9]{8}", examples=("5000000095", "bm01000001")),
    }
)


def normalise(number: str) -> str:
    """Return *number* with one form of every letter, character, digit, bracket and dash, and without spaces."""
    return "".join(normalised(_narrow(number), longest=LONGEST, form="NFKC").upper().split())


def parse(kind: str, number: str) -> Licence:
    """Read *number* as one of *kind*, with the link that the rules want for it.

    Raises `ValueError`, saying how such a number is written.
    """
    match = _match(kind, number)
    if not match:
        example = KINDS[kind].examples[0]
        raise ValueError(Message("write the number as it stands on the licence, such as %(example)s", example=example))
    spelling, link = KINDS[kind].spelling, KINDS[kind].link
    return Licence(
        kind=kind,
        number=match.expand(spelling) if spelling else _narrow(number),
        url=match.expand(link) if link else None,
    )


def credit_code(text: str) -> str:
    """Return the unified social credit code that *text* says (GB 32100-2015), in capitals and without spaces.

    Raises `ValueError` for what is none.
    """
    code = normalise(text)
    if not _CREDIT_CODE.fullmatch(code):
        raise ValueError("write the eighteen digits and letters as they stand on the business licence")
    values = [_CREDIT_SIGNS.index(sign) for sign in code]
    if (sum(value * pow(3, place, 31) for place, value in enumerate(values[:-1])) + values[-1]) % 31:
        raise ValueError("its last sign does not fit the others: compare it with the business licence")
    return code


def check_link(kind: str, url: str) -> None:
    """Raise `ValueError` unless numbers of *kind* may link to *url*."""
    hosts = KINDS[kind].hosts
    if hosts and host_of(url) not in hosts:
        told = Message(
            "link it to %(hosts)s, or leave the link out: it is then made from the number", hosts=" / ".join(hosts)
        )
        raise ValueError(told)


def doubt(licence: Licence) -> str | None:
    """Say what is odd, though not impossible, about the number of *licence*."""
    match = _match(licence.kind, licence.number)
    return KINDS[licence.kind].doubt(match) if match else None


def days_left(licence: Licence, today: date) -> int | None:
    """Return in how many days *licence* expires, below zero where it has; None where that is not to be told yet."""
    if licence.expires is None or licence.expires > today + EXPIRY:
        return None
    return (licence.expires - today).days


def _narrow(number: str) -> str:
    """Return *number* with narrow letters, digits and dashes; brackets, wide in Chinese print, stay as they are."""
    number = without_invisible(number[:LONGEST])
    narrow = re.sub("[^（）［］]+", lambda part: normalised(part[0], longest=LONGEST, form="NFKC"), number)
    return " ".join(re.sub(f"[{DASHES}]", "-", narrow).translate(SIMPLIFIED).split())


def _match(kind: str, number: str) -> re.Match[str] | None:
    return KINDS[kind].expression.fullmatch(normalise(number))
