"""A database belongs to one site: another one is refused at first use, and nothing of the first is touched."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from compliance import Compliance
from compliance.ledger import verify
from compliance.store import Database, Owner
from compliance.store.owner import OwnerError, owner_of
from compliance.store.tables import message
from support.host import SETTINGS, create_app

pytestmark = pytest.mark.slow

NEWS = Owner(name="News", url="https://news.example.org")
SPORT = Owner(name="Sport", url="https://sport.example.org/a")


@pytest.fixture
def opened(address: str, database: Database, tmp_path: Path) -> Iterator[Any]:
    """Opens the shared database, empty at first, as that of somebody."""
    made: list[Database] = []

    def open_as(owner: Owner) -> Database:
        made.append(Database(address, folder=tmp_path, owner=owner))
        return made[-1]

    yield open_as
    for one in made:
        one.close()


def use(database: Database) -> None:
    with database.reading() as connection:
        connection.execute(select(message.c.id)).all()


def test_first_use_says_whose_it_is(opened: Any):
    use(opened(NEWS))
    assert owner_of(opened(SPORT).engine) == NEWS


@pytest.mark.parametrize(
    "same",
    [
        Owner(name="News of Today", url=NEWS.url),
        Owner(name="News", url="http://NEWS.example.org:80/"),
        Owner(name="News", url="https://news.example.org:443"),
    ],
)
def test_another_name_or_scheme_is_the_same_site(opened: Any, same: Owner):
    use(opened(NEWS))
    use(opened(same))


@pytest.mark.parametrize(
    "url", [SPORT.url, "https://www.news.example.org", "https://news.example.org:8443", "https://news.example.org/en"]
)
def test_another_site_is_refused_with_both_names_and_the_remedy(opened: Any, url: str):
    use(opened(NEWS))
    other = opened(Owner(name="Sport", url=url))
    for work in (lambda: use(other), lambda: other.write(lambda _: None), other.migrate):
        with pytest.raises(OwnerError) as refused:
            work()
        assert all(part in refused.value.reason for part in (str(NEWS), f"Sport ({url})", "storage.url", "db adopt"))


OLD = Owner(name="News", url=NEWS.url, keys=("old",))


@pytest.mark.parametrize("keys", [("old", "new"), ("new", "old"), ("older", "old")])
def test_a_machine_that_knows_the_key_among_others_is_let_in(opened: Any, keys: tuple[str, ...]):
    use(opened(OLD))
    use(opened(Owner(name="News", url=NEWS.url, keys=keys)))
    assert owner_of(opened(OLD).engine) == OLD


def test_a_machine_with_other_keys_is_refused_until_it_has_the_key(opened: Any):
    use(opened(OLD))
    other = opened(Owner(name="News", url=NEWS.url, keys=("new",)))
    for work in (lambda: use(other), lambda: other.write(lambda _: None), other.migrate):
        with pytest.raises(OwnerError) as refused:
            work()
        assert all(part in refused.value.reason for part in (str(NEWS), "COMPLIANCE_KEYS", "storage.url", "db adopt"))
    other.adopt()
    use(other)
    with pytest.raises(OwnerError):
        use(opened(OLD))


def test_a_database_from_before_keys_were_noted_takes_those_that_come_first(opened: Any):
    use(opened(NEWS))
    use(opened(OLD))
    assert owner_of(opened(OLD).engine) == OLD


def test_a_site_that_was_renamed_adopts_its_database(opened: Any):
    use(opened(NEWS))
    renamed = opened(SPORT)
    with pytest.raises(OwnerError):
        use(renamed)
    assert renamed.adopt() == NEWS
    use(renamed)
    with pytest.raises(OwnerError):
        use(opened(NEWS))


def test_of_two_sites_that_come_first_at_once_one_is_refused(opened: Any):
    def first(owner: Owner) -> bool:
        try:
            use(opened(owner))
        except OwnerError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(first, [NEWS, SPORT, NEWS, SPORT])) == [False, False, True, True]


def site(folder: Path, *keys: str, **values: str) -> Flask:
    settings = deepcopy(SETTINGS) | {"storage": {"url": f"sqlite:///{folder}/shared.db"}, "limits": {"enabled": False}}
    settings["messages"] = {"challenge": "none"}
    settings["site"] |= values
    app = create_app(COMPLIANCE_KEYS=[*keys])
    Compliance(app, settings=settings)
    return app


OTHERS = [{"name": "Sport", "url": SPORT.url}, {"name": "iChongqing anew"}]


@pytest.mark.parametrize("values", OTHERS, ids=["another address", "other keys alone"])
@pytest.mark.parametrize(
    "command",
    [
        *(
            "messages list",
            "messages export",
            "messages report",
            "consents verify",
            "consents export",
            "consents purge",
        ),
        *("deliver", "deliver --status", "deliver --dead", "purge", "purge --dry-run"),
        *("db status", "db upgrade", "db rekey"),
    ],
)
def test_every_command_refuses_the_database_of_another_site(values: dict[str, str], command: str, tmp_path: Path):
    with closing(site(tmp_path, "a").extensions["compliance"].database) as database:
        use(database)
    other = site(tmp_path, "b", **values)
    result = other.test_cli_runner().invoke(args=["compliance", *command.split()])
    assert (result.exit_code, "iChongqing (" in result.stderr, values["name"] in result.stderr) == (2, True, True)


def test_machines_whose_keys_change_in_steps_are_let_in_all_the_while(tmp_path: Path):
    for keys in (["old"], ["new", "old"], ["old", "new"]):
        server = site(tmp_path, *keys)
        assert server.test_client().post("/compliance/message", data={"body": "Text"}).status_code == 303
        use(server.extensions["compliance"].database)
    assert server.test_cli_runner().invoke(args=["compliance", "db", "rekey"]).exit_code == 0
    use(site(tmp_path, "new").extensions["compliance"].database)
    left_out = site(tmp_path, "old")
    assert left_out.test_client().post("/compliance/message", data={"body": "Text"}).status_code == 503


@pytest.mark.parametrize("values", OTHERS, ids=["another address", "other keys alone"])
def test_servers_of_another_site_keep_nothing_in_it_and_lose_nothing(
    values: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    first, other = site(tmp_path, "a"), site(tmp_path, "b", **values)
    use(first.extensions["compliance"].database)
    answers = [app.test_client().post("/compliance/consent", data={"choice": "accept"}) for app in (first, other)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert other.test_client().post("/compliance/message", data={"body": "Text"}).status_code == 503
    assert first.extensions["compliance"].recorder.settle(60)
    ledger = first.extensions["compliance"].ledger
    assert (list(verify(ledger)), ledger.length()) == ([], 1)
    [told, *_] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "db adopt" in told.getMessage() and values["name"] in told.getMessage()
    assert other.test_cli_runner().invoke(args=["compliance", "db", "adopt", "--yes"]).exit_code == 0
    recorder = other.extensions["compliance"].recorder
    result = other.test_cli_runner().invoke(args=["compliance", "consents", "verify"])
    assert (result.exit_code, "COMPLIANCE_KEYS" in result.stdout) == (1, True)  # what is sealed stays sealed
    assert recorder.away
