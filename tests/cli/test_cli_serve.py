"""`python -m compliance serve`: what it refuses before it hears anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask

from compliance import engine
from compliance.cli import Alone, compliance
from compliance.extension import alone
from support.upstream import settings_file


def run(*arguments: str) -> Any:
    """Run `serve` with a server that tells what it was told."""
    served: list[dict[str, Any]] = []
    told = Alone(alone, serve=lambda **options: served.append(options))
    result = CliRunner().invoke(compliance, [*arguments], obj=told, env={"COMPLIANCE_KEY_FILE": None})
    return result, served


@pytest.mark.parametrize(
    ("upstream", "bind", "told"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8000", ("127.0.0.1", 8000, "")),
        ("https://news.example/", "[::1]:0", ("::1", 0, "")),
        ("http://[::1]:8080", "unix:/run/news.sock", (None, None, "/run/news.sock")),
    ],
)
def test_addresses_that_are_meant(upstream: str, bind: str, told: tuple[str | None, int | None, str]) -> None:
    result, [served] = run("--key-file", "key", "serve", "--upstream", upstream, "--bind", bind)
    assert (result.exit_code, served["upstream"]) == (0, upstream)
    assert (served["bind"].hostname, served["bind"].port, served["bind"].path) == told


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(
            ("--upstream", value)
            for value in ("", "127.0.0.1:8080", "ftp://a", "http://", "http://a:x", "http://a:70000")
        ),
        *(("--upstream", value) for value in ("http://a/path", "http://a?b", "http://me@a")),
        *(
            ("--bind", value)
            for value in ("", "8000", "127.0.0.1", "127.0.0.1:x", "unix:run", "a:1/x", "127.0.0.1:70000")
        ),
        *(("--workers", "0"), ("--proxies", "-1"), ("--read-timeout", "0")),
    ],
)
def test_what_is_no_address_is_told(option: str, value: str) -> None:
    arguments = {"--upstream": "http://a", option: value}
    result, served = run("--key-file", "key", "serve", *(text for pair in arguments.items() for text in pair))
    assert (result.exit_code, served) == (2, [])
    assert option in result.stderr


def test_it_needs_a_key_and_no_application(tmp_path: Path, app: Flask) -> None:
    for before in ([], ["--app", "news:app", "--key-file", "key"]):
        result, served = run(*before, "serve", "--upstream", "http://a")
        assert (result.exit_code, served) == (2, [])
    result = app.test_cli_runner().invoke(args=["compliance", "serve", "--upstream", "http://a"])
    assert result.exit_code == 2 and "python -m compliance serve" in result.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "No such file"), (b"\n \n", "empty"), (b"\xff\xfe", "not readable")],
)
def test_a_file_without_a_key_is_told(
    content: bytes | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    result, _ = run("--key-file", str(file), "messages", "list")
    assert result.exit_code == 2 and told in result.stderr and "--key-file" in result.stderr


def test_the_last_key_in_a_file_signs(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("the old one\n\n  the new one \n", encoding="utf-8")
    assert engine.keys_in(tmp_path / "keys") == ["the old one", "the new one"]


def test_the_doctor_looks_at_all_but_the_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "compliance.toml").write_text(settings_file(limits={"storage": "redis://127.0.0.1:1/0"}), "utf-8")
    (tmp_path / "key").write_text("short", encoding="utf-8")
    result, _ = run("--key-file", "key", "doctor", "--format", "json")
    told = {one["what"] for one in json.loads(result.stdout)}
    assert told - {"calendar"} == {"settings", "limits"}
    result, _ = run("--key-file", "key", "doctor", "--browser")
    assert result.exit_code == 2
