"""A timestamp on evidence, from an authority on this machine, checked by OpenSSL and by us."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from compliance.cli import compliance

pytest.importorskip("rfc3161_client", reason="it needs a newer cryptography than there is")

CONFIGURATION = """
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = sha256
[req]
distinguished_name = name
prompt = no
[name]
CN = Authority of the tests
[root]
basicConstraints = critical,CA:TRUE
subjectKeyIdentifier = hash
keyUsage = critical,keyCertSign
[signer]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


class Authority:
    """A time-stamping authority: OpenSSL behind a server; `answer` replaces what it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer: bytes | None = None
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder))
        (folder / "serial").write_text("01")
        request = ["req", "-newkey", "rsa:2048", "-nodes", "-config", "tsa.cnf", "-keyout"]
        self.openssl(*request, "root.key", "-x509", "-extensions", "root", "-days", "9", "-out", "root.pem")
        self.openssl(*request, "signer.key", "-subj", "/CN=Clock", "-out", "signer.csr")
        sign = ["x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial"]
        self.openssl(*sign, "-extfile", "tsa.cnf", "-extensions", "signer", "-days", "8", "-out", "signer.pem")

    def openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def reply(self, query: bytes) -> bytes:
        (self.folder / "query").write_bytes(query)
        reply = ["ts", "-reply", "-queryfile", "query", "-signer", "signer.pem", "-inkey", "signer.key"]
        self.openssl(*reply, "-config", "tsa.cnf", "-section", "tsa", "-out", "reply")
        return self.answer if self.answer is not None else (self.folder / "reply").read_bytes()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def url(authority: Authority) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            content = authority.reply(query)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def check(*arguments: object) -> Result:
    command = ["check", *map(str, arguments)]
    return CliRunner().invoke(compliance, command, env={"LC_ALL": "C.UTF-8"}, catch_exceptions=False)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<title>新闻</title>", "utf-8")
    return tmp_path / "site"


def test_openssl_and_we_find_the_time(site: Path, url: str, authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    assert check(site, "--evidence", bundle, "--timestamp", url).exit_code == 1
    files = ["-data", bundle / "manifest.json", "-in", bundle / "manifest.json.tsr"]
    done = subprocess.run(["openssl", "ts", "-verify", *files, "-CAfile", authority.folder / "root.pem"], check=False)
    assert done.returncode == 0
    sums = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=bundle, capture_output=True, text=True, check=True
    )
    assert "manifest.json.tsr: OK" in sums.stdout
    result = check("--verify", bundle, "--roots", authority.folder / "root.pem")
    assert result.exit_code == 0
    (line,) = (line for line in result.stdout.splitlines() if line.startswith("stamped at "))
    stamped = datetime.fromisoformat(line.removeprefix("stamped at "))
    assert abs(datetime.now(UTC) - stamped) < timedelta(minutes=5)
    assert "own word" in check("--verify", bundle).stdout and "own word" not in result.stdout


def test_a_stamp_of_another_authority_or_for_another_manifest_is_found(
    site: Path, url: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    one, other, unstamped = tmp_path / "one", tmp_path / "other", tmp_path / "unstamped"
    check(site, "--evidence", one, "--timestamp", url)
    check(site, "--evidence", other, "--timestamp", url)
    check(site, "--evidence", unstamped)
    strange = Authority(tmp_path_factory.mktemp("strange")).folder / "root.pem"
    result = check("--verify", one, "--roots", strange)
    assert result.exit_code == 1 and "stands behind the timestamp" in result.stderr
    assert "is not stamped" in check("--verify", unstamped, "--roots", strange).stderr
    shutil.copy(other / "manifest.json.tsr", one / "manifest.json.tsr")
    assert "the timestamp is none of manifest.json" in check("--verify", one).stderr


@pytest.mark.parametrize("answer", [b"", b"<html>", b"\x30\x05\x30\x03\x02\x01\x02"])
def test_without_a_stamp_the_evidence_is_kept_and_the_reason_told(
    site: Path, url: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(authority, "answer", answer)
    result = check(site, "--evidence", tmp_path / "bundle", "--timestamp", url)
    assert result.exit_code == 1 and f"{url} gives no timestamp" in result.stderr
    assert check("--verify", tmp_path / "bundle").exit_code == 0
    assert not (tmp_path / "bundle" / "manifest.json.tsr").exists()


def test_an_answer_to_another_request_is_none(
    site: Path, url: str, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(site, "--evidence", tmp_path / "first", "--timestamp", url)
    monkeypatch.setattr(authority, "answer", (tmp_path / "first" / "manifest.json.tsr").read_bytes())
    result = check(site, "--evidence", tmp_path / "second", "--timestamp", url)
    assert "the answer is to another request" in result.stderr
