"""Names of hosts: one spelling for each, and which of them belong together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.outside.hosts import ascii_host, domain_of, host_of, is_local, is_under, split, written_host
from support.examples import examples
from support.odd import ODD, counted


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("新闻.cn", "xn--efvy88h.cn"),
        ("XN--EFVY88H.CN.", "xn--efvy88h.cn"),
        ("新闻。cn", "xn--efvy88h.cn"),
        ("ＷＷＷ．Example．com", "www.example.com"),
        ("a\u00adb\u200b.cn", "ab.cn"),
        # What the older standard (IDNA 2003) took for another name.
        ("straße.de", "xn--strae-oqa.de"),
        ("i❤.ws", "xn--i-7iq.ws"),
        ("пример.рф", "xn--e1afmkfd.xn--p1ai"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("my_host.local", "my_host.local"),
    ],
)
def test_a_name_has_one_spelling(written: str, name: str):
    assert ascii_host(written) == name
    assert ascii_host(written_host(name)) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a..b", ".a", "x" * 64, "a." * 127 + "b"),
        *("a b", "a%20b", "a/b", "a@b", "[", "a\x00b", "新\x00闻.cn"),
    ],
)
def test_no_other_text_is_a_name(name: str):
    assert ascii_host(name) == ""


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://新闻.cn/路径", "xn--efvy88h.cn"),
        ("http://[::1]:8080/", "::1"),
        ("//u:p@example.org:81/x", "example.org"),
        ("https://example.org/" + "a" * 50_000, "example.org"),
        ("/path", ""),
        ("mailto:a@example.org", ""),
        ("http://[::1", ""),
        ("http://a:99999/", ""),
        ("http://a:0/", ""),
        ("http://a:port/", ""),
        ("http:///x", ""),
    ],
)
def test_the_host_of_an_address(address: str, host: str):
    assert host_of(address) == host


@pytest.mark.parametrize("odd", ODD)
def test_no_name_costs_more_than_it_is_long(odd: str):
    steps = []
    for length in (1_000, 8_000):
        with counted() as cost:
            ascii_host(ODD[odd](length))
            split(f"http://{ODD[odd](length)}/")
        steps.append(cost.steps)
    assert steps[1] <= 9 * steps[0] + 100


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.example.org", "example.org"),
        ("m.example.org", "example.org"),
        ("news.example.org", "news.example.org"),
        ("www.cn", "www.cn"),
        ("example.org", "example.org"),
    ],
)
def test_a_customary_first_label_is_no_other_site(host: str, domain: str):
    assert domain_of(host) == domain
    assert is_under(host, {domain}) and is_under(f"en.{domain}", {domain})
    assert not is_under(f"not{domain}", {domain}) and not is_under(f"{domain}.evil.example", {domain})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "192.168.1.5", "10.0.0.1", "box"])
def test_this_machine_and_its_network(host: str):
    assert is_local(host)


@pytest.mark.parametrize("host", ["127.evil.example", "127.0.0.1.evil.example", "8.8.8.8", ""])
def test_a_name_that_only_looks_like_this_machine(host: str):
    assert not is_local(host)


@settings(max_examples=examples(400))
@given(
    st.sampled_from(["", "https:", "HTTP:", "ftp:", "https:/\n/", " https:"]),
    st.sampled_from(["", "/", "//", "／／", "///"]),
    st.text("aZ.-9:@[]/\\ \t\n\x00é新。\u00ad%", max_size=12),
    st.sampled_from(["", "/a", "?//b", "#c", "/[", "/\u0300", "/a b\n//c"]),
)
def test_the_host_of_an_address_is_that_of_its_parts(scheme: str, slashes: str, name: str, rest: str):
    address = f"{scheme}{slashes}{name}{rest}"
    parts = split(address)
    assert host_of(address) == (ascii_host(parts.hostname or "") if parts else "")
