"""What readers send: forms field by field, and requests of any kind to our addresses."""

from __future__ import annotations

import json
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from flask.testing import FlaskClient
from hypothesis import strategies as st

from compliance import Compliance
from compliance.cases import Kind
from compliance.messages import Submission, SubmissionError, read
from compliance.messages.submission import LONGEST, page_hash, shown_again
from tests.support.host import SETTINGS, create_app

from . import soup
from .target import Target

FIELDS = (*LONGEST, "category", "relation", "truth", "kind", "lang", "ticket", "altcha", "key", "website")
_PATHS = (
    "message",
    "report",
    "case",
    "consent",
    "record",
    "receipt/CQ-20261124-7K3M9Q-4",
    "legal/privacy",
    "corrections",
)
_TYPES = ("application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=b", "text/plain", "")
_ADDRESS = st.one_of(
    soup.texts(),
    st.builds("https://www.ichongqing.info/{}".format, soup.texts()),
    st.text("/:@?#[]%.\\a ", max_size=30),
)
_FORM = st.dictionaries(
    st.sampled_from(FIELDS), st.one_of(soup.texts(6_000), _ADDRESS, st.sampled_from(["rumour", "report", "on", ""]))
)


def _submission(made: tuple[dict[str, str], Kind]) -> None:
    form, kind = made
    hosts = frozenset({"www.ichongqing.info"})
    try:
        taken = read(
            form, kind=kind, language="zh_CN", categories=("rumour",), hosts=hosts, home="https://www.ichongqing.info/"
        )
    except SubmissionError as error:
        assert error.reasons
        return
    assert isinstance(taken, Submission)
    for name, longest in LONGEST.items():
        value = getattr(taken, name)
        assert len(value) <= longest, name
        value.encode()
    page_hash(taken.page)
    shown_again(taken.body)


@cache
def _client() -> FlaskClient:
    app = create_app()
    messages = {"challenge": "none", "receipt_prefix": "CQ"}
    Compliance(app, settings={**SETTINGS, "messages": messages, "limits": {"enabled": False}})
    return app.test_client()


def _request(made: tuple[str, str, str, dict[str, str], bytes, str, dict[str, str]]) -> None:
    method, path, kind, form, strewn, query, headers = made
    if kind.startswith("multipart"):
        parts = (f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{form[name]}\r\n' for name in form)
        data = "".join((*parts, "--b--\r\n")).encode("utf-8", "replace")
    elif kind == "application/json":
        data = json.dumps(form).encode()
    else:
        data = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in form.items()}).encode()
    sent = {name: value.encode("utf-8", "replace").decode("latin-1") for name, value in headers.items()}
    sent = {name: "".join(one for one in value if one >= " ") for name, value in sent.items()}
    answer = _client().open(
        f"/compliance/{path}?{quote(query.encode('utf-8', 'replace'), safe='=&%')}",
        method=method,
        data=data + strewn,
        headers=sent | {"Content-Type": kind},
    )
    assert answer.status_code < 500, answer.status_code
    for name, value in answer.headers:
        assert not {"\r", "\n"} & {*name, *value}


def _paths() -> st.SearchStrategy[str]:
    return st.one_of(
        st.sampled_from(_PATHS),
        st.builds(
            lambda path, text: f"{path}{quote(text.encode('utf-8', 'replace'))}",
            st.sampled_from(_PATHS),
            soup.texts(60),
        ),
    )


_HEADERS: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.sampled_from(["Accept", "Accept-Language", "Cookie", "Referer", "Range", "If-None-Match", "Sec-GPC", "Host"]),
    st.one_of(soup.texts(), st.sampled_from(["application/json", "compliance_consent=a.b.c", "text/html"])),
    max_size=3,
)
TARGETS = [
    Target(name="submission", inputs=st.tuples(_FORM, st.sampled_from(list(Kind))), test=_submission),
    Target(
        name="requests",
        inputs=st.tuples(
            st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS"]),
            _paths(),
            st.sampled_from(_TYPES),
            _FORM,
            st.one_of(st.just(b""), st.binary(max_size=20)),
            st.one_of(st.just(""), st.sampled_from(["lang=zh_CN", "page=/a"]), soup.texts(60)),
            _HEADERS,
        ),
        test=_request,
    ),
]
