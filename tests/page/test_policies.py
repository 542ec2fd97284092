"""What lets our tags onto pages with policies and bases of their own: nonces, and addresses with a host in them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask, Response
from turbohtml import parse

from compliance import Compliance
from compliance.page.policies import Nonces, nonces, nonces_in

N, M = "abc+/_-1==", "other"


@pytest.mark.parametrize(
    ("policies", "script", "style"),
    [
        ([f"script-src 'nonce-{N}' 'strict-dynamic'"], N, None),
        ([f"default-src 'nonce-{N}'"], N, N),
        ([f"default-src 'nonce-{M}'; script-src 'self' 'nonce-{N}'; style-src 'self'"], N, None),
        ([f"script-src 'nonce-{M}'; script-src-elem 'nonce-{N}'; style-src-elem 'nonce-{M}'"], N, M),
        ([f"SCRIPT-SRC 'Nonce-{N}'"], N, None),
        ([f"script-src 'nonce-{N}'; script-src 'nonce-{M}'"], N, None),
        ([f"default-src 'self', script-src 'nonce-{N}'"], N, None),
        (["default-src 'self'", f"script-src 'nonce-{N}'"], N, None),
        ([f"script-src 'nonce-{N}'", f"script-src 'nonce-{M}'"], N, None),
        (["default-src 'self'", ""], None, None),
        (["script-src 'sha256-abc' 'nonce-'"], None, None),
        ([f"img-src 'nonce-{N}'"], None, None),
        (["script-src 'nonce-\"><script>'"], None, None),
    ],
)
def test_nonces_of_policies(policies: list[str], script: str | None, style: str | None) -> None:
    assert nonces(policies) == Nonces(script, style)


def test_nonces_of_a_page_stand_in_its_meta_tags() -> None:
    head = f"""<head><!-- 'nonce-x' --><meta name=a content="script-src 'nonce-x'">
        <meta http-equiv="Content-Security-Policy" content="script-src &#39;nonce-{N}&#39;"></head>"""
    assert nonces_in(head.encode()) == Nonces(N, None)


def served(
    settings: dict[str, Any], body: str, headers: dict[str, str], mode: str, url: str = "http://localhost"
) -> str:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="a key of sixteen bytes", TESTING=True)
    app.add_url_rule("/", "page", lambda: Response(body, headers=headers))
    Compliance(app, settings={**settings, "consent": {"mode": mode}})
    return app.test_client().get("/", base_url=url).text


PAGE = "<!doctype html><html lang=en><head><title>a</title>%s</head><body><p>a</p></body></html>"


@pytest.mark.parametrize("mode", ["notice", "opt-in"])
@pytest.mark.parametrize(
    ("headers", "meta"),
    [
        ({"Content-Security-Policy": f"default-src 'nonce-{N}' 'strict-dynamic'"}, ""),
        ({"Content-Security-Policy-Report-Only": f"default-src 'nonce-{N}'"}, ""),
        ({}, f"<meta http-equiv=content-security-policy content=\"default-src 'nonce-{N}'\">"),
    ],
)
def test_tags_of_ours_carry_the_nonce(settings: dict[str, Any], mode: str, headers: dict[str, str], meta: str) -> None:
    tree = parse(served(settings, PAGE % meta, headers, mode))
    ours = tree.select("script[data-compliance], link[data-compliance]")
    assert ours
    assert {element.attrs.get("nonce") for element in ours} == {N}


def test_a_page_without_a_nonce_gets_none(settings: dict[str, Any]) -> None:
    headers = {"Content-Security-Policy": "default-src 'self'"}
    assert "nonce" not in served(settings, PAGE % "", headers, "opt-in")


BASES = [
    '<base href="https://cdn.example.net/">',
    "<BASE target=_top HREF=//cdn.example.net/x/>",
    "<base href='http:\\\\cdn.example.net'>",
    "<base href='  https://cdn.example.net'>",
    "<link rel=icon href=a><base href=https:cdn.example.net>",
    "<base href='data:,x'>",
]
OURS = re.compile(r'(?:href|src|action|data-form|data-preferences)="([^"]*/compliance/[^"]*)"')


@pytest.mark.parametrize("mode", ["notice", "opt-in"])
@pytest.mark.parametrize("base", BASES)
def test_every_address_of_ours_survives_a_base(settings: dict[str, Any], mode: str, base: str) -> None:
    found = OURS.findall(served(settings, PAGE % base, {}, mode, "http://localhost:8080"))
    assert len(found) > 8
    assert {address.partition("/compliance/")[0] for address in found} == {"http://localhost:8080"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://www.ichongqing.info", "https://www.ichongqing.info"),  # behind a proxy that takes encryption off
        ("https://en.ichongqing.info", "https://en.ichongqing.info"),
        ("http://localhost:5000", "http://localhost:5000"),
    ],
)
def test_the_origin_is_that_of_the_request(settings: dict[str, Any], url: str, origin: str) -> None:
    found = OURS.findall(served(settings, PAGE % BASES[0], {}, "notice", url))
    assert {address.partition("/compliance/")[0] for address in found} == {origin}


@pytest.mark.parametrize(
    "base", ["", "<base href=/blog/>", "<base target=_blank>", "<base href=x/y>", "<basefont href=//x>"]
)
def test_without_a_base_elsewhere_addresses_have_no_host(settings: dict[str, Any], base: str) -> None:
    found = OURS.findall(served(settings, PAGE % base, {}, "notice"))
    assert {address.partition("/compliance/")[0] for address in found} == {""}
