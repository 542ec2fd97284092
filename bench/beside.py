"""`check --browser` beside public tools for the same job: `make bench-audit`. Exit status 1 where a goal is missed.

Everybody opens the same pages in the same Chromium. Whatever another names, we have to name; what we do not is listed.
TOOLS="lighthouse pa11y" asks these alone, PAGES=1 for one page of each site.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from compliance.audit.browser.barriers import OURS
from compliance.audit.browser.chromium import NAMES
from compliance.audit.browser.traffic import plain
from compliance.outside.hosts import host_of

from .browsing import GOAL, MEMORY_GOAL, PROCESSORS
from .processes import Run, module, run
from .sites import PACKAGES, Site, sites
from .table import Row, print_table, print_verdict

#: Those that npm has, by their package. Why others are not here is said at the end.
TOOLS = {
    "blacklight": "@themarkup/blacklight-collector",
    "gdpr-cookie-scanner": "@slashgear/gdpr-cookie-scanner",
    "lighthouse": "lighthouse",
    "pa11y": "pa11y",
}
ABSENT = {"website-evidence-collector": "is in no package registry, only in a repository of its own"}
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), "")
KINDS = ("hosts", "cookies", "acts", "barriers")
_LONGEST = 120  # seconds that a tool has for a page
_OWN = ("127.0.0.1", "localhost")


@dataclass(slots=True)
class Named:
    """What somebody names on a site, by kind."""

    hosts: set[str] = field(default_factory=set)
    cookies: set[str] = field(default_factory=set)
    acts: set[str] = field(default_factory=set)
    barriers: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


def rows() -> Iterator[Row]:
    """Yield how many pages everybody opens in a minute, in how much memory, and what they name that we do not."""
    asked = os.environ.get("TOOLS", " ".join(TOOLS)).split()
    count = int(os.environ.get("PAGES", "0")) or None
    listed: list[str] = []
    with sites() as found, TemporaryDirectory() as folder:
        for site in found:
            pages = site.pages[:count]
            yield _speed(site, "check", pages, _check(pages, Path(folder, "addresses"), ()))
            browser = ("--browser", "--open", str(len(pages)), *(f"--browser-argument={one}" for one in site.arguments))
            done = _check(pages, Path(folder, "addresses"), browser)
            ours = _ours(json.loads(done.printed))
            yield _speed(site, "check --browser", pages, done, goal=GOAL)
            yield _memory(site, "check --browser", done, goal=MEMORY_GOAL)
            for tool in asked:
                done = _ask(tool, site, pages)
                yield _speed(site, tool, pages, done)
                yield _memory(site, tool, done)
                theirs = _theirs(done.printed)
                for error in theirs.errors:
                    print(f"{tool} on {site.name}: {error}")
                for kind in KINDS:
                    named, known = getattr(theirs, kind), getattr(ours, kind)
                    if not named:
                        continue
                    alarms = {one for one in named if kind == "acts" and host_of(one.split()[1]) in site.innocent}
                    rest = named - known - alarms
                    listed += [f"{site.name}, {tool}: {kind} {one}" for one in sorted(rest)]
                    listed += [f"{site.name}, {tool}: false alarm, {one}" for one in sorted(alarms)]
                    yield Row(
                        page=site.name,
                        subject=f"{tool}: {kind} that we do not name",
                        measured=f"{len(named - alarms)}, ours {len(known)}",
                        share=len(rest),
                        goal=0,
                    )
    for line in listed:
        print(line)


def _speed(site: Site, name: str, pages: Sequence[str], done: Run, goal: float | None = None) -> Row:
    rate = 60 * PROCESSORS * len(pages) / done.processors
    measured = f"{60 * len(pages) / done.seconds:.0f}/min"
    return Row(page=site.name, subject=f"{name}, pages", measured=measured, share=rate, goal=goal, at_least=True)


def _memory(site: Site, name: str, done: Run, goal: float | None = None) -> Row:
    return Row(
        page=site.name, subject=f"{name}, memory", measured=f"{done.memory:.0f} MB", share=done.memory, goal=goal
    )


def _check(pages: Sequence[str], addresses: Path, options: Sequence[str]) -> Run:
    addresses.write_text("\n".join(pages), encoding="utf-8")
    general = ("--urls", str(addresses), "--format", "json", "--delay", "0", "--language", "en")
    done = run(module("compliance", "check", pages[0], *general, *options))
    if done.status not in (0, 1):
        raise RuntimeError(done.complaints)
    return done


def _ask(tool: str, site: Site, pages: Sequence[str]) -> Run:
    given = json.dumps({"program": CHROMIUM, "args": site.arguments})
    driver = str(Path(__file__).with_name("others.mjs"))
    return run(["node", driver, tool, given, *pages], timeout=_LONGEST * len(pages))


def _ours(report: Mapping[str, Any]) -> Named:
    named = Named()
    named.hosts = {one["host"] for one in report["recipients"]}
    named.cookies = {one["name"] for one in report["stored"]}
    named.acts = {f"{one['act']} {one[key]}" for one in report["behaviours"] for key in ("script", "to")}
    told = {one["id"] for one in report["findings"]}
    named.barriers = {id_ for id_, rule in OURS.items() if rule in told}
    named.barriers |= {one["remedy"].rpartition("/")[2] for one in report["findings"] if one["id"] == "C710"}
    return named


def _theirs(printed: str) -> Named:
    named = Named()
    for line in printed.splitlines():
        page = json.loads(line)
        if "error" in page:
            named.errors.append(f"{page['page']}: {page['error']}")
            continue
        named.hosts |= {one for one in page.get("hosts", ()) if one and one not in _OWN}
        named.cookies |= set(page.get("cookies", ()))
        named.acts |= {f"{act} {plain(one)}" for act, found in page.get("acts", {}).items() for one in found}
        named.barriers |= set(page.get("barriers", ()))
    return named


if __name__ == "__main__":
    begun = time.monotonic()
    judged = print_table("Beside other tools", "a minute by processors; MB", rows())
    for name, package in TOOLS.items():
        version = json.loads((PACKAGES / package / "package.json").read_text(encoding="utf-8"))["version"]
        print(f"{name} {version}")
    for name, reason in ABSENT.items():
        print(f"{name}: {reason}")
    sys.exit(not print_verdict(judged, time.monotonic() - begun))
