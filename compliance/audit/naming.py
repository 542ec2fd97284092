"""Which recipients of personal information a text names: by whole names, by those that they go by, by hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain

from ..characters import HAN
from ..page.trackers import Catalogue
from ..page.trackers.catalogue import ANY

# The companies behind services whose names begin so. Who names the company means all that it does; one of its services,
# such as 百度百科 or Google Chrome, is not another.
_COMPANIES = {
    "Google": ("Google", "谷歌", "Alphabet Inc"),
    "YouTube": ("YouTube", "油管"),
    "Baidu": ("Baidu", "百度"),
    "Tencent": ("Tencent", "腾讯", "騰訊"),
    "QQ": ("腾讯", "Tencent"),
    "WeChat": ("WeChat", "微信", "Weixin", "腾讯", "Tencent"),
    "Alibaba Cloud": ("Alibaba", "Aliyun", "阿里云", "阿里巴巴"),
    "Alimama": ("阿里巴巴", "Alibaba"),
    "ByteDance": ("ByteDance", "字节跳动"),
    "Ocean Engine": ("字节跳动", "ByteDance"),
    "Pangle": ("字节跳动", "ByteDance"),
    "Toutiao": ("Toutiao", "今日头条", "字节跳动", "ByteDance"),
    "TikTok": ("TikTok", "字节跳动", "ByteDance"),
    "Sina": ("Sina", "新浪"),
    "Weibo": ("Weibo", "微博", "微梦创科", "新浪"),
    "NetEase": ("NetEase", "网易"),
    "Sogou": ("Sogou", "搜狗"),
    "Sohu": ("Sohu", "搜狐"),
    "Changyan": ("搜狐", "Sohu"),
    "Ifeng": ("Ifeng", "凤凰网"),
    "CCTV": ("CCTV", "央视网", "央视"),
    "Xinhuanet": ("Xinhuanet", "新华网"),
    "People's Daily": ("People's Daily", "人民网"),
    "Microsoft": ("Microsoft", "微软"),
    "Meta": ("Meta Platforms", "Facebook", "脸书"),
    "Facebook": ("Facebook", "Meta Platforms", "脸书"),
    "Instagram": ("Instagram", "Meta Platforms", "Facebook"),
    "LinkedIn": ("LinkedIn", "领英"),
    "X (Twitter)": ("X Corp", "Twitter", "推特"),
    "Cloudflare": ("Cloudflare",),
    "Yandex": ("Yandex",),
    "360": ("奇虎360", "奇虎科技", "360公司", "Qihoo"),
    "Youku": ("Youku", "优酷"),
}
# What else texts call a service, or all services whose names begin so.
_SERVICES = {
    "Google Analytics": ("谷歌统计", "GA4"),
    "Google Ads": ("AdWords", "Google Advertising"),
    "Google AdSense": ("AdSense",),
    "Google DoubleClick": ("DoubleClick",),
    "Google reCAPTCHA": ("reCAPTCHA",),
    "Google Publisher Tag": ("Google Ad Manager",),
    "Baidu Qiao": ("爱番番",),
    "Tencent Analytics": ("腾讯移动分析",),
    "Tencent Ads": ("广点通", "优量汇"),
    "Tencent Captcha": ("腾讯防水墙", "天御验证码"),
    "QQ": ("QQ空间", "Qzone", "QQ互联", "QQ分享", "分享到QQ"),
    "WeChat": ("微信分享", "微信接口", "WeChat sharing"),
    "Weibo": ("微博分享", "微博接口"),
    "AMap": ("AMap", "高德", "AutoNavi"),
    "Umeng": ("Umeng", "友盟", "CNZZ"),
    "Microsoft Advertising": ("Bing Ads", "必应广告"),
    "Meta pixel": ("Facebook Pixel", "Facebook像素"),
    "Facebook plugins": ("Facebook Social Plugins",),
    "Matomo Cloud": ("Matomo", "InnoCraft"),
    "Matomo on": ("Matomo", "Piwik"),
    "Gridsum": ("Gridsum", "国双"),
    "Webterren": ("Webterren", "网脉", "拓尔思"),
    "WRating": ("WRating", "万瑞"),
    "Sensors Data": ("SensorsData", "神策"),
    "GeeTest": ("GeeTest", "极验"),
    "CONAC": ("CONAC", "事业单位标识", "网上标识"),
    "Segment": ("Twilio Segment", "Segment.io", "Segment.com"),
    "Sentry": ("Sentry.io", "Functional Software"),
}
_ALL_COMPANIES = frozenset(chain.from_iterable(_COMPANIES.values()))
# What follows the name of a company where it is not the name of one of its services.
_COMPANY_HAN = (
    "(?:公司|集团|股份|有限|控股|旗下|网讯|在线|网络|科技|技术|信息|计算|文化|传媒|及|和|与|或|跟|等|的|之|其|是|为|"
    "会(?![员议])|将|可|也|还|均|则|不|未|已|并|能|如|所|在|于|以|由|从|按|依|据|对|向|给|把|被|经|通过|使用|利用|运用|采用|根据|作为|"
    "提供|收集|处理|接收|获[取得]|取得|得到|存储|保存|共享|披露|传输|负责|运营|隐私|服务|官方|平台|方|境|美国|中国|爱尔兰|新加坡)"
)
_COMPANY_LATIN = (
    "(?:LLC|L\\.L\\.C|Inc|Ltd|Limited|Co|Corp|Corporation|Company|Group|Holdings?|Platforms|Technolog(?:y|ies)|Online|"
    "Network|Netcom|International|Operations|Ireland|Asia|Singapore|China|Beijing|Shenzhen|Shanghai|United States|USA?|"
    "Privacy|Terms|Cookies?|Services|Uses|May|Will)"
)
# What is written in small letters, too.
_SERVICE_LATIN = (
    "(?:maps|analytics|fonts|chrome|ads|adsense|tag|translate|drive|play|search|earth|edge|office|windows|bing|clarity|"
    "teams|azure|cloud|pixel|login|messenger|baike|browser|store|account)"
)
# The site's own account with it is no service.
_ACCOUNT = "(?<!官方)(?<!关注)(?<!@)"
_WORDS = frozenset({"Segment", "Sentry", "Intercom", "Amplitude", "Meta", "New Relic"})
_OTHER_NAMES = re.compile(r"\(([^()]{3,40})\)|（([^（）]{2,40})）")
_NO_NAMES = frozenset({"privacy-enhanced", "隐私增强模式"})
_LATIN = "A-Za-z0-9"
_ALONE = (
    f"(?:(?= ?{_COMPANY_HAN}|[ -]{_COMPANY_LATIN}(?![{_LATIN}]))"
    f"|(?! ?[{HAN}]|[ -]?[A-Z0-9]|[ -](?i:{_SERVICE_LATIN})(?![{_LATIN}])|\\.[a-z]))"
)


def known_names(catalogue: Catalogue, text: str) -> Iterator[str]:
    """Yield the English names of the providers of *catalogue* that *text* names."""
    for provider, pattern in _patterns(catalogue).items():
        if pattern.search(text):
            yield provider


@lru_cache(maxsize=4)
def _patterns(catalogue: Catalogue) -> dict[str, re.Pattern[str]]:
    names: dict[str, dict[str, None]] = {}
    for tracker in catalogue.trackers:
        english, chinese = tracker.provider.get("en", tracker.host), tracker.provider.get("zh_CN", "")
        own = names.setdefault(english, {})
        own.update(dict.fromkeys([*_written(english), *_written(chinese)]))
        if tracker.host != ANY:
            own[tracker.host] = None
        for table in (_COMPANIES, _SERVICES):
            for beginning, others in table.items():
                if english.startswith(beginning):
                    own.update(dict.fromkeys(others))
    return {provider: _pattern(own) for provider, own in names.items()}


def _written(name: str) -> Iterator[str]:
    """Yield *name*, and what stands before and in its brackets."""
    if name:
        yield name
        short = _OTHER_NAMES.sub("", name).strip(" +")
        if len(short) > 1:
            yield short
        yield from (one for match in _OTHER_NAMES.findall(name) for one in match if one and one not in _NO_NAMES)


def _pattern(names: Iterable[str]) -> re.Pattern[str]:
    """Return what finds one of *names* as a whole: "Hotjar" not in "hotjarring", "x.com" not in "fox.com"."""
    parts = []
    for name in names:
        before = f"(?<![{_LATIN}.-])" if re.match(f"[{_LATIN}]", name) else ""
        after = f"(?![{_LATIN}])" if re.search(f"[{_LATIN}]$", name) else ""
        written = re.escape(name).replace("\\ ", r"\s*") if re.search(f"[{HAN}]", name) else re.escape(name)
        if name in _ALL_COMPANIES:
            before, after = before + _ACCOUNT, after + _ALONE
        parts.append(f"{before}{written if name in _WORDS else f'(?i:{written})'}{after}")
    return re.compile("|".join(parts))
