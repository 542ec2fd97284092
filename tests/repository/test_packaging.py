"""What an installation finds: built as a release is, installed where nothing else is."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
from itertools import chain
from pathlib import Path
from zipfile import ZipFile

import pytest
from babel.messages.pofile import read_po
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "constraints.txt"

# A host as small as can be; prints its Chinese page, a starter text and a static file as they left the application.
PROBE = """
from flask import Flask
from compliance import Compliance

app = Flask("host")
app.secret_key = "key"
app.add_url_rule("/", view_func=lambda: "<!doctype html><html lang=zh-CN><title>t</title><body><p>p</body></html>")
settings = {
    "site": {"name": "N", "url": "https://n.example", "operator": "O", "email": "e@n.example", "languages": ["zh_CN"]},
    "licences": {"icp": "渝ICP备20009753号-2"},
    "reporting": {"telephone": "+86-23-67158993"},
}
Compliance(app, settings=settings)
client = app.test_client()
for address in ("/", "/compliance/legal/privacy", "/compliance/static/compliance.css"):
    response = client.get(address)
    assert response.status_code == 200, (address, response.status)
    print(response.text)
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, unpacked too, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("release")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as sdist:
        sdist.extractall(folder, filter="data")
    return folder


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """Run *command* and return what it printed; fail with all of it."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        text=True,
        encoding="utf-8",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def data_files() -> set[str]:
    """What the wheel must carry beside the code, by its path in the wheel."""
    moved = [
        path.relative_to(ROOT) for folder in ("templates", "translations") for path in (ROOT / folder).rglob("*.*")
    ]
    files = {f"compliance/{path}" for path in moved if path.suffix in {".html", ".txt", ".md", ".toml", ".po"}}
    kept = [path.relative_to(ROOT) for path in (ROOT / "compliance").rglob("*.*") if "__pycache__" not in path.parts]
    return files | {path.replace(".po", ".mo") for path in files} | {str(path) for path in kept if path.is_file()}


def test_wheel_carries_all_that_the_package_reads(release: Path):
    names = set(ZipFile(next(release.glob("*.whl"))).namelist())
    assert data_files() - names == set()


def test_wheel_holds_the_package_and_nothing_else(release: Path):
    names = ZipFile(next(release.glob("*.whl"))).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"compliance", "flask_compliance"}


def test_lock_names_versions_alone_of_all_that_tests_install():
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", line)] == []
    locked = {canonicalize_name(line.partition("==")[0]) for line in lines}
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = {name: asked for name, asked in told["project"]["optional-dependencies"].items() if name != "browser"}
    asked = [*told["project"]["dependencies"], *chain.from_iterable(extras.values()), *told["dependency-groups"]["dev"]]
    assert {canonicalize_name(Requirement(one).name) for one in asked} - locked == set()


def install(folder: Path, *what: str | Path) -> Path:
    """Install *what* in the environment in *folder*; return its Python."""
    run(sys.executable, "-m", "pip", "--quiet", "--python", folder, "install", *what)
    return folder / "bin" / "python"


def shows_the_banner_in_chinese(python: Path, folder: Path) -> None:
    shown = run(python, "-I", "-X", "utf8", "-W", "error", "-c", PROBE, cwd=folder)
    with (ROOT / "translations" / "zh_CN" / "LC_MESSAGES" / "compliance.po").open("rb") as source:
        button = read_po(source)["I Agree"].string
    assert button and f">{button}<" in "".join(shown.split())
    assert "I Agree" not in shown


def test_wheel_and_what_it_requires_show_the_banner_in_chinese(release: Path, tmp_path: Path):
    venv.create(tmp_path / "venv", with_pip=False)
    shows_the_banner_in_chinese(
        install(tmp_path / "venv", "--constraint", CONSTRAINTS, next(release.glob("*.whl"))), tmp_path
    )


@pytest.mark.parametrize("way", [(), ("--editable",)], ids=["source", "editable"])
def test_source_shows_the_banner_in_chinese_and_the_package_alone(way: tuple[str, ...], release: Path, tmp_path: Path):
    unpacked = next(path for path in release.iterdir() if path.is_dir())
    venv.create(tmp_path / "venv", with_pip=False)
    # What the package requires, and what builds it, is the business of the tests before; here it is what this one has.
    (site,) = (tmp_path / "venv").glob("lib/*/site-packages")
    (site / "required.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = install(tmp_path / "venv", "--no-deps", "--no-build-isolation", *way, unpacked)
    shows_the_banner_in_chinese(python, tmp_path)
    assert "Usage: flask-compliance " in run(python.with_name("flask-compliance"), "--help", cwd=tmp_path)
    probe = f"""
import compliance, importlib.util
from compliance.paths import TEMPLATES
assert TEMPLATES.is_relative_to({str(unpacked if way else site)!r}), TEMPLATES
for name in ("wsgi", "demo", "tests", "bench", "fuzz", "hatch_build"):
    assert importlib.util.find_spec(name) is None, importlib.util.find_spec(name)
"""
    run(python, "-I", "-W", "error", "-c", probe, cwd=tmp_path)
