"""What readers send: cleaned, and refused with every reason at once."""

from __future__ import annotations

import unicodedata
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.cases import Kind
from compliance.messages import LONGEST, Submission, SubmissionError, read
from compliance.messages.submission import page_hash
from compliance.outside.text import LONGEST_RUN
from support.odd import ODD, counted

FORM = {"kind": "message", "body": "您好，第三段的年份有误。"}
REPORT = {"category": "rumour", "page": "/news/1", "body": "不实信息", "truth": "on"}


def submit(form: dict[str, str], kind: Kind = Kind.MESSAGE, *, international: bool = True) -> Submission:
    return read(
        form,
        kind=kind,
        language="zh_CN",
        categories=("rumour", "infringement", "business", "other"),
        hosts=frozenset({"www.example.org", "en.example.org"}),
        home="https://www.example.org",
        international=lambda: international,
    )


def reasons(form: dict[str, str], kind: Kind = Kind.MESSAGE, *, international: bool = True) -> dict[str, str]:
    with pytest.raises(SubmissionError) as caught:
        submit(form, kind, international=international)
    return caught.value.reasons


@pytest.mark.parametrize("body", ["", " \n\t", "\u200b\u200d\u2060", "\u3164\u2800", "\ufeff", "\x00\x01", "a"])
def test_a_message_that_nobody_can_see_is_empty(body: str):
    assert reasons({**FORM, "body": body}) == {"body": "empty"}


@pytest.mark.parametrize("character", ["字", "😀", "a"])
@pytest.mark.parametrize("field", sorted(LONGEST.keys() - {"page", "page_title"}))
def test_lengths_are_counted_in_code_points(field: str, character: str):
    assert getattr(submit({**FORM, field: character * LONGEST[field]}), field) == character * LONGEST[field]
    assert reasons({**FORM, field: character * (LONGEST[field] + 1)}) == {field: "long"}


def test_every_reason_is_told_at_once():
    form = {"category": "weather", "page": "javascript:alert(1)", "contact": "a@", "relation": "friend"}
    assert reasons(form, Kind.REPORT) == {
        "body": "empty",
        "category": "unknown",
        "page": "address",
        "contact": "address",
        "relation": "unknown",
        "truth": "empty",
    }


def test_composed_and_decomposed_characters_are_one():
    assert submit({**FORM, "subject": "Cafe\u0301"}).subject == "Café"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\x00b\x1bc", "abc"),
        ("moc\u202e.exe", "moc.exe"),
        ("one\ntwo", "one two"),
        ("  much   space ", "much space"),
        ("to: a%0d%0aBcc: b", "to: a%0d%0aBcc: b"),
        ("to: a\r\nBcc: b", "to: a Bcc: b"),
    ],
)
def test_a_line_is_one_line_without_controls(text: str, kept: str):
    submission = submit({**FORM, "subject": text, "name": text})
    assert (submission.subject, submission.name) == (kept, kept)


def test_a_message_keeps_its_lines_and_its_markup():
    body = "one\r\ntwo\n\n\tthree <script>alert(1)</script> {{ 7 * 7 }} [x](javascript:alert(1))"
    assert submit({**FORM, "body": body}).body == body.replace("\r", "")


def test_text_in_another_charset_is_refused():
    garbled = "谣言".encode("gbk").decode("utf-8", "replace")
    assert reasons({**FORM, "body": garbled * 3}) == {"body": "encoding"}
    quoted = "这里显示成了“\ufffd\ufffd”，看不懂"
    assert submit({**FORM, "body": quoted}).body == quoted


@pytest.mark.parametrize(
    ("title", "kept"),
    [
        ("网页\ufffd标题", "网页标题"),
        ("\ufffd" * 9, ""),
        ("题" * 301, "题" * 300),
        ("题" * 299 + " 末尾", "题" * 299),
        ("a\ud800b", "a?b"),
        ("x" * 100_000, "x" * 300),
        ("a" + "\u0315" * 9_000, "a" + "\u0315" * 30),
    ],
)
@pytest.mark.parametrize("kind", [Kind.MESSAGE, Kind.REPORT])
def test_what_the_form_fills_in_by_itself_refuses_nothing(kind: Kind, title: str, kept: str):
    assert submit({**REPORT, "page_title": title}, kind).page_title == kept


@pytest.mark.parametrize("text", ["한국어 " * 1_250, "e\u0301" * 5_000, "\r\n".join("字" * 2_500)])
def test_a_text_is_as_long_as_it_is_kept(text: str):
    assert len(submit({**FORM, "body": unicodedata.normalize("NFD", text)}).body) <= LONGEST["body"]


@pytest.mark.parametrize("field", sorted(LONGEST))
@pytest.mark.parametrize("odd", ODD)
def test_a_field_costs_no_more_than_it_is_long(odd: str, field: str):
    steps = []
    for length in (1_000, 8_000):
        with counted() as cost, suppress(SubmissionError):
            submit({**FORM, field: ODD[odd](length)})
        assert cost.longest_run <= 2 * LONGEST_RUN + 2
        steps.append(cost.steps)
    assert steps[1] <= 9 * steps[0] + 1_000


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("/news/1", "https://www.example.org/news/1"),
        ("https://www.example.org", "https://www.example.org/"),
        ("https://WWW.example.org/news/1#top", "https://www.example.org/news/1#top"),
        ("www.example.org/news/1", "https://www.example.org/news/1"),
        ("http://en.example.org:8080/a?b=1&utm_source=x&spm=a.b", "http://en.example.org:8080/a?b=1"),
        ("https://www.example.org/新闻?页=二", "https://www.example.org/新闻?页=二"),
        # Another charset, an empty value, a place on the page, a route, a number: as they were sent.
        ("/search?kw=%D6%D0%B9%FA", "https://www.example.org/search?kw=%D6%D0%B9%FA"),
        ("/search?kw=%D6%D0+%B9%FA&x=a;b", "https://www.example.org/search?kw=%D6%D0+%B9%FA&x=a;b"),
        ("/thread?12345", "https://www.example.org/thread?12345"),
        ("/thread?12345&utm_source=a&&b=", "https://www.example.org/thread?12345&&b="),
        ("/news/1#comment-88", "https://www.example.org/news/1#comment-88"),
        ("/#/detail?id=5", "https://www.example.org/#/detail?id=5"),
        ("/#/detail?id=5&utm_medium=b", "https://www.example.org/#/detail?id=5"),
        ("/#/detail?spm=1", "https://www.example.org/#/detail"),
        ("/list?from=20", "https://www.example.org/list?from=20"),
        ("/list?from=timeline&isappinstalled=0", "https://www.example.org/list"),
        ("/list?UTM_Source=x&share_token=y&share=1", "https://www.example.org/list?share=1"),
    ],
)
def test_the_address_of_a_page_is_kept_without_what_only_tracks(typed: str, kept: str):
    assert submit({**FORM, "page": typed}).page == kept


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("javascript:alert(1)", "address"),
        ("data:text/html,x", "address"),
        ("file:///etc/passwd", "address"),
        ("https://user:pass@www.example.org/", "address"),
        ("//www.example.org/news", "address"),
        ("/\\evil.example", "address"),
        ("https://www.example.org:port/", "address"),
        ("https://[::1", "address"),
        ("the page about bridges", "address"),
        ("https://evil.example/", "elsewhere"),
        ("https://www.example.org.evil.example/", "elsewhere"),
        ("https://notexample.org/", "elsewhere"),
        ("evil.example/www.example.org", "address"),
        ("https://www..example.org/", "address"),
        ("https://www.example.org:0/", "address"),
        ("https://www.example.org/" + "a" * 10_000, "long"),
    ],
)
def test_no_other_address_is_taken(typed: str, reason: str):
    assert reasons({**FORM, "page": typed}) == {"page": reason}


def test_a_report_says_where_by_address_or_in_words():
    assert reasons({**REPORT, "page": ""}, Kind.REPORT) == {"page": "empty"}
    assert submit({**REPORT, "page": "", "excerpt": "首页右下角"}, Kind.REPORT).excerpt == "首页右下角"
    assert reasons({**FORM}, Kind.CORRECTION) == {"page": "empty"}


def test_an_infringement_is_reported_under_a_name():
    form = {**REPORT, "category": "infringement"}
    assert reasons(form, Kind.REPORT) == {"name": "empty", "contact": "empty"}
    assert submit({**form, "name": "王某", "contact": "13800000000"}, Kind.REPORT).name == "王某"


ENTERPRISE = {**REPORT, "category": "business", "name": "王某", "contact": "023-00000000", "relation": "self"} | {
    "enterprise": "某某公司",
    "harm": "rumour",
}


def test_an_enterprise_says_what_the_norm_on_such_reports_asks_for():
    form = {**REPORT, "category": "business"}
    asked = dict.fromkeys(("name", "contact", "enterprise", "harm", "relation"), "empty")
    assert reasons(form, Kind.REPORT) == asked
    assert reasons({**ENTERPRISE, "harm": "weather"}, Kind.REPORT) == {"harm": "unknown"}
    found = submit(ENTERPRISE, Kind.REPORT)
    assert (found.enterprise, found.harm, found.relation, found.credit_code) == ("某某公司", "rumour", "self", "")
    assert submit({**REPORT, "harm": "rumour"}, Kind.REPORT).harm == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("91500000MA5U00000W", "91500000MA5U00000W"),
        (" 91500000 ma5u 00000w ", "91500000MA5U00000W"),
        ("９１５０００００ＭＡ５Ｕ０００００Ｗ", "91500000MA5U00000W"),
        ("91500000MA5U00000M", None),
        ("91500000MA5UO0000W", None),
        ("500103000000000", None),
    ],
)
def test_a_credit_code_is_one(typed: str, kept: str | None):
    form = {**ENTERPRISE, "credit_code": typed}
    if kept:
        assert submit(form, Kind.REPORT).credit_code == kept
    else:
        assert reasons(form, Kind.REPORT) == {"credit_code": "code"}
        assert submit({**REPORT, "credit_code": typed}, Kind.REPORT).credit_code == typed


def test_a_report_and_a_request_need_their_category():
    assert reasons({**REPORT, "category": ""}, Kind.REPORT) == {"category": "empty"}
    assert reasons(FORM, Kind.PERSONAL_INFORMATION) == {"category": "empty"}
    assert submit({**FORM, "category": "access"}, Kind.PERSONAL_INFORMATION).category == "access"
    assert submit({**FORM, "category": "access"}).category == ""


@pytest.mark.parametrize("contact", ["a@b", "a b@example.org", "a@example.org,b@example.org", "@", "＠wang"])
def test_a_contact_that_looks_like_a_mailbox_is_one(contact: str):
    assert reasons({**FORM, "contact": contact}) == {"contact": "address"}


@pytest.mark.parametrize(
    "contact",
    [
        *("wang@example.org", "wang＠example.org", "邮箱：wang@example.org", "<a@example.org>", "王@例子.公司"),
        *("+86 138 0000 0000", "微信 wang123"),
    ],
)
def test_any_other_way_to_be_reached_is_taken(contact: str):
    assert submit({**FORM, "contact": contact}).contact == contact


def test_an_address_that_no_answer_would_reach_is_refused_with_the_reason():
    assert reasons({**FORM, "contact": "张三@例子.中国"}, international=False) == {"contact": "international"}
    assert submit({**FORM, "contact": "zhang@例子.中国"}, international=False).contact == "zhang@例子.中国"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://www.example.org/a", "http://www.example.org/a/#comment-88", True),
        ("https://新闻.cn/a", "https://xn--efvy88h.cn/a", True),
        ("https://www.example.org/#/detail?id=5", "https://www.example.org/#/detail?id=6", False),
        ("https://www.example.org/?id=5", "https://www.example.org/?id=6", False),
        ("https://www.example.org:81/", "https://www.example.org:82/", False),
    ],
)
def test_reports_of_one_page_find_each_other(one: str, other: str, same: bool):
    assert (page_hash(one) == page_hash(other)) == same


@given(st.dictionaries(st.sampled_from(sorted(LONGEST)), st.text(), min_size=1), st.sampled_from(Kind))
def test_whatever_is_sent_is_taken_or_refused(form: dict[str, str], kind: Kind):
    try:
        submission = submit({"category": "rumour", "truth": "on", **form}, kind)
    except SubmissionError as error:
        assert error.reasons
    else:
        fields = submission.fields()
        assert all(len(fields[name]) <= longest for name, longest in LONGEST.items() if name != "page")
        assert submit({"truth": "on", **fields}, kind) == submission  # what was kept is kept again
