"""The drawing in docs/architecture.md is the rule: imports point down its layers."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "compliance"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FILES = sorted(PACKAGE.rglob("*.py"))
MAY_KNOW_FLASK = {"cli", "console", "extension", "host"}
LONGEST = 400

# A line of a drawing that opens with a number holds modules of the layer of that height.
HEIGHT = {
    name: int(height)
    for height, names in re.findall(r"^ ?(\d+) │ (.+?) *│$", PAGE, re.MULTILINE)
    for name in names.split()
}
# Folders with a drawing of their own: their parts, by their heights.
INSIDE = {
    folder: {
        name: int(height)
        for height, names in re.findall(rf"^{HEIGHT[folder]}\.(\d) │ (.+?) *│$", PAGE, re.MULTILINE)
        for name in names.split()
    }
    for folder in ("page",)
}


def module(path: Path) -> str:
    """The module that *path* belongs to: a file, or a folder as a whole."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


@cache
def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """What *path* imports, inside of functions, too."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]


def imported(path: Path) -> Iterator[str]:
    """The modules of the package that *path* imports, as dotted names, those that only a type checker reads among them.

    The package imports its own relatively.
    """
    depth = len(path.relative_to(PACKAGE).parts)
    for node in imports(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.relative_to(PACKAGE).parts[: depth - node.level]
            for target in [node.module] if node.module else [alias.name for alias in node.names]:
                yield ".".join((*folder, target))


def foreign(path: Path) -> Iterator[str]:
    """The packages other than its own that *path* imports."""
    for node in imports(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_module_is_placed():
    assert {module(path) for path in FILES} == set(HEIGHT)


def test_every_module_is_explained():
    cells = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", PAGE, re.MULTILINE)
    explained = {name for cell in cells for name in re.findall(r"\w+", cell)}
    assert set(HEIGHT) <= explained <= set(HEIGHT).union({path.stem for path in FILES}, *INSIDE.values())


def test_imports_point_down():
    assert {name(path): up for path in FILES if (up := upward(path))} == {}


def upward(path: Path) -> set[str]:
    own = module(path)
    others = {target.split(".")[0] for target in imported(path)} - ({own} if path.parent != PACKAGE else set())
    return {target for target in others if HEIGHT[target] >= HEIGHT[own]}


@pytest.mark.parametrize("folder", INSIDE)
def test_every_part_of_a_folder_is_placed_and_explained(folder: str):
    parts = {path.relative_to(PACKAGE).parts[1].removesuffix(".py") for path in FILES if module(path) == folder}
    explained = re.findall(rf"\| part of `{folder}/` .*\n\|---\|---\|\n((?:\|.*\n)+)", PAGE)
    assert parts - {"__init__"} == set(INSIDE[folder]) == set(re.findall(r"^\| `(\w+)`", explained[0], re.MULTILINE))


def test_imports_point_down_inside_a_folder():
    assert {name(path): up for path in FILES if module(path) in INSIDE and (up := upward_inside(path))} == {}


def upward_inside(path: Path) -> set[str]:
    folder, *inner = path.relative_to(PACKAGE).parts
    own, heights = inner[0].removesuffix(".py"), INSIDE[folder]
    others = {target.split(".")[1] for target in imported(path) if target.startswith(f"{folder}.")} - {own}
    return {target for target in others if heights[target] >= heights.get(own, 9)}


def test_the_house_of_a_page_knows_nothing_else_but_the_names_of_hosts():
    assert {target.split(".")[0] for path in FILES if module(path) == "page" for target in imported(path)} <= {
        "page",
        "outside",
    }


def test_no_files_import_each_other_in_a_circle():
    TopologicalSorter({name(path): set(imported(path)) for path in FILES}).prepare()


@pytest.mark.parametrize("path", [path for path in FILES if "__all__" in path.read_text(encoding="utf-8")], ids=name)
def test_every_public_name_exists(path: Path):
    found = import_module(f"compliance.{name(path)}".removesuffix(".__init__"))
    assert [public for public in found.__all__ if not hasattr(found, public)] == []


# Alembic loads a step by its file, as a module of no package.
def test_the_package_imports_itself_relatively():
    files = [path for path in FILES if path.parent.name != "versions"]
    assert [name(path) for path in files if "compliance" in foreign(path)] == []


def test_only_the_edge_knows_flask():
    files = [path for path in FILES if module(path) not in MAY_KNOW_FLASK]
    assert [name(path) for path in files if any(package.startswith("flask") for package in foreign(path))] == []


def test_a_file_can_be_read_in_one_go():
    assert [name(path) for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST] == []


def test_every_file_of_tests_has_a_name_of_its_own():
    """They are collected without packages: of two with one name the second would not run."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []
