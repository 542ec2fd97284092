"""On a page whose scripts all wait for its end, what holds trackers may stand last; on every other it comes first."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from flask import Flask, Response

from compliance import Compliance
from compliance.page.trackers import is_calm

CALM = {
    "no script": "<p>a</p>",
    "deferred": "<script defer src=/a.js></script>",
    "deferred, in capitals": "<SCRIPT DEFER SRC='/a.js'>\n</SCRIPT>",
    "modules": "<script type=module src=/a.js></script><script type='module'>import '/b.js'</script>",
    "data": "<script type='application/ld+json'>{\"a\": 1}</script><script type=importmap>{}</script>",
    "held": '<script data-compliance-hold="analytics" type="text/plain">a()</script>',
    "inline data": "<script>window.dataLayer = window.dataLayer || []; dataLayer.push({page: ['fetch']});</script>",
    "a class": "<script>document.documentElement.className = 'js'</script>",
    "words": "<p>On monday = the script. One more</p><script-loader></script-loader>",
}
RESTLESS = {
    "inline": "<script>a()</script>",
    "empty type": "<script type='' defer src=/a.js async></script>",
    "blocking": "<script src=/a.js></script>",
    "async": "<script async src=/a.js></script>",
    "async module": "<script type=module async>a()</script>",
    "deferred without an address": "<script defer>a()</script>",
    "deferred data address": "<script defer data-src=/a.js>a()</script>",
    "deferred, with text": "<script defer src=/a.js>a()</script>",
    "foreign": "<svg><script defer href=/a.js src=/b.js></script></svg>",
    "foreign, with text": "<svg><script defer src=/a.js>a()</script></svg>",
    "unfinished": "<script defer src=/a.js",
    "never closed": "<script defer src=/a.js>",
    "in a quoted address": "<a title='<script>a()</script>'>",
    "in a comment": "<!-- <script>a()</script> -->",
    "a way kept": "<script>window.later = window.fetch</script>",
    "a way taken out": "<script>const {sendBeacon} = navigator</script>",
    "a way by its key": "<script>window.later = window['fetch']</script>",
    "a method kept": "<script>window.later = Node.prototype.appendChild</script>",
    "all kept": "<script>window.later = Object.assign({}, window)</script>",
    "data that ends later": "<script>a = 1;</scripty>b()</script>",
    "data, then a call": "<script>a = {}; b(a)</script>",
    "data in a module": "<script type=module async>window.a = {}</script>",
    "data beside an address": "<script src=/a.js>window.a = {}</script>",
    "much data": f"<script>window.a = {{b: '{'c' * 8192}'}}</script>",
    "second": "<script defer src=/a.js></script><script>a()</script>",
    "handler": "<img src=a.png onerror=a()>",
    "handler behind a quote": "<img src='a.png'ONERROR = a()>",
    "handler behind a slash": "<svg/onload=a()>",
    "address": "<a href='javascript:a()'>a</a>",
    "address with a reference": "<a href='java&#115;cript:a()'>a</a><a href='&#106;avascript:a()'>a</a>",
    "address with a line end": "<a href='javascr\nipt:a()'>a</a>",
    "frame": "<iframe src=/frame></iframe>",
    "object": "<object data=/a></object>",
}


def page_of(body: str) -> str:
    return f"<!doctype html><html lang=en><head><title>t</title></head><body>{body}</body></html>"


@pytest.mark.parametrize("body", CALM.values(), ids=CALM)
def test_what_waits_is_calm(body: str) -> None:
    assert is_calm(page_of(body).encode())


@pytest.mark.parametrize("body", RESTLESS.values(), ids=RESTLESS)
def test_what_may_run_earlier_is_not(body: str) -> None:
    assert not is_calm(page_of(body).encode())


def scripts(settings: dict[str, Any], page: str, mode: str = "opt-in", coding: str = "") -> tuple[list[str], list[str]]:
    """Return our scripts in the head of our markup that block, and those right before the footer."""
    app = Flask("site")
    app.config["SECRET_KEY"] = "a key of the tests"
    app.add_url_rule("/", "home", lambda: page)
    if coding:
        app.after_request(lambda response: packed(response) if response.mimetype == "text/html" else response)
    Compliance(app, settings=settings | {"consent": {"mode": mode, "categories": ["analytics"]}})
    answer = app.test_client().get("/")
    text = gzip.decompress(answer.data).decode() if coding else answer.text
    assert text.count("</footer>") <= 1 and text.count("<noscript") == 1
    first, foot = text.partition('<div data-compliance="foot"')[::2]
    tags = re.findall(r'<script data-compliance="assets" src="[^"]*/([a-z]+)\.js"( async)?', first)
    return (
        [name for name, late in tags if not late],
        re.findall(r'<script src="[^"]*/([a-z]+)\.js"', foot.partition("</div>")[0]),
    )


def packed(response: Response) -> Response:
    response.set_data(gzip.compress(response.get_data()))
    response.headers["Content-Encoding"] = "gzip"
    return response


FIRST = (["compliance", "guard"], [])
LAST = ([], ["compliance", "guard"])


@pytest.mark.parametrize("coding", ["", "gzip"])
@pytest.mark.parametrize("mode", ["opt-in", "opt-out"])
def test_what_holds_trackers_comes_before_any_script_that_runs(
    settings: dict[str, Any], mode: str, coding: str
) -> None:
    assert scripts(settings, page_of(CALM["deferred"]), mode, coding) == LAST
    assert scripts(settings, page_of(RESTLESS["inline"]), mode, coding) == FIRST


def test_a_script_that_is_held_does_not_count(settings: dict[str, Any]) -> None:
    snippet = "<script src=https://hm.baidu.com/hm.js></script>"
    assert scripts(settings, page_of(snippet)) == LAST


@pytest.mark.parametrize(
    "page",
    [
        # No place is safe for a footer.
        page_of("<p>a<plaintext>b"),
        page_of('<footer data-compliance="footer">By hand</footer><p>a</p>'),
    ],
    ids=["no place", "by hand"],
)
def test_without_a_footer_of_ours_it_comes_first(settings: dict[str, Any], page: str) -> None:
    assert scripts(settings, page) == FIRST


def test_a_notice_holds_nothing_and_blocks_nothing(settings: dict[str, Any]) -> None:
    assert scripts(settings, page_of(RESTLESS["inline"]), "notice") == ([], ["compliance"])
