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


@pytest.mark.parametrize("provider", sorted({one.provider["en"] for one in CATALOGUE.trackers}))
def test_ordinary_text_names_nobody(provider: str) -> None:
    assert provider not in set(known_names(CATALOGUE, ORDINARY))


@pytest.mark.parametrize("tracker", CATALOGUE.trackers, ids=lambda one: one.host + one.path)
def test_every_recipient_has_a_name_that_is_found(tracker) -> None:
    for name in tracker.provider.values():
        assert tracker.provider["en"] in set(known_names(CATALOGUE, f"提供者：{name}。"))
