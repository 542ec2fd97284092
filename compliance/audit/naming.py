"""Which recipients of personal information a text names: by whole names, by those that they go by, by hosts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from ..characters import HAN
from ..page.trackers import Catalogue
from ..page.trackers.catalogue import ANY

# Who is meant by a name that begins so, and how else texts call it. A name that is an English word stands for a company
# in its own letters alone.
_COMPANIES = {
    "Google": ("Google", "谷歌", "Alphabet Inc"),
    "YouTube": ("YouTube", "油管"),
    "Baidu": ("Baidu", "百度"),
    "Tencent": ("Tencent", "腾讯", "騰訊"),
    "QQ": ("QQ空间", "Qzone", "腾讯", "Tencent"),
    "WeChat": ("WeChat", "微信", "Weixin"),
    "Alibaba Cloud": ("Alibaba", "Aliyun", "阿里云", "阿里巴巴"),
    "Alimama": ("Alimama", "阿里妈妈", "阿里巴巴", "Alibaba"),
    "AMap": ("AMap", "高德", "AutoNavi"),
    "Umeng": ("Umeng", "友盟", "CNZZ"),
    "ByteDance": ("ByteDance", "字节跳动"),
    "Ocean Engine": ("Ocean Engine", "巨量引擎", "字节跳动", "ByteDance"),
    "Pangle": ("Pangle", "穿山甲", "字节跳动", "ByteDance"),
    "TikTok": ("TikTok",),
    "Toutiao": ("Toutiao", "今日头条", "字节跳动"),
    "Sina": ("Sina", "新浪"),
    "Weibo": ("Weibo", "微博", "新浪"),
    "NetEase": ("NetEase", "网易"),
    "Sogou": ("Sogou", "搜狗"),
    "Sohu": ("Sohu", "搜狐"),
    "Changyan": ("Changyan", "畅言", "搜狐"),
    "Ifeng": ("Ifeng", "凤凰网"),
    "CCTV": ("CCTV", "央视网", "央视"),
    "Xinhuanet": ("Xinhuanet", "新华网"),
    "People's Daily": ("People's Daily", "人民网"),
    "Microsoft": ("Microsoft", "微软"),
    "Meta": ("Meta Platforms", "Facebook", "Instagram", "脸书"),
    "Facebook": ("Facebook", "Meta Platforms", "脸书"),
    "Instagram": ("Instagram", "Meta Platforms", "Facebook"),
    "LinkedIn": ("LinkedIn", "领英"),
    "X (Twitter)": ("X Corp", "Twitter", "推特"),
    "Cloudflare": ("Cloudflare",),
    "Yandex": ("Yandex",),
    "Matomo Cloud": ("Matomo", "InnoCraft"),
    "Matomo on": ("Matomo", "Piwik"),
    "Gridsum": ("Gridsum", "国双"),
    "Webterren": ("Webterren", "网脉", "拓尔思"),
    "WRating": ("WRating", "万瑞"),
    "360": ("奇虎360", "奇虎科技", "360公司", "Qihoo"),
    "Youku": ("Youku", "优酷"),
    "Sensors Data": ("SensorsData", "神策"),
    "GeeTest": ("GeeTest", "极验"),
    "CONAC": ("CONAC", "事业单位标识", "网上标识"),
    "Segment": ("Twilio Segment", "Segment.io", "Segment.com"),
    "Sentry": ("Sentry.io", "Functional Software"),
}
_WORDS = frozenset({"Segment", "Sentry", "Intercom", "Amplitude", "Meta", "New Relic"})
_OTHER_NAMES = re.compile(r"\(([^()]{3,40})\)|（([^（）]{2,40})）")
_NO_NAMES = frozenset({"privacy-enhanced", "隐私增强模式"})
_LATIN = "A-Za-z0-9"


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
        for company, others in _COMPANIES.items():
            if english.startswith(company):
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
        parts.append(f"{before}{written if name in _WORDS else f'(?i:{written})'}{after}")
    return re.compile("|".join(parts))
