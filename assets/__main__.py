"""Build what readers load from the sources beside this file: `make assets`, or `python -m assets FOLDER`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from compliance.assets import BUILT
from compliance.page.codings import packed

SOURCES = Path(__file__).parent
STATIC = SOURCES.parent / "compliance" / "static"
CONSOLE = SOURCES.parent / "compliance" / "console" / "static"
TOOLS = SOURCES.parent / "node_modules" / ".bin"
# A script that stands in a page shares no names with it; what it asks for later is a module.
SCRIPTS = ("compliance.js", "guard.js")
MODULES = (
    "clothes.js",
    "cookies.js",
    "form.js",
    "frames.js",
    "note.js",
    "place.js",
    "release.js",
    "replay.js",
    "restore.js",
)
WIDGET = ("altcha/altcha.min.js", "altcha/pbkdf2.js")  # built by its makers
HTMX = "htmx/htmx.min.js"  # so was this


def build(folder: Path) -> None:
    """Write the minified files into *folder*, and each of them and of the widget's in the codings of browsers."""
    for source in sorted(SOURCES.glob("*.css")):
        write(folder / f"{source.stem}.min.css", run("esbuild", source, "--minify"))
    for name in (*SCRIPTS, *MODULES):
        source, how = SOURCES / name, "iife" if name in SCRIPTS else "esm"
        bundle = run("esbuild", source, "--bundle", f"--format={how}", *(f"--external:./{one}" for one in MODULES))
        effort = ["--mangle", "--compress", "passes=3,pure_getters", *["--module"] * (name in MODULES)]
        write(folder / f"{source.stem}.min.js", run("terser", "--ecma", "2022", *effort, given=bundle))
    for name in WIDGET:
        write(folder / name, (STATIC / name).read_bytes())


def build_console(folder: Path) -> None:
    """Write what the console loads into *folder*, as `build` does what readers load."""
    for source in sorted((SOURCES / "console").glob("*.css")):
        write(folder / f"{source.stem}.min.css", run("esbuild", source, "--minify"))
    for source in sorted((SOURCES / "console").glob("*.js")):
        bundle = run("esbuild", source, "--bundle", "--format=iife")
        write(folder / f"{source.stem}.min.js", run("terser", "--ecma", "2022", "--mangle", "--compress", given=bundle))
    write(folder / HTMX, (CONSOLE / HTMX).read_bytes())


def run(tool: str, *arguments: str | Path, given: bytes | None = None) -> bytes:
    """Return what *tool* prints."""
    return subprocess.run([TOOLS / tool, *arguments], input=given, stdout=subprocess.PIPE, check=True).stdout


def write(path: Path, content: bytes) -> None:
    """Write *content* to *path*, and beside it in each coding that is not made at start."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    for coding, suffix in BUILT.items():
        coded = packed(content, coding)
        assert coded is not None, coding
        path.with_name(path.name + suffix).write_bytes(coded)


if __name__ == "__main__":
    elsewhere = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    build(elsewhere or STATIC)
    build_console(elsewhere / "console" if elsewhere else CONSOLE)
