"""Recipients that a policy names: by whole names and those that they are called by, not by two letters of them."""

from __future__ import annotations

import pytest

from compliance.audit.naming import known_names
from compliance.page.trackers import Catalogue

CATALOGUE = Catalogue()
ORDINARY = (
    "We use your information to show the pages that you ask for. The home of this policy is this site; messages and "
    "methods are described below, and some metadata and each market segment are amplified by an intercom at the "
    "sentry. An optional survey in the outer office may tell X who you are, like a new relic: googled, hotjarring. "
    "网站使用必要的信息，保障人民群众的安全和事业发展，字节和头条新闻。"
)


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("We use Hotjar to see what is read.", "Hotjar"),
        ("本网站使用百度统计（hm.baidu.com）", "Baidu Tongji"),
        ("由北京百度网讯科技有限公司提供", "Baidu Tongji"),
        ("Google LLC receives your IP address.", "Google Fonts"),
        ("谷歌公司接收 IP 地址", "Google Analytics"),
        ("the Meta Pixel of Meta Platforms, Inc.", "Meta pixel"),
        ("友盟+提供统计服务", "Umeng+ (CNZZ)"),
        ("CNZZ 统计", "Umeng+ (CNZZ)"),
        ("Twilio Segment", "Segment"),
        ("data go to cdn.segment.com", "Segment"),
        ("推特", "X (Twitter) widgets"),
        ("videos of YOUTUBE", "YouTube (privacy-enhanced)"),
        ("用户使用微信分享", "WeChat JS-SDK"),
        ("腾讯地图", "Tencent Maps"),
    ],
)
def test_recipient_is_known_by_its_names(text: str, provider: str) -> None:
    assert provider in set(known_names(CATALOGUE, text))


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("由百度提供统计服务", "Baidu Tongji"),
        ("第三方：百度、腾讯等", "Tencent Ads"),
        ("接收方：百度", "Baidu Union"),
        ("百度 的统计代码", "Baidu Tongji"),
        ("腾讯计算机系统有限公司", "Tencent Analytics"),
        ("Google's servers in the United States", "Google Maps"),
        ("Google Ireland Limited receives it", "Google Analytics"),
        ("sent to google and others", "Google Fonts"),
        ("Recipient: GOOGLE, US", "Google Fonts"),
        ("Microsoft Corporation", "Microsoft Clarity"),
        ("页面上有新浪微博的按钮", "Weibo widget"),
        ("Facebook Pixel", "Meta pixel"),
        ("使用 reCAPTCHA 验证码", "Google reCAPTCHA"),
    ],
)
def test_who_names_a_company_names_what_it_does(text: str, provider: str) -> None:
    assert provider in set(known_names(CATALOGUE, text))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("词条来自百度百科，路线见百度地图，文件在百度网盘，会员可用百度会员。", {"Baidu Maps"}),
        ("在 百度 地图 上打开", set()),
        ("本网站使用百度统计。", {"Baidu Tongji"}),
        ("谷歌浏览器、Google Chrome、google chrome 和 Microsoft Edge 都能删除 Cookie。", set()),
        ("We use Google Analytics and embed Google Maps.", {"Google Analytics", "Google Maps"}),
        ("关注我们的官方微博、官方微信和微信公众号，用微信支付，或加入腾讯会议。", set()),
        ("邮箱为网易邮箱，https://google.com/ 另见新浪财经。", set()),
    ],
)
def test_another_service_of_a_company_is_not_named_with_it(text: str, named: set[str]) -> None:
    assert set(known_names(CATALOGUE, text)) == named


@pytest.mark.parametrize("provider", sorted({one.provider["en"] for one in CATALOGUE.trackers}))
def test_ordinary_text_names_nobody(provider: str) -> None:
    assert provider not in set(known_names(CATALOGUE, ORDINARY))


@pytest.mark.parametrize("tracker", CATALOGUE.trackers, ids=lambda one: one.host + one.path)
def test_every_recipient_has_a_name_that_is_found(tracker) -> None:
    for name in tracker.provider.values():
        assert tracker.provider["en"] in set(known_names(CATALOGUE, f"提供者：{name}。"))
