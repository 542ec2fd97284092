"""Build the site of documentation, with a tree for each language: `make docs`.

Pages link to each other as code forges show them, by the paths of their files. On the site README is the home page,
the two trees are two sites, and what is not in docs/ lies beside the pages. So every link is written anew; one that
leads to nothing that is on the site stops the build, and so does one to a heading that there is not.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from posixpath import relpath

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: What each tree is built by, and where it begins on the site.
TREES = {"en": "", "zh": "zh"}
# What is code, and else where a link leads.
_LINK = re.compile(r"^```.*?^```|`[^`]+`|(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)", re.MULTILINE | re.DOTALL)
# The way to the same page in the other language; the site has it in its head.
_COUNTERPART = re.compile(r"^\[(?:English|简体中文)\]\(([^)]+)\)\n\n", re.MULTILINE)

#: Every page, with its tree and its path there.
PAGES = {
    **{page: ("en", page.name) for page in DOCS.glob("*.md")},
    **{page: ("zh", page.name) for page in (DOCS / "zh").glob("*.md")},
    **{ROOT / f"{name}.md": ("en", f"{name.lower()}.md") for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")},
    ROOT / "README.md": ("en", "index.md"),
    ROOT / "README.zh-CN.md": ("zh", "index.md"),
    DOCS / "index.md": ("en", "contents.md"),
    DOCS / "zh" / "index.md": ("zh", "contents.md"),
}
#: What pages show, or link to, that is no page: in both trees, but for pictures of what is in Chinese.
FILES = {
    **{picture: picture.name for picture in (*DOCS.glob("*.png"), *(DOCS / "zh").glob("*.png"))},
    ROOT / "LICENSE": "license.txt",
    ROOT / "compliance" / "static" / "openapi.json": "openapi.json",
}


def lay_out(folder: Path) -> None:
    """Write into *folder*, which is emptied first, what each tree is built of."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(Path(__file__).parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    for tree in TREES:
        (folder / tree).mkdir()
        for source, name in FILES.items():
            if tree == "zh" or source.parent != DOCS / "zh":
                shutil.copy(source, folder / tree / name)
    for source, (tree, name) in PAGES.items():
        text = _COUNTERPART.sub("", linked(source), count=1)
        (folder / tree / name).write_text(f"---\ncounterpart: {_counterpart(source)}\n---\n\n{text}", encoding="utf-8")


def linked(source: Path) -> str:
    """Return the text of the page *source* with links as they are on the site."""

    def link(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0]
        target = (source.parent / found[1]).resolve()
        if target in FILES:
            return FILES[target]
        if target not in PAGES:
            sys.exit(f"{source.relative_to(ROOT)}: {found[1]} is not on the site; name it in docs/website")
        if PAGES[source][0] == PAGES[target][0]:
            return PAGES[target][1]  # which the builder checks
        return _way(source, target)

    return _LINK.sub(link, source.read_text(encoding="utf-8"))


def _counterpart(source: Path) -> str:
    """Return the way from the page *source* to the same in the other language, else to the home page there."""
    if found := _COUNTERPART.search(source.read_text(encoding="utf-8")):
        return _way(source, (source.parent / found[1]).resolve())
    return _way(source, ROOT / "README.zh-CN.md")  # what is in one language alone is in English


def _way(source: Path, target: Path) -> str:
    """Return the address of the page *target* as seen from the top of the tree that the page *source* is in."""
    tree, name = PAGES[target]
    address = f"{TREES[tree]}/{name.removesuffix('.md').removesuffix('index')}".strip("/") or "."
    return relpath(address, TREES[PAGES[source][0]] or ".") + "/"


def build(folder: Path) -> Path:
    """Build the site in *folder*, and return where it lies."""
    lay_out(folder)
    for tree in TREES:
        builder = [sys.executable, "-m", "zensical", "build", "--strict", "--config-file", f"{tree}.toml"]
        done = subprocess.run(builder, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.exit(done.stdout)
    return folder / "site"


if __name__ == "__main__":
    print(f"The documentation is in {build(Path(sys.argv[1])).resolve()}/index.html.")
