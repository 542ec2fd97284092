"""What loads is one rule: `check` reports what the gate holds, and the gate holds what `check` reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.audit.loaded import loaded
from compliance.audit.page import Page
from compliance.page.loading import ELEMENTS, styled
from compliance.page.trackers import Catalogue, Gate, released

CATALOGUE = Catalogue()
GATE = Gate(CATALOGUE, frozenset({"functional", "analytics", "advertising", "social"}))
HM = "//hm.baidu.com/hm.gif"


def is_held(page: str) -> bool:
    held = GATE.whole(page.encode())
    assert released(held) == page.encode()
    return held != page.encode()


def is_reported(page: str) -> bool:
    return any(one.runs for one in loaded(Page("https://news.example/", page.encode()), CATALOGUE))


ADDRESSES = [
    HM,
    "http:" + HM,
    "HTTPS:" + HM,
    "https:hm.baidu.com/hm.gif",
    "https:/hm.baidu.com/hm.gif",
    "http:\\\\hm.baidu.com\\hm.gif",
    "\\\\hm.baidu.com/hm.gif",
    "https:////hm.baidu.com/hm.gif",
    "//x@hm.baidu.com/hm.gif",
    "//x:y@hm.baidu.com:443/hm.gif",
    "//hm.baidu.com./hm.gif",
    "//HM.Baidu.COM/hm.gif",
    "  //hm.baidu.com/hm.gif  ",
    "ht\ntps:" + HM,
    "https&colon;&sol;&sol;hm.baidu.com/hm.gif",
    "wss:" + HM,
    "data:text/html,<img src=//hm.baidu.com/a>",
    "javascript:fetch('//hm.baidu.com/a')",
]
NO_ADDRESSES = [
    "/hm.gif",
    "hm.baidu.com/hm.gif",
    "//x.example/?//hm.baidu.com/",
    "//x.example/#//hm.baidu.com/",
    "mailto:x@hm.baidu.com",
    "//hm.baidu.com.example/",
    "//xhm.baidu.com.example/",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_spelling_of_an_address_leads_where_a_browser_goes(address: str) -> None:
    page = (
        f"<!doctype html><body><img src='{address}'>".replace("'", '"')
        if "'" not in address
        else (f'<!doctype html><body><iframe src="{address}"></iframe>')
    )
    assert (is_held(page), is_reported(page)) == (True, True)


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_only_looks_like_an_address_loads_nothing(address: str) -> None:
    page = f'<!doctype html><body><img src="{address}">'
    assert (is_held(page), is_reported(page)) == (False, False)


WAYS = [
    "<script src=HM></script>",
    "<script async defer type=module src=HM></script>",
    "<script nomodule src=HM></script>",
    "<script language=JavaScript src=HM></script>",
    "<script type=' Text/JavaScript ' src=HM></script>",
    "<script type='' language=vbscript src=HM></script>",
    "<script type=speculationrules>{'prefetch': [{'urls': ['HM']}]}</script>",
    "<script>new Image().src = 'HM'</script>",
    "<img src=HM>",
    "<img src=a.gif srcset='b.gif 1x, HM 2x'>",
    "<img srcset='data:image/gif;base64,R0l 1x,HM 2x'>",
    "<img srcset=HM>",
    "<image src=HM>",
    "<picture><source srcset='HM 2x'><img src=a.gif></picture>",
    "<iframe src=HM></iframe>",
    "<iframe srcdoc='<p><img src=HM>'></iframe>",
    "<iframe srcdoc='<script>fetch(&quot;HM&quot;)</script>'></iframe>",
    "<embed src=HM>",
    "<object data=HM></object>",
    "<video src=HM></video>",
    "<video poster=HM src=a.mp4></video>",
    "<video><source src=HM><track src=a.vtt></video>",
    "<video src=a.mp4><track src=HM></video>",
    "<audio src=HM></audio>",
    "<input type=IMAGE src=HM>",
    "<link rel=stylesheet href=HM>",
    "<link rel='alternate StyleSheet' href=HM>",
    "<link rel=preload as=image imagesrcset='a.gif 1x, HM 2x'>",
    "<link rel='shortcut icon' href=HM>",
    "<link rel=manifest href=HM>",
    "<link rel=modulepreload href=HM>",
    "<link rel=dns-prefetch href=//hm.baidu.com>",
    "<link rel=preconnect href=//hm.baidu.com>",
    "<a href=/a ping='/b HM'>a</a>",
    "<map><area href=/a ping=HM></map>",
    "<meta http-equiv=refresh content='5; url=HM'>",
    "<meta http-equiv=Refresh content=\"0;URL='HM'\">",
    "<meta http-equiv=refresh content='0,HM'>",
    "<table background=HM><tr><td>a</table>",
    "<table><tr><td background=HM>a</table>",
    "<svg><image href=HM /></svg>",
    "<svg><image xlink:href=HM /></svg>",
    "<svg><script href=HM></script></svg>",
    "<svg><script xlink:href=HM></script></svg>",
    "<svg><filter><feImage href=HM /></filter></svg>",
    "<p style='background: URL(HM) no-repeat'>a</p>",
    '<p style="background:url(&quot;HM&quot;)">a</p>',
    "<style style='display:block;background:url(HM)'>p{color:red}</style>",
    "<style style='background:url(HM)'>p{background:url(HM)}</style>",
    "<noscript style='background:url(HM)'>a</noscript>",
    "<textarea style='background:url(HM)'>a</textarea>",
    "<iframe style='background:url(HM)'></iframe>",
    "<style>@import 'HM';</style>",
    "<style>@import url(HM) screen;</style>",
    "<style>p{background:url( \"HM\" )}</style>",
    "<style>p{background:url(https:\\2f/hm.baidu.com/a)}</style>",
    "<style>p{background:image-set('a.gif' 1x, 'HM' 2x)}</style>",
    "<noscript><img src=HM></noscript>",
    "<noscript><iframe src=HM></iframe></noscript>",
    "<base href=//hm.baidu.com/><script src=hm.js></script>",
    "<base href=//hm.baidu.com/><img src=/hm.gif>",
]  # fmt: skip
NO_WAYS = [
    "<script language=vbscript src=HM></script>",
    "<script type=application/json src=HM></script>",
    "<script type='text/javascript; charset=utf-8' src=HM></script>",
    '<script type=application/ld+json>{"url": "HM"}</script>',
    "<a href=HM>a</a>",
    "<form action=HM><button formaction=HM>a</button><input type=submit formaction=HM></form>",
    "<input src=HM>",
    "<link rel=canonical href=HM>",
    "<link rel=alternate href=HM>",
    "<meta name=refresh content='0; url=HM'>",
    "<meta property=og:image content=HM>",
    "<meta http-equiv=refresh content=5>",
    "<p title=HM data-src=HM>HM</p>",
    "<blockquote cite=HM>a</blockquote>",
    "<style>/* url(HM) */ p{content:'url(HM)'}</style>",
    "<style>p{x-url(HM)}</style>",
    "<!-- <img src=HM> -->",
    "<textarea><img src=HM></textarea>",
    "<base href=//cdn.example/><img src=a.gif><a href=HM>a</a>",
]


def page_of(way: str) -> str:
    return "<!doctype html><html lang=en><title>a</title><body>" + way.replace("HM", HM)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_load_a_tracker_is_held_and_reported(way: str) -> None:
    assert (is_held(page_of(way)), is_reported(page_of(way))) == (True, True)


@pytest.mark.parametrize("way", NO_WAYS)
def test_what_loads_nothing_is_neither_held_nor_reported(way: str) -> None:
    assert (is_held(page_of(way)), is_reported(page_of(way))) == (False, False)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_held_loads_nothing_and_is_reported_as_waiting(way: str) -> None:
    held = GATE.whole(page_of(way).encode())
    assert GATE.whole(held) is held
    found = loaded(Page("https://news.example/", held), CATALOGUE)
    assert [one.runs for one in found] == [False]


ATTRIBUTES = [
    "src", "srcset", "imagesrcset", "href", "xlink:href", "poster", "data", "formaction", "ping", "content",
    "background", "style", "srcdoc", "action", "cite", "longdesc", "data-src", "code", "manifest",
]  # fmt: skip
KINDS = [
    "", "type=image", "type=module", "type=text/plain", "type=text/x-template", "language=vbscript", "language=JScript",
    "nomodule", "rel=stylesheet", "rel=icon", "rel=next", "http-equiv=refresh",
]  # fmt: skip
VALUES = [HM, f"a.gif 1x, {HM} 2x", f"0; url={HM}", f"background:url({HM})", f"<img src={HM}>", "/own.js"]


@given(
    st.sampled_from(sorted(ELEMENTS | {"style", "p", "form", "button", "use", "blockquote", "applet"})),
    st.sampled_from(ATTRIBUTES),
    st.sampled_from(KINDS),
    st.sampled_from(VALUES),
    st.booleans(),
)
def test_check_and_gate_agree_on_any_element(name: str, attribute: str, kind: str, value: str, foreign: bool) -> None:
    element = f'<{name} {kind} {attribute}="{value}"></{name}>'
    if foreign and name in ("script", "image"):
        element = f"<svg>{element}</svg>"
    page = (
        f"<!doctype html><title>a</title><body>{element}"
        if name not in ("body", "frame")
        else (f"<!doctype html><title>a</title>{element}")
    )
    assert is_held(page) == is_reported(page)


@pytest.mark.parametrize(
    ("style", "addresses"),
    [
        ("a{background:url(b.gif)}", ["b.gif"]),
        ("@import/**/'a.css'; @import\turl('b.css')", ["a.css", "b.css"]),
        ("a{background:url( 'b)c.gif' ), URL(d\\).gif)}", ["b)c.gif", "d).gif"]),
        ("a{content:'url(b.gif)'} /* url(c.gif) */ d{x:myurl(e.gif)}", []),
        ("a{background:url(b.gif", ["b.gif"]),
        ("a{background:url()}", []),
    ],
)
def test_addresses_of_styles(style: str, addresses: list[str]) -> None:
    assert [address for address, _ in styled(style)] == addresses
