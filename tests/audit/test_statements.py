"""What a policy has to say, found where it is said and missed where a word only happens to stand."""

from __future__ import annotations

import pytest
from test_audit_rules import check

from compliance.audit.page import Page

PARTS = {
    "who": "江城日报社（以下简称“我们”）运营本网站，联系邮箱：privacy@jc.example。",
    "how": "您访问网页时，我们通过服务器日志自动记录 IP 地址和浏览器类型，用于保障网站安全。",
    "kept": "访问日志保存六个月，期满删除。",
    "rights": "您可以查阅、复制、更正、删除您的个人信息。",
    "withdraw": "您可以随时在 Cookie 设置中撤回同意。",
    "minors": "不满十四周岁的，由监护人陪同使用。",
    "since": "本政策自2026年1月1日起生效。",
}
ENGLISH = {
    "who": "River City Daily operates this site. Write to privacy@rc.example.",
    "how": "Our servers record your IP address automatically. We use it to keep the site secure.",
    "kept": "Logs are kept for six months.",
    "rights": "You may access, correct and delete your information.",
    "withdraw": "You may withdraw your consent at any time in the cookie settings.",
    "minors": "Children under fourteen need a guardian.",
    "since": "Effective since January 1, 2026.",
}


def lacking(title: str, text: str, around: str = "") -> set[str]:
    page = Page("https://n.example/p", f"<title>{title}</title><h1>{title}</h1><p>{text}</p>{around}".encode())
    return {one.rule.id for one in check(page)[0] if "C304" <= one.rule.id <= "C313"}


@pytest.mark.parametrize(("title", "parts"), [("隐私政策", PARTS), ("Privacy Policy", ENGLISH)])
def test_policy_that_says_everything_lacks_nothing(title: str, parts: dict[str, str]) -> None:
    assert lacking(title, " ".join(parts.values())) == set()


@pytest.mark.parametrize(
    ("part", "instead", "rule"),
    [
        # No name, or one of nobody.
        ("who", "我们非常重视您的隐私，联系邮箱：privacy@jc.example。", "C304"),
        ("who", "本公司运营本网站，联系邮箱：privacy@jc.example。", "C304"),
        ("who", "我们可能将信息提供给关联公司。请联系客服中心：privacy@jc.example。", "C304"),
        # No contact, or one of something else.
        ("who", "江城日报社（以下简称“我们”）运营本网站。", "C304"),
        ("who", "江城日报社运营本网站，您的联系方式发生变化的，请告知。我们记录 IP 地址和设备。", "C304"),
        # Why without how, how without why, another 目的.
        ("how", "我们处理您的 IP 地址，目的是保障网站安全。", "C305"),
        ("how", "我们通过服务器日志自动记录您的 IP 地址和浏览器类型。", "C305"),
        ("how", "我们自动记录您的 IP 地址。本网站介绍江城的旅游目的地。", "C305"),
        ("how", "就本政策而言，“我们”指江城日报社。我们自动记录您的 IP 地址。", "C305"),
        # No kind, or one that is not handled.
        ("how", "我们自动收集必要的信息，用于保障网站安全。", "C306"),
        ("how", "我们不收集您的姓名，自动处理必要的数据，用于保障网站安全。", "C306"),
        # A period of nothing, or the word for one.
        ("kept", "关于保存期限，请以法律规定为准。本站成立六年。", "C307"),
        ("kept", "活动时间为六个月。", "C307"),
        # Rights of others.
        ("rights", "我们有权删除、修改您发布的评论。", "C308"),
        ("rights", "您可以查询列车时刻。", "C308"),
        # What else is withdrawn.
        ("withdraw", "作者可以撤回投稿。您同意本政策。", "C309"),
        ("minors", "", "C311"),
        ("minors", "我们报道未成年人保护工作。", "C311"),
        ("since", "江城日报社创办于1949年10月1日。", "C313"),
        ("since", "《个人信息保护法》自2021年11月1日起施行。", "C313"),
        ("since", "我们遵守《网络安全法》（2025年修正）。", "C313"),
    ],
)
def test_what_is_not_said_is_missed(part: str, instead: str, rule: str) -> None:
    assert lacking("隐私政策", " ".join({**PARTS, part: instead}.values())) == {rule}


@pytest.mark.parametrize(
    ("part", "instead", "rule"),
    [
        ("who", "We care for your privacy. Write to privacy@rc.example.", "C304"),
        ("who", "River City Daily operates this site.", "C304"),
        ("how", "For the purposes of this policy, “we” are the paper. We record your IP address.", "C305"),
        ("kept", "Retention is important to us. The paper is six years old.", "C307"),
        ("rights", "We may delete or correct comments.", "C308"),
        ("withdraw", "Authors may withdraw their letters.", "C309"),
        ("minors", "We report on children.", "C311"),
        ("since", "The Cybersecurity Law has been in force since June 1 2017.", "C313"),
    ],
)
def test_what_is_not_said_is_missed_in_english(part: str, instead: str, rule: str) -> None:
    assert rule in lacking("Privacy Policy", " ".join({**ENGLISH, part: instead}.values()))


@pytest.mark.parametrize("around", ["<nav>{}</nav>", "<aside>{}</aside>", "<footer>{}</footer>"])
def test_what_stands_around_the_policy_is_not_said_by_it(around: str) -> None:
    text = " ".join({**PARTS, "who": "江城日报社运营本网站。"}.values())
    assert lacking("隐私政策", text, around.format("投稿邮箱：tougao@jc.example")) == {"C304"}
