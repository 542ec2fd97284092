"""Licence numbers: formats, spellings, links, doubts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.licences import KINDS, Licence, check_link, doubt, normalise, parse

#: Numbers that public footers show.
SEEN = {
    "icp": "京ICP备2024077296号-1 沪ICP备13002172号-3 渝ICP备05003300号 渝ICP备2023017543号 渝ICP备20009753号-2",
    "icp_licence": "京ICP证030173号 京ICP证070359号 苏ICP证B2-20100204",
    "telecom": "沪B2-20050088 浙B2-20080224-1 B2-20090418 湘B2-20130048 B1.B2-20090418",
    "public_security": "粤公网安备44030002017573号 京公网安备11000002000001号 渝公网安备50010402001494号",
    "news": "50120220004 11220180008 11120180001 10120190017 35120170005 41120181101 3112006001 1012006048",
    "audio_visual": "0110516 0122682 0910417 1308312 0311618 117330003",
    "tv_production": "（京）字第00693号 （鄂）字第00037号 （沪）字第1248号 （广媒）字第172号",
    "culture": "京网文〔2023〕1034-029号 冀网文【2021】1825-001号 文网文[2011]0025-010号 京网文[2020]5494-1075号",
    "online_publishing": "(总)网出证(京)字第161号 新出网证(鄂)字008号 （总）网出证（京）字第161号",
    "publications": "新出发滨字第0132号 新出发京零字第大120007号",
    "drug_information": "(湘)-经营性-2014-0005 (京)-非经营性-2014-0005 (京)网药械信息备字(2025)第00153号",
    "algorithm": "网信算备330110507206401230035号",
    "generative": "Chongqing-BaShuMoXing-202601010001 渝网信生成备202601010001号",
    "religion": "京（2022）0000043",
    "conac": "0123456789ABCDEF0123456789ABCDEF",
    "government_site": "5000000095 1200000052 bm01000001",
}
NUMBERS = [(kind, number) for kind, numbers in SEEN.items() for number in numbers.split()]


def test_every_kind_is_tried():
    assert list(SEEN) == list(KINDS)


@pytest.mark.parametrize(("kind", "number"), NUMBERS)
def test_number_is_shown_as_it_stands_on_the_licence(kind: str, number: str):
    assert parse(kind, number).number == number


@pytest.mark.parametrize(("kind", "number"), [(kind, example) for kind in KINDS for example in KINDS[kind].examples])
def test_examples_are_valid(kind: str, number: str):
    assert parse(kind, number).number == number


@pytest.mark.parametrize(
    ("kind", "typed", "shown"),
    [
        ("icp", " 渝ＩＣＰ备２０００９７５３号－２ ", "渝ICP备20009753号-2"),
        ("icp", "渝icp备 20009753 号 – 2", "渝ICP备20009753号-2"),
        ("icp", "渝ICP备20009753", "渝ICP备20009753号"),
        ("public_security", "渝公网安备 50010402001494号", "渝公网安备50010402001494号"),
        ("public_security", "渝公网安备：50010402001494", "渝公网安备50010402001494号"),
        ("news", "501 2022 0004", "50120220004"),
        ("algorithm", "网信算备：330110507206401230035", "网信算备330110507206401230035号"),
        ("conac", "0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789ABCDEF"),
        ("tv_production", "（京）字第００６９３号", "（京）字第00693号"),
    ],
)
def test_spelling_is_the_official_one(kind: str, typed: str, shown: str):
    assert parse(kind, typed).number == shown


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("icp", ""),
        ("icp", "20009753"),
        ("icp", "渝ICP备20009号"),
        ("icp", "渝ICP备2000975号"),
        ("icp", "渝ICP备200097531号"),
        ("icp", "渝ICP备20009753号-2345"),
        ("icp", "美ICP备20009753号"),
        ("icp", "渝ICP证030173号"),
        ("icp", "渝公网安备50010402001494号"),
        ("icp", "渝ICP备٢٠٠٠٩٧٥٣号"),  # digits, but not ours
        ("icp", "渝ICP备20009753号-2 渝ICP备20009753号-3"),
        ("public_security", "50010402001494"),
        ("public_security", "渝公网安备50010403001494号"),
        ("news", "50420220004"),
        ("news", "70120220004"),
        ("news", "501202200"),
        ("audio_visual", "01105161"),
        ("telecom", "C2-20090418"),
        ("conac", "0123456789ABCDEF"),
    ],
)
def test_what_is_no_such_number_is_refused_with_an_example(kind: str, number: str):
    with pytest.raises(ValueError, match="as it stands on the licence") as refusal:
        parse(kind, number)
    assert KINDS[kind].examples[0] in str(refusal.value)


@pytest.mark.parametrize(
    ("kind", "number", "url"),
    [
        ("icp", "渝ICP备20009753号-2", "https://beian.miit.gov.cn/"),
        (
            "public_security",
            "渝公网安备50010402001494号",
            "https://beian.mps.gov.cn/#/query/webSearch?code=50010402001494",
        ),
        ("algorithm", "网信算备330110507206401230035号", "https://beian.cac.gov.cn/#/index"),
        (
            "conac",
            "0123456789ABCDEF0123456789ABCDEF",
            "https://bszs.conac.cn/sitename?method=show&id=0123456789ABCDEF0123456789ABCDEF",
        ),
        ("news", "50120220004", None),
    ],
)
def test_number_links_where_the_rules_want_it(kind: str, number: str, url: str | None):
    assert parse(kind, number).url == url


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("icp", "https://beian.miit.gov.cn/#/Integrated/index"),
        ("public_security", "http://www.beian.gov.cn/portal/registerSystemInfo?recordcode=50010402001494"),
        ("news", "https://www.example.org/licence.jpg"),
    ],
)
def test_link_may_be_another_page_of_the_authority(kind: str, url: str):
    check_link(kind, url)


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("icp", "http://www.miibeian.gov.cn/"),
        ("icp", "https://beian.mps.gov.cn/"),
        ("icp", "https://beian.miit.gov.cn.example.org/"),
        ("public_security", "https://beian.miit.gov.cn/"),
    ],
)
def test_link_to_a_dead_or_wrong_host_is_refused(kind: str, url: str):
    with pytest.raises(ValueError, match=KINDS[kind].hosts[0]):
        check_link(kind, url)


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("public_security", "京公网安备50010402001494号"),
        ("public_security", "兵公网安备66010402001494号"),
        ("public_security", "京公网安备110105008661号"),
        ("news", "19120220004"),
        ("audio_visual", "117330003"),
        ("drug_information", "(湘)-经营性-2014-0005"),
        ("drug_information", "（京）-非经营性-2014-0005"),
    ],
)
def test_odd_number_is_doubted_but_read(kind: str, number: str):
    assert doubt(parse(kind, number))


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("public_security", "滇公网安备53010402001494号"),
        ("public_security", "云公网安备53010402001494号"),
        ("public_security", "川公网安备51010402001494号"),
        *[(kind, number) for kind, number in NUMBERS if number != "117330003" and "经营性" not in number],
    ],
)
def test_number_of_its_province_is_not_doubted(kind: str, number: str):
    assert doubt(parse(kind, number)) is None


WIDE = {ord(narrow): ord(narrow) + 0xFEE0 for narrow in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-:"}


@given(st.sampled_from(NUMBERS), st.data())
def test_width_and_spaces_make_no_difference(number: tuple[str, str], data: st.DataObject):
    kind, text = number
    wide = "".join(
        data.draw(st.sampled_from([sign, sign.translate(WIDE), f" {sign}", f"{sign}\u3000"])) for sign in text
    )
    assert normalise(parse(kind, wide).number) == normalise(text)
    assert parse(kind, wide).url == parse(kind, text).url


@given(st.sampled_from(list(KINDS)), st.one_of(st.text(), st.sampled_from([number for _, number in NUMBERS])))
def test_reading_is_stable_and_refuses_by_one_error(kind: str, text: str):
    try:
        licence = parse(kind, text)
    except ValueError:
        return
    assert isinstance(licence, Licence)
    assert parse(kind, licence.number) == licence
