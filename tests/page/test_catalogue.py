"""Which addresses lead to a tracker, and which scripts name one."""

from __future__ import annotations

import re

import pytest

from compliance.page.trackers import Catalogue, Tracker
from compliance.page.trackers.marks import finder

CATALOGUE = Catalogue()
CATEGORIES = frozenset({"functional", "analytics", "advertising", "social"})


def tracker(host: str, path: str = "/", category: str = "analytics") -> Tracker:
    return Tracker(host=host, path=path, category=category, provider={"en": host})


def provider(url: str, base_host: str | None = None) -> str | None:
    found = CATALOGUE.match(url, base_host)
    return found.provider["en"] if found else None


def test_entries_are_complete_and_stand_once() -> None:
    rows = CATALOGUE.trackers
    assert len(rows) > 170
    assert len({(row.host, row.path) for row in rows}) == len(rows)
    for row in rows:
        assert row.host == row.host.lower().strip("./ ")
        assert row.path.startswith("/")
        assert row.category in CATEGORIES | {"necessary"}
        assert row.country is None or re.fullmatch("[A-Z]{2}", row.country)
        assert row.provider["en"] and row.provider["zh_CN"]
        # Facts of the catalogue reach the page in an attribute and the cookies in a header: nothing odd in them.
        assert all(re.fullmatch(r"[\w.*-]+", cookie, re.ASCII) for cookie in row.cookies)


@pytest.mark.parametrize(
    "url",
    [
        "https://hm.baidu.com/hm.js?0123",
        "http://hm.baidu.com",
        "//hm.baidu.com/hm.js",
        "//x.hm.baidu.com/hm.js",
        "HTTPS://HM.Baidu.COM/hm.js",
        "https://hm.baidu.com:8443/hm.js",
        "https://hm.baidu.com./hm.js",
        "https://news.example@hm.baidu.com/hm.js",
        "https://a:b@hm.baidu.com/hm.js",
        "https://news.example%40@hm.baidu.com",
        " \n//hm.baidu.com/hm.js",
        "//hm.bai\ndu.com/hm.js",
        r"https:\\hm.baidu.com\hm.js",
        r"/\hm.baidu.com/hm.js",
        "///hm.baidu.com/hm.js",
        "https:/hm.baidu.com/hm.js",
        "//hm%2Ebaidu%2ecom/hm.js",
        "//%68m.baidu.com/hm.js",
        "//ｈｍ．ｂａｉｄｕ．ｃｏｍ/hm.js",
        "//hm。baidu。com/hm.js",
        "wss://hm.baidu.com/",
    ],
)
def test_address_is_read_as_browsers_read_it(url: str) -> None:
    assert provider(url) == "Baidu Tongji"


@pytest.mark.parametrize(
    "url",
    [
        "https://hm.baidu.com@news.example/",
        "https://news.example/hm.baidu.com/hm.js",
        "https://news.example/?u=//hm.baidu.com",
        "https://news.example#//hm.baidu.com",
        "https://nothm.baidu.com/",
        "https://hm.baidu.com.news.example/",
        "https://baidu.com/",
        "hm.baidu.com/hm.js",
        "javascript:'//hm.baidu.com'",
        "data:,//hm.baidu.com",
        "mailto:a@hm.baidu.com",
        "//",
        "",
        "https://[::1]/",
        "//%zz/",
        "\0",
    ],
)
def test_address_elsewhere_is_none_of_a_tracker(url: str) -> None:
    assert provider(url) is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.googletagmanager.com/gtag/js?id=G-1", "Google Analytics"),
        ("https://www.googletagmanager.com/gtm.js", "Google Tag Manager"),
        ("https://www.googletagmanager.com/x/../gtag/js", "Google Analytics"),
        ("https://securepubads.g.doubleclick.net/tag/js/gpt.js", "Google Publisher Tag"),
        ("https://stats.g.doubleclick.net/dc.js", "Google DoubleClick"),
        ("https://www.facebook.com/tr?id=1&ev=PageView", "Meta pixel"),
        ("https://www.facebook.com/%74r/", "Meta pixel"),
        ("https://www.facebook.com/travel", None),
        ("https://www.facebook.com/cityofchongqing", None),
        ("https://res.wx.qq.com/open/js/jweixin-1.6.0.js", "WeChat JS-SDK"),
        ("https://news.example/matomo.js", "Matomo on a server of one's own"),
        ("https://news.example/stats/matomo.php?idsite=1", "Matomo on a server of one's own"),
        ("matomo.js", "Matomo on a server of one's own"),
        ("https://news.example/nomatomo.js", None),
    ],
)
def test_the_longest_path_decides_then_the_longest_host(url: str, name: str | None) -> None:
    assert provider(url, "news.example") == name


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ('h.src = "https://hm.baidu.com/hm.js?1";', ["Baidu Tongji"]),
        ("document.write(unescape(\"%3Cscript src='//hm.baidu.com/h.js%3F1'%3E%3C/script%3E\"))", ["Baidu Tongji"]),
        ("u = unescape('%2F%2Fhm.baidu.com%2Fhm.js')", ["Baidu Tongji"]),
        ('document.write("<script src=\'" + p + "s4.cnzz.com/z_stat.php\'><\\/script>")', ["Umeng+ (CNZZ)"]),
        (r'{"src": "https:\/\/www.googletagmanager.com\/gtag\/js?id=G-1"}', ["Google Analytics"]),
        (r"'\x2f\u002fhm\x2ebaidu.com\u{2f}hm.js'", ["Baidu Tongji"]),
        ("u = '//stats.example/'; g.src = u + 'matomo.js'", ["Matomo on a server of one's own"]),
        ("a('//HM.BAIDU.COM'); b('//cnzz.com')", ["Baidu Tongji", "Umeng+ (CNZZ)"]),
        ("share('https://www.facebook.com/sharer.php')", []),
        ("nothm.baidu.com", []),
        ("x = hm.baidu", []),
        (r"'\u{ffffff}\x'", []),
    ],
)
def test_script_names_what_its_strings_hold(script: str, names: list[str]) -> None:
    assert [found.provider["en"] for found in CATALOGUE.mentions(script)] == names


def test_a_sites_own_entry_goes_first() -> None:
    own = [tracker("youtube.com", category="necessary"), tracker("tongji.example", "/a.js", "social")]
    catalogue = Catalogue(own)
    assert catalogue.match("https://www.youtube.com/embed/x") is own[0]
    assert catalogue.match("https://tongji.example/a.js") is own[1]
    assert catalogue.match("https://tongji.example/b.js") is None
    # Whatever path of ours is longer.
    wide = Catalogue([tracker("googletagmanager.com", category="necessary")])
    assert wide.match("https://www.googletagmanager.com/gtag/js") is wide.own[0]


def test_a_host_in_chinese_characters_is_known_in_both_its_forms() -> None:
    catalogue = Catalogue([tracker("xn--lo0a64x.cn")])
    for written in ("统计.cn", "xn--lo0a64x.cn", "XN--LO0A64X.CN", "统计。cn"):
        assert catalogue.match(f"//www.{written}/a.js") is catalogue.own[0]
    assert catalogue.mentions("u = '//统计.cn/'") == catalogue.own
    assert {"统计.cn", "xn--lo0a64x.cn"} <= catalogue.marks(CATEGORIES)


def test_what_the_site_runs_itself_is_not_somebody_elses() -> None:
    catalogue = Catalogue([tracker("youku.example", "/stat.js")], host="www.youku.example")
    assert catalogue.match("/stat.js", "www.youku.example") is catalogue.own[0]
    assert catalogue.match("/main.js", "www.youku.example") is None
    portal = Catalogue(host="v.qq.com")
    assert portal.match("https://v.qq.com/x.js") is None
    assert portal.match("https://hm.baidu.com/hm.js") is not None


def test_digest_follows_what_is_held() -> None:
    digests = {
        Catalogue().digest,
        Catalogue([tracker("a.example")]).digest,
        Catalogue([tracker("a.example", category="social")]).digest,
        Catalogue([tracker("a.example", "/x")]).digest,
        Catalogue(host="hm.baidu.com").digest,
    }
    assert len(digests) == 5
    assert Catalogue().digest == CATALOGUE.digest


def test_every_entry_is_found_by_the_cheap_look() -> None:
    marks = CATALOGUE.marks(CATEGORIES)
    find = finder(frozenset(marks)).search
    for row in CATALOGUE.trackers:
        host = "news.example" if row.host == "*" else f"www.{row.host}"
        address = f'"//{host}{row.path}?'.encode()
        if row.category != "necessary":
            assert find(address) and find(address.upper()), row
            assert CATALOGUE.match(f"//{host}{row.path}") is not None
    assert find(b'<a href="https://www.news.example/index.html">the news. com cn</a> <img src="/a.jpg">') is None


@pytest.mark.parametrize("mark", ["127.0.0.1", "localhost", "ab.c", "a.museum", "x.yz", "统计.中国", "stat.js"])
def test_a_mark_of_any_shape_is_found(mark: str) -> None:
    for find in (finder(frozenset({mark})).search, finder(frozenset({mark, "hm.baidu.com", "9.9"})).search):
        assert find(f'"{mark}"'.encode()) and find(f"//{mark}:80/".upper().encode())
        assert find(b"// ab.d localhos 127.0.0.2 ") is None
    assert finder(frozenset()).search(b"a.b.c") is None
