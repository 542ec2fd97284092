"""Fuzz each target for some minutes: `make fuzz MINUTES=10 ARGS="gate settings"`. Exit status 1 where one fails.

What fails is made as small as it gets, printed, and tried first the next time: `build/fuzz` keeps it.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from time import monotonic

from . import folders, messages, pages, reading, settings, webhooks
from .target import ROOT, Target

TARGETS: dict[str, Target] = {
    target.name: target
    for module in (pages, reading, messages, settings, folders, webhooks)
    for target in module.TARGETS
}


def main() -> int:
    """Fuzz the targets that are named, else all of them; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help=f"any of {', '.join(TARGETS)}")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long each of them is fuzzed")
    given = parser.parse_args()
    if unknown := set(given.targets) - TARGETS.keys():
        parser.error(f"there is no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    logging.disable()
    os.chdir(ROOT)
    failed = False
    for name in given.targets or TARGETS:
        until = monotonic() + 60 * given.minutes
        try:
            count = TARGETS[name].fuzzed(until)
        except Exception:
            failed = True
            print(f"{name}: failed", flush=True)
            traceback.print_exc(limit=-8)
        else:
            print(f"{name}: {count:,} inputs", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
