"""The database of the console goes away and comes back: each page says so, and who works there goes on."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import make_url

from compliance.console.access import access_of
from compliance.staff import Role
from support.databases import fresh
from support.delivery import until
from support.desk import Browser, Office, hash_quickly
from support.host import SETTINGS
from support.proxy import Proxy

PLACES = {**dict.fromkeys(("batch", "identity"), UUID(int=0)), **dict.fromkeys(("place", "row"), 1), "year": 2026}


@pytest.mark.parametrize("how", ["cut", "hang"])
@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_each_page_says_that_the_database_is_away_and_nobody_is_signed_out(
    kind: str, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_quickly(monkeypatch)
    with fresh(kind, tmp_path) as url, Proxy("127.0.0.1", make_url(url).port or 0) as proxy:
        address = make_url(url).set(host="127.0.0.1", port=proxy.port).render_as_string(hide_password=False)
        office = Office(tmp_path, {**SETTINGS, "storage": {"url": address}})
        browser, number = office.of(Role.ADMINISTRATOR), office.send()
        form = {"version": "1", "target": "rejected", "language": "zh_CN", "text": "不予受理"}
        answering = f"/cases/{number}/answer"
        getattr(proxy, how)()
        asked = 0
        for rule in office.app.url_map.iter_rules():
            needs = access_of(office.app.view_functions[rule.endpoint])
            if needs is None or needs.permission is None:
                continue
            values = {name: PLACES.get(name, "x") for name in rule.arguments}
            path = office.app.url_map.bind("localhost").build(rule.endpoint, values, method=min(rule.methods or ()))
            for method in (rule.methods or set()) & {"GET", "POST"}:
                answer = browser.get(path) if method == "GET" else browser.post(path, form)
                assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "10"), (method, path)
                assert "The database does not answer" in answer.text, path
                assert "_user_id" in _session(browser), path
                asked += 1
        assert asked > 50 and browser.post(answering, form).status_code == 503
        proxy.restore()
        until(lambda: browser.get("/account").status_code == 200)
        assert office.get(number).version == 1
        assert browser.post(answering, form).status_code == 303
        assert office.get(number).state == "rejected"
        office.console.store.database.close()


def _session(browser: Browser) -> dict[str, object]:
    with browser.client.session_transaction() as session:
        return dict(session)
