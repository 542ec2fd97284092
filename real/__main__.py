"""Compare applications without and with us: `python -m real [NAME …]`; exit status 1 where anything differs."""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

from real.applications import APPLICATIONS
from real.comparison import differences


def main(names: list[str]) -> int:
    known = {application.name for application in APPLICATIONS}
    if unknown := set(names) - known:
        sys.exit(f"not known: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for application in APPLICATIONS:
            if names and application.name not in names:
                continue
            try:
                found = differences(browser, application)
            except Exception as error:
                found = [f"{type(error).__name__}: {error}"]
            print(f"{application.name}: {'the same' if not found else ''}", *found, sep="\n    ", flush=True)
            failed |= bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
