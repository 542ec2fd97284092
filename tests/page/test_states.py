"""Inline scripts that mention a tracker: data stays as it is, what loads something waits."""

from __future__ import annotations

import re

import pytest

from compliance.audit.loaded import loaded
from compliance.audit.page import Page
from compliance.page.trackers import Catalogue, Gate
from support.scripts import errors
from support.vendors import VENDORS, Vendor

CATALOGUE = Catalogue(host="news.example")
GATE = Gate(CATALOGUE, frozenset({"functional", "analytics", "advertising", "social"}))
U = '"https://www.youtube.com/watch?v=x"'
WORD = r"\bU\b"
STATES = [
    'window.__STATE__ = {"a": [U, 1, true, null]};',
    "window['__STATE__']={a:U}",
    "var a = U;",
    "const a = {b: U}, c = [!0, void 0, new Date(1)]",
    "const a = JSON.parse('{\"b\": U}')",
    "self.__next_f.push([1,U])",
    "(self.__next_f=self.__next_f||[]).push([1,U])",
    'window.__NUXT__=(function(a,b){return {layout:"default",data:[{u:a,v:b}],error:null}}(U,"b"));',
    "window.__INITIAL_STATE__={v:U};(function(){var s;(s=document.currentScript||document.scripts"
    "[document.scripts.length-1]).parentNode.removeChild(s);}());",
    "// the site's (own) links\nvar links = {youtube: U, document: 1, location: 'x', new: 2};",
    "/* fetch( */ window.a = window.a || {}; window.a.b = {c: U};",
    'window.text = "it\'s fetch(\\"https://hm.baidu.com/hm.js\\") and document.createElement";',
    'dataLayer.push({"page": U})',
    "settings.set({a: U})",
    "mw.config.set({a: U}); $.extend(true, Site.settings, {a: U})",
    "angular.module('a').constant('B', {a: U})",
    "if (document.referrer.indexOf(U) > -1 && location.search.indexOf('a') < 0) { window.a = true; }",
    "function a(b) { return /^https:\\/\\/www\\.youtube\\.com\\//.test(b) || b.startsWith(U); }",
    "var a = [U]; function b(c) { return a.some((d) => c.includes(d)); }",
    "document.querySelectorAll('a').forEach(function (a) { if (a.href == U) a.target = '_blank'; });",
    "switch (location.hostname) { case U: default: }",
    "// U\ndocument.documentElement.className = 'js';",
    "console.log(U)",
    "var a = document.getElementsByTagName('a'); if (-1 !== a[0].href.indexOf(U)) { document.body.removeChild(a[0]) }",
    "localStorage.removeItem('a'); document.getElementById(U).remove()",
    "load('//news.example/a.js');\n  // load(U);\n\tload(b);",
    "//<![CDATA[ U\nload(b)\n//]]> U",
]
LOADERS = [
    "load(`\n//www.youtube.com/iframe_api`)",
    "load('\\\n//www.youtube.com/iframe_api')",
    "load(b,\n/* a */ //www.youtube.com/a\nU)",
    "// a\u2028load(U)",
    "fetch(U)",
    "window.a = {}; fetch/**/(U)",
    "fetch\n(U)",
    "fetch`https://www.youtube.com/iframe_api`",
    "import(U)",
    "import U",
    "importScripts(U)",
    "new Image().src = U",
    "var i = new Image; i.src = U",
    "a.src\n= U",
    "frame['src'] = U",
    "document.images[0].src = U",
    "x.innerHTML = U",
    "document.write(U)",
    "window['fetch'](U)",
    "(window.fetch)(U)",
    "(function(f){return f})(fetch)(U)",
    "window.a = {}; \\u0066etch(U)",
    "window.a = {}; // x\rfetch(U)",
    'window.a = {} <!-- "\nfetch(U)',
    'a = /"/; fetch(U); b = /"/',
    "var s = U; load(s)",
    "$.getScript(U)",
    "location = U",
    "window.location.href = U",
    "window.open(U)",
    "U",
    "{'prefetch': [U]}",
    "fetch?.(U)",
    "fetch ?. /**/ (U)",
    "a.src += U",
    "a.src ||= U",
    "set('src', U)",
    "[U].forEach(loadScript)",
    "var a = U; [1].map(fetch)",
    "document.querySelector('iframe').src = U",
    "document.getElementById('a').data = U",
    "Object.assign(document.querySelector('iframe'), {src: U})",
    "$.extend(document.querySelector('img'), {src: U})",
    "[document.querySelector('iframe').src] = [U]",
    "({a: location} = {a: U})",
    "location.host = U",
    "location.replace(U)",
    "document.location = U",
    "document.body.append(U)",
    "window.a = {}; x <!-- /*\nfetch(U) // */",
    "window.a = {}\n--> /*\nfetch(U) // */",
    "a = {} /b; fetch(U); c/ 1",
    "a = b / c; fetch(U); d = e / 1",
    "return/x/; fetch(U); /x/",
]


def judged(script: str) -> tuple[bool, bool]:
    """Return whether the gate holds *script*, and whether `check` reports it."""
    page = f"<!doctype html><html lang=en><title>a</title><body><script>{re.sub(WORD, U, script)}</script>"
    return b"data-compliance-hold" in GATE.whole(page.encode()), bool(
        loaded(Page("https://news.example/", page.encode()), CATALOGUE)
    )


@pytest.mark.parametrize("script", STATES)
def test_data_that_mentions_a_tracker_is_neither_held_nor_reported(script: str) -> None:
    assert judged(script) == (False, False)


@pytest.mark.parametrize("script", LOADERS)
def test_a_script_that_loads_a_tracker_is_held_and_reported(script: str) -> None:
    assert judged(script) == (True, True)


def test_gate_and_check_tell_mentions_from_loads_on_pages_like_saved_ones() -> None:
    assert errors(CATALOGUE) == {"mentions": (0, 31), "loads": (0, 31)}


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_every_inline_snippet_of_a_vendor_that_names_it_waits(vendor: Vendor) -> None:
    for script in re.findall(r"<script(?![^>]*\ssrc)[^>]*>(.*?)</script>", vendor.head + vendor.body, re.DOTALL):
        if CATALOGUE.mentions(script):
            assert b"data-compliance-hold" in GATE.whole(f"<!doctype html><body><script>{script}</script>".encode())
