"""What a screen reader says of what we put onto a page, in English and in Chinese."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from compliance import Compliance
from support.browser import Browser, Page, expect, serving
from support.browser import chromium as chromium
from support.voice import hear

DIALOG = "dialog.compliance-dialog"
VIDEO = '<iframe width=480 height=320 src="https://www.youtube.com/embed/1"></iframe>'
# A role of which nothing more is said has no name.
NAMELESS = {
    "region",
    "dialog",
    "button",
    "link",
    "textbox",
    "checkbox",
    "radio",
    "combobox",
    "heading",
    "image",
    "group",
}

# What has to be said, in this order; what else is said stands between it.
SAID = {
    "en": {
        "banner": [
            "region, We use cookies",
            "heading, We use cookies, level 2",
            "button, I Agree",
            "button, Decline",
            "link, Our Privacy Statement & Cookie Policy",
            "link, Manage preferences",
            "end of region, We use cookies",
        ],
        "footer": [
            "region, Legal information and contact",
            "Internet illegal and undesirable information can be reported by calling this telephone number:",
            "link, +86-23-67158993",
            "link, Report illegal information online",
            "link, 渝ICP备20009753号-2",
            "navigation, Legal documents",
            "link, Privacy Policy",
            "link, Cookie settings",
            "end of navigation, Legal documents",
            "link, Leaving a message",
        ],
        "frame": ["www.youtube.com", "button, Load once", "button, Always allow: Functional"],
        "dialog": [
            "dialog, Leaving a message",
            "button, Close",
            "heading, Leaving a message, level 1",
            "group, What is it?",
            "radio, A message, checked",
            "textbox, Address of the page (optional)",
            "textbox, Your message, required",
            "textbox, Name (optional)",
            "textbox, E-mail or telephone (optional)",
            "button, Send",
            "end of dialog, Leaving a message",
        ],
        "errors": [
            "alert",
            "It has not been sent yet. Please check:",
            "link, Please write your message.",
            "end of alert",
            "textbox, Your message, Please write your message., invalid, required",
        ],
        "receipt": [
            "dialog, We have it. Please keep this number and this code",
            "region, We have it. Please keep this number and this code",
            "Receipt number",
            "Code",
            "State",
            "Received",
            "Answer by",
            "button, Copy both",
            "link, Open the page of this receipt",
        ],
    },
    "zh-CN": {
        "banner": [
            "region, Cookie 使用提示",
            "heading, Cookie 使用提示, level 2",
            "button, 我同意",
            "button, 不同意",
            "link, 隐私声明和 Cookie 政策",
            "link, 自行选择",
            "end of region, Cookie 使用提示",
        ],
        "footer": [
            "region, 法律信息与联系方式",
            "违法和不良信息举报电话：",
            "link, +86-23-67158993",
            "link, 网上举报",
            "link, 渝ICP备20009753号-2",
            "navigation, 法律文件",
            "link, 隐私政策",
            "link, Cookie 设置",
            "end of navigation, 法律文件",
            "link, 留言",
        ],
        "frame": ["www.youtube.com", "button, 仅加载这一次", "button, 始终允许：功能"],
        "dialog": [
            "dialog, 留言",
            "button, 关闭",
            "heading, 留言, level 1",
            "group, 留言类型",
            "radio, 留言, checked",
            "textbox, 网页地址（选填）",
            "textbox, 留言内容, required",
            "textbox, 姓名（选填）",
            "textbox, 电子邮箱或电话（选填）",
            "button, 提交",
            "end of dialog, 留言",
        ],
        "errors": [
            "alert",
            "尚未提交，请检查以下各项：",
            "link, 请填写留言内容。",
            "end of alert",
            "textbox, 留言内容, 请填写留言内容。, invalid, required",
        ],
        "receipt": [
            "dialog, 提交成功，请保存登记编号和查询码",
            "region, 提交成功，请保存登记编号和查询码",
            "登记编号",
            "查询码",
            "办理状态",
            "已收到",
            "答复期限",
            "button, 复制编号和查询码",
            "link, 打开回执页",
        ],
    },
}
SUBJECTS = {"en": ("Leaving a message", "Your message"), "zh-CN": ("留言", "留言内容")}


def say(said: Sequence[str], expected: Sequence[str]) -> None:
    """Hold what was *said* to the order of what is *expected*, and to naming whatever can be used."""
    assert not NAMELESS & set(said), said
    assert not [phrase for phrase in said if "<" in phrase], said
    left = iter(said)
    for phrase in expected:
        # The value of a button or an option may come behind its name.
        assert any(one == phrase or one.startswith(f"{phrase},") for one in left), f"{phrase!r} in {said}"


@pytest.fixture
def site(settings: dict[str, Any], tmp_path: Path) -> Iterator[str]:
    app = Flask("site", instance_path=str(tmp_path))
    app.secret_key = "a key of sixteen bytes"
    for lang in SAID:
        page = f"<!doctype html><html lang={lang}><title>News</title><h1>News</h1>{VIDEO}"
        app.add_url_rule(f"/{lang}", lang, lambda page=page: page)
    settings["consent"] = {"mode": "opt-in"}
    Compliance(app, settings=settings)
    with serving(app) as url:
        yield url


@pytest.mark.parametrize("lang", SAID)
def test_what_is_said_of_each_part(site: str, chromium: Browser, lang: str) -> None:
    with chromium.new_context(bypass_csp=True) as context:
        page: Page = context.new_page()
        page.goto(f"{site}/{lang}")
        expected, (link, field) = SAID[lang], SUBJECTS[lang]
        say(hear(page.locator("[data-compliance=banner]")), expected["banner"])
        say(hear(page.locator("[data-compliance=footer]")), expected["footer"])
        say(hear(page.frame_locator("iframe").locator("body:has(button)")), expected["frame"])

        page.get_by_role("link", name=link, exact=True).click()
        dialog = page.locator(DIALOG)
        expect(dialog).to_be_visible()
        say(hear(dialog), expected["dialog"])
        send = dialog.locator("form[data-styles] .compliance-buttons button")
        send.click()
        expect(dialog.locator(".compliance-failed:not([data-failed])")).to_be_focused()
        say(hear(dialog), expected["errors"])
        dialog.get_by_label(field).fill("The year in the third paragraph is wrong.")
        send.click()
        expect(dialog.locator(".compliance-receipt")).to_be_visible(timeout=60_000)
        say(hear(dialog), expected["receipt"])
