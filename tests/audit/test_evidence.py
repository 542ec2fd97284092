"""Evidence: what is kept of a site, and that others can make sure of it without us."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from test_audit_crawl import serving

from compliance.audit.evidence import verify
from compliance.audit.evidence.signatures import signer
from compliance.cli import compliance

pytestmark = pytest.mark.slow

PAGES = {
    "index.html": '<!doctype html><meta charset="utf-8"><title>新闻</title><a href="about.html">关于</a>',
    "about.html": "<!doctype html><meta charset=utf-8><title>关于</title><p>张三 13912345678 zhang@example.cn</p>",
}


def check(*arguments: object) -> Result:
    return CliRunner().invoke(compliance, ["check", *map(str, arguments)], catch_exceptions=False)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator's key, as OpenSSH makes it."""
    path = tmp_path_factory.mktemp("key") / "evidence"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    for name, text in PAGES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def bundle(site: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("evidence") / "bundle"
    result = check(site, "--evidence", path, "--key", key)
    assert (result.exit_code, result.stderr) == (1, "")
    return path


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def test_others_verify_it_without_us(bundle: Path, key: Path, tmp_path: Path) -> None:
    signers = tmp_path / "signers"
    signers.write_text(f"operator {key.with_suffix('.pub').read_text()}")
    sums = subprocess.run(
        ["sha256sum", "--strict", "--check", "SHA256SUMS"], cwd=bundle, capture_output=True, text=True
    )
    assert sums.returncode == 0, sums.stderr
    listed = {line.split("  ", 1)[1] for line in (bundle / "SHA256SUMS").read_text().splitlines()}
    there = {path.relative_to(bundle).as_posix() for path in files(bundle)}
    assert there == listed | {"SHA256SUMS", "SHA256SUMS.sig"}
    signature = ["-I", "operator", "-n", "flask-compliance", "-s", bundle / "SHA256SUMS.sig"]
    done = subprocess.run(
        ["ssh-keygen", "-Y", "verify", "-f", signers, *signature],
        input=(bundle / "SHA256SUMS").read_bytes(), capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_it_tells_others_how_in_the_language_of_the_report(site: Path, bundle: Path, tmp_path: Path) -> None:
    check(site, "--evidence", tmp_path / "chinese", "--language", "zh_CN")
    for folder, word in ((bundle, "Without this program"), (tmp_path / "chinese", "不用本程序")):
        told = (folder / "README.txt").read_text("utf-8")
        assert word in told and "sha256sum --check SHA256SUMS" in told and "openssl ts -verify" in told


def test_command_verifies_it_and_names_the_key(bundle: Path, key: Path) -> None:
    result = check("--verify", bundle, "--key", f"{key}.pub")
    printed = subprocess.run(["ssh-keygen", "-l", "-f", key], capture_output=True, text=True, check=True).stdout
    assert result.exit_code == 0, result.output
    assert printed.split()[1] in result.stdout


def test_a_signature_of_openssh_counts_as_ours(copy: Path, key: Path) -> None:
    (copy / "SHA256SUMS.sig").unlink()
    sign = ["ssh-keygen", "-q", "-Y", "sign", "-n", "flask-compliance", "-f", key, copy / "SHA256SUMS"]
    subprocess.run(sign, check=True, capture_output=True)
    assert check("--verify", copy, "--key", f"{key}.pub").exit_code == 0


def test_one_flipped_bit_is_found_wherever_it_is(copy: Path) -> None:
    for path in files(copy):
        content = path.read_bytes()
        for place in {0, len(content) // 3, len(content) // 2, len(content) - 1} & set(range(len(content))):
            for bit in (0, 5):
                changed = bytearray(content)
                changed[place] ^= 1 << bit
                path.write_bytes(changed)
                assert verify(copy).problems, (path, place, bit)
        path.write_bytes(content)
    assert not verify(copy).problems


@pytest.mark.parametrize("change", ["added", "missing", "linked", "unsigned", "strange"])
def test_what_was_done_to_it_is_named(copy: Path, key: Path, tmp_path: Path, change: str) -> None:
    public, page = Path(f"{key}.pub"), next(copy.rglob("*.html"))
    if change == "added":
        (copy / "more.txt").write_text("more")
    elif change == "missing":
        page.unlink()
    elif change == "linked":
        page.rename(tmp_path / "page")
        page.symlink_to(tmp_path / "page")
    elif change == "unsigned":
        (copy / "SHA256SUMS.sig").unlink()
    else:
        public = tmp_path / "other.pub"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"], check=True)
    result = check("--verify", copy, "--key", public)
    told = {
        "added": "more.txt is not on the list",
        "missing": f"{page.relative_to(copy).as_posix()} is missing",
        "linked": "is a link, no file",
        "unsigned": "the evidence is not signed",
        "strange": "signed with another key",
    }[change]
    assert result.exit_code == 1 and told in result.stderr


@given(st.binary(max_size=400))
def test_what_is_no_signature_is_told_and_raises_nothing(bundle: Path, content: bytes) -> None:
    sums = (bundle / "SHA256SUMS").read_bytes()
    armoured = b"-----BEGIN SSH SIGNATURE-----\n" + base64.encodebytes(content) + b"-----END SSH SIGNATURE-----\n"
    signature = (bundle / "SHA256SUMS.sig").read_bytes()
    blob = base64.b64decode(b"".join(signature.splitlines()[1:-1]))
    cut = base64.b64encode(blob[: len(content)] + content)
    lines = b"".join(cut[at : at + 70] + b"\n" for at in range(0, len(cut), 70))
    whole = b"-----BEGIN SSH SIGNATURE-----\n" + lines + b"-----END SSH SIGNATURE-----\n"
    assert signer(sums, content) is signer(sums, armoured) is None
    assert signer(sums, whole) in (None, signer(sums, signature)) and signer(sums, signature) is not None


def test_names_of_files_are_not_obeyed_by_a_terminal(copy: Path) -> None:
    (copy / "\x1b[2J\u202e.txt").write_text("")
    told = check("--verify", copy).stderr
    assert "is not on the list" in told and "\x1b" not in told and "\u202e" not in told


def test_an_archive_holds_the_same_and_every_bit_of_it_counts(site: Path, key: Path, tmp_path: Path) -> None:
    archive = tmp_path / "evidence.zip"
    assert check(site, "--evidence", archive, "--key", key).exit_code == 1
    assert archive.stat().st_mode & 0o077 == 0
    assert check("--verify", archive, "--key", f"{key}.pub").exit_code == 0
    content = archive.read_bytes()
    for place in range(0, len(content), max(1, len(content) // 200)):
        changed = bytearray(content)
        changed[place] ^= 4
        archive.write_bytes(changed)
        assert check("--verify", archive).exit_code in (1, 2), place
    archive.write_bytes(content)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert check("--verify", tmp_path / "unpacked", "--key", f"{key}.pub").exit_code == 0


def test_two_runs_differ_only_in_what_changed(site: Path, bundle: Path, tmp_path: Path) -> None:
    check(site, "--evidence", tmp_path / "again")
    (changed := site / "about.html").write_text(PAGES["about.html"].replace("关于", "关于我们"), "utf-8")
    check(site, "--evidence", tmp_path / "changed")
    changed.write_text(PAGES["about.html"], "utf-8")

    def content(folder: Path) -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files(folder)}

    def different(one: dict[str, bytes], other: dict[str, bytes]) -> set[str]:
        names = {name for name in one | other if one.get(name) != other.get(name)}
        return names - {"manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "report.html", "report.json"}

    first, again, later = content(bundle), content(tmp_path / "again"), content(tmp_path / "changed")
    assert different(first, again) == set()
    reports = [json.loads(one["report.json"]) | {"time": ""} for one in (first, again)]
    assert reports[0] == reports[1]
    folder = json.loads(first["manifest.json"])["targets"][0]["folder"]
    (page,) = (name for name in different(again, later) if "/pages/" in name)
    assert different(again, later) == {page, f"{folder}/pages.json"} and "about" in page


def test_a_site_that_fails_is_named_beside_what_proves_the_others(site: Path, tmp_path: Path) -> None:
    """One that is gone tonight takes nothing from the rest of a group."""
    gone = tmp_path / "gone"
    result = check(gone, site, "--evidence", tmp_path / "bundle", "--format", "json")
    assert result.exit_code == 2 and str(gone) in result.stderr
    assert verify(tmp_path / "bundle").problems == ()
    targets = json.loads((tmp_path / "bundle" / "manifest.json").read_text("utf-8"))["targets"]
    assert [one["target"] for one in targets] == [str(gone), str(site)]
    assert targets[0]["failed"] in result.stderr and "failed" not in targets[1]
    assert (tmp_path / "bundle" / targets[1]["folder"] / "pages.json").stat().st_size > 9
    assert targets[0]["failed"] in (tmp_path / "bundle" / "report.html").read_text("utf-8")


def test_manifest_says_what_it_was_made_with(bundle: Path, site: Path) -> None:
    told = json.loads((bundle / "manifest.json").read_text())
    assert told["tool"]["name"] == "flask-compliance" and told["personal_data"] == "keep"
    assert told["started"] < told["ended"] and len(told["rules"]) == len(told["trackers"]) == 64
    assert [one["target"] for one in told["targets"]] == [str(site)]
    pages = json.loads((bundle / told["targets"][0]["folder"] / "pages.json").read_text())
    for page in pages:
        content = (bundle / told["targets"][0]["folder"] / page["content"]).read_bytes()
        assert content == (site / page["url"]).read_bytes()
    assert [page["url"] for page in pages] == ["about.html", "index.html"]


@pytest.mark.parametrize("personal", ["keep", "blur"])
def test_every_answer_of_a_server_is_kept_with_its_headers(tmp_path: Path, personal: str) -> None:
    pages = {
        "/": "<title>News</title><a href=/old>old</a>",
        "/old": (302, {"Location": "/new", "Set-Cookie": "a=secret; Path=/"}, b""),
        "/new": (200, {"Content-Type": "text/html", "Date": "Mon, 30 Nov 2026 00:00:00 GMT"}, b"<title>New</title>"),
    }
    with serving(pages) as (url, _):
        check(url, "--evidence", tmp_path / "bundle", "--personal-data", personal, "--delay", "0")
    (target,) = json.loads((tmp_path / "bundle" / "manifest.json").read_text())["targets"]
    folder = tmp_path / "bundle" / target["folder"]
    kept = {page["url"].removeprefix(url): page for page in json.loads((folder / "pages.json").read_text())}
    assert {path: page["status"] for path, page in kept.items()} == {"/": 200, "/old": 302, "/new": 200}
    headers = (folder / kept["/old"]["headers"]).read_text()
    assert headers.startswith("302\n") and "Location: /new" in headers and "Date:" not in headers
    assert "a=*; Path=/" in headers
    kept_beside = (folder / "passing.json").read_text()
    assert ("a=secret; Path=/" in kept_beside) is (personal == "keep")
    times = {one["url"].removeprefix(url): one for one in json.loads((folder / "passing.json").read_text())}
    assert times.keys() == kept.keys() and "30 Nov 2026" in times["/new"]["date"]
    # Two of three answers have the server's true time, which is this machine's own.
    assert abs(target["clock"]["offset_seconds"]) <= 2 and target["clock"]["answers"] == 3


@pytest.mark.parametrize("personal", ["blur", "omit"])
def test_personal_data_is_covered_or_left_out(site: Path, tmp_path: Path, personal: str) -> None:
    assert check(site, "--evidence", tmp_path / "bundle", "--personal-data", personal).exit_code == 1
    kept = b"".join(path.read_bytes() for path in files(tmp_path / "bundle") if "pages" in path.parts)
    assert b"13912345678" not in kept and b"zhang@example.cn" not in kept
    assert ("张三".encode() in kept) is (personal == "blur")
    assert verify(tmp_path / "bundle").problems == ()


@pytest.mark.parametrize("kind", ["rsa", "passphrase", "none", "missing"])
def test_a_key_that_cannot_sign_is_told_before_anything_is_read(site: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key"
    made = {"rsa": ["-t", "rsa", "-N", ""], "passphrase": ["-t", "ed25519", "-N", "secret"]}.get(kind)
    if made:
        subprocess.run(["ssh-keygen", "-q", *made, "-f", path], check=True)
    elif kind == "none":
        path.write_text("no key")
    result = check(site, "--evidence", tmp_path / "bundle", "--key", path)
    assert result.exit_code == 2 and str(path) in result.stderr and not (tmp_path / "bundle").exists()
    assert ("ssh-keygen" in result.stderr) is (kind != "missing")


def test_what_is_there_is_never_written_over(site: Path, bundle: Path) -> None:
    before = (bundle / "manifest.json").read_bytes()
    assert check(site, "--evidence", bundle).exit_code == 2
    assert (bundle / "manifest.json").read_bytes() == before
    assert check("--verify", site).exit_code == 2
    assert check(site, "--key", bundle).exit_code == 2
