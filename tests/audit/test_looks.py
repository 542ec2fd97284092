"""A site looked at again and again: what is different is told on the terminal and to the editors, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from compliance import Compliance
from support.host import SETTINGS, create_app
from support.receiver import Answer, Receiver

NUMBER = '<a href="https://beian.miit.gov.cn/">渝ICP备20009753号-2</a>'
HEAD = '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>News</title><h1>News</h1>'
TRACKER = '<script src="https://hm.baidu.com/hm.js?1"></script>'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


class Night:
    """A folder of pages that is looked at, and whoever is told."""

    def __init__(self, folder: Path, receiver: Receiver) -> None:
        self.pages = folder / "pages"
        self.pages.mkdir()
        self.history = folder / "looks.jsonl"
        self.app: Flask = create_app()
        messages = {"deliver_to": [receiver.url], "private_targets": True}
        Compliance(self.app, settings={**SETTINGS, "messages": messages})

    def write(self, **pages: str) -> None:
        for name, body in pages.items():
            (self.pages / f"{name}.html").write_text(HEAD + body, encoding="utf-8")

    def look(self, *options: str, status: int) -> Result:
        arguments = ["check", str(self.pages), "--history", str(self.history), "--language", "en", *options]
        result = self.app.test_cli_runner().invoke(args=["compliance", *arguments])
        assert result.exit_code == status, result.output
        return result


@pytest.fixture
def night(tmp_path: Path, receiver: Receiver) -> Night:
    made = Night(tmp_path, receiver)
    made.write(index=NUMBER, news="<p>News")
    return made


def test_what_is_different_is_told_once_and_what_was_there_is_not(night: Night) -> None:
    assert "The first look at" in night.look(status=0).stdout
    assert "nothing is different" in night.look(status=0).stdout
    night.write(index="", news=f"<p>News{TRACKER}")
    worse = night.look(status=1).stdout.splitlines()
    assert "渝ICP备20009753号-2 (icp) is gone from index.html" in worse
    assert "pages load from hm.baidu.com now, such as news.html" in worse
    assert [line for line in worse if line.startswith("new: C001 The home page shows no ICP filing number, index.html")]
    assert "nothing is different" in night.look(status=0).stdout
    night.write(index=NUMBER, news="<p>News")
    better = night.look(status=0).stdout.splitlines()
    assert [line for line in better if line.startswith("mended: C001")]
    assert len(night.history.read_text(encoding="utf-8").splitlines()) == 5


def test_accepting_a_finding_is_no_mending_and_its_end_is_news(night: Night, tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.toml"
    night.look(status=0)
    night.look("--baseline", str(baseline), "--update-baseline", status=0)
    accepted = baseline.read_text(encoding="utf-8").replace('reason = ""', 'reason = "Agreed."')
    baseline.write_text(accepted, encoding="utf-8")
    assert "nothing is different" in night.look("--baseline", str(baseline), status=0).stdout
    assert "new: C" in night.look(status=1).stdout


def test_editors_are_told_and_who_was_missed_is_told_the_next_time(night: Night, receiver: Receiver) -> None:
    night.look("--notify", status=0)
    assert receiver.posts == []
    receiver.answers = [Answer(status=503), Answer()]
    night.write(index="")
    missed = night.look("--notify", status=1)
    assert "could not be told (http 503)" in missed.stderr
    night.write(news=f"<p>News{TRACKER}")
    night.look("--notify", status=1)
    told = receiver.posts[-1].json
    assert told["subject"].endswith(": what is different")
    assert "渝ICP备20009753号-2 (icp) is gone from index.html" in told["text"]
    assert {"kind": "tracker", "host": "hm.baidu.com", "page": "news.html"} in told["data"]["differences"]
    night.look("--notify", status=0)
    assert len(receiver.posts) == 2


def test_a_page_that_cannot_be_read_tells_nothing_but_that(night: Night) -> None:
    night.write(news=TRACKER)
    night.look(status=0)
    (night.pages / "news.html").unlink()
    (night.pages / "news.html").symlink_to("gone.html")
    different = night.look(status=1).stdout.splitlines()
    assert [line.partition(":")[0] for line in different] == ["news.html cannot be read any more"]


def test_what_stands_on_a_page_that_was_not_read_is_neither_gone_nor_news_later(night: Night) -> None:
    night.write(index="<p>News", about=NUMBER, news=TRACKER)
    night.look(status=0)
    for name in ("about", "news"):
        (night.pages / f"{name}.html").rename(night.history.parent / name)
    assert "nothing is different" in night.look(status=0).stdout
    night.write(about=NUMBER, news=TRACKER)
    assert "nothing is different" in night.look(status=0).stdout


def test_one_more_page_with_the_same_fault_is_no_news(night: Night) -> None:
    picture = "<p>News<img src=a.png>"
    night.write(news=picture)
    night.look(status=0)
    night.write(more=picture)
    assert "nothing is different" in night.look(status=0).stdout


def test_the_report_is_whole_beside_what_is_different(night: Night) -> None:
    night.look(status=0)
    night.write(index="")
    result = night.look("--format", "json", status=1)
    assert json.loads(result.stdout)["findings"]
    assert "is gone from index.html" in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{}\n", "line 1: is no look"), (b"no JSON", "line 1: is no look"), (b"\xff", "cannot be read")],
)
def test_a_history_that_is_none_is_left_as_it_is(night: Night, content: bytes, said: str) -> None:
    night.history.write_bytes(content)
    assert said in night.look(status=2).stderr
    assert night.history.read_bytes() == content


def test_notify_needs_something_to_compare_with(night: Night) -> None:
    result = night.app.test_cli_runner().invoke(args=["compliance", "check", str(night.pages), "--notify"])
    assert (result.exit_code, "add --history FILE" in result.output) == (2, True)


def test_a_history_that_cannot_be_kept_is_told(night: Night) -> None:
    night.history = night.history.parent / "gone" / "looks.jsonl"
    assert "looks.jsonl cannot be written: No such file or directory" in night.look(status=2).stderr
