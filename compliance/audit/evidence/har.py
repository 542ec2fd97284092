"""What a browser asked and was answered, in the form of browsers' tools (HAR 1.2), so that two runs can be compared.

What passes is taken out and kept beside, what a browser numbers as it goes is numbered anew, and a site that was
served from this machine has its own address.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .passing import steady

#: A moment that HAR demands where ours has none: the moments are kept beside.
_NONE = "1970-01-01T00:00:00.000Z"
_NUMBERED = ("_frameref", "_monotonicTime", "_apiRequest")


def comparable(
    log: Mapping[str, Any], *, renamed: Callable[[str], str]
) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
    """Return *log*, what stands in a HAR under ``log``, without what passes; and that, in the order of the requests.

    *renamed* is called with the text of the log and gives every address its name in the report.
    """
    log = json.loads(renamed(json.dumps(log, ensure_ascii=False)))
    entries = [_entry(one) for one in log["entries"]]
    order = sorted(entries, key=lambda one: json.dumps(one[0], sort_keys=True))
    pages = {page["id"]: f"page_{number}" for number, page in enumerate(log.get("pages", ()), 1)}
    for entry, _ in entries:
        entry["pageref"] = pages.get(entry.get("pageref", ""), "page_1")
    compared = {
        "version": log["version"],
        "creator": log["creator"],
        "browser": log.get("browser", {}),
        "comment": "Times and the values of cookies, which differ from run to run, stand in passing.json.",
        "pages": [
            {"startedDateTime": _NONE, "id": pages[one["id"]], "title": one.get("title", ""), "pageTimings": {}}
            for one in log.get("pages", ())
        ],
        "entries": [entry for entry, _ in order],
    }
    return compared, [passing for _, passing in entries]


def _entry(entry: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    passing: dict[str, Any] = {
        "started": entry["startedDateTime"],
        "milliseconds": entry.get("time", -1),
        "url": entry["request"]["url"],
        "timings": entry.get("timings", {}),
        "cookies": [],
    }
    for name in _NUMBERED:
        entry.pop(name, None)
    for part in (entry["request"], entry.get("response", {})):
        left, times, cookies = steady((one["name"], one["value"]) for one in part.get("headers", ()))
        part["headers"] = [{"name": name, "value": value} for name, value in left]
        part["cookies"] = [{"name": one["name"], "value": "*"} for one in part.get("cookies", ())]
        part["headersSize"] = -1  # of cookies, too, whose values differ
        part.pop("_transferSize", None)
        passing |= times
        passing["cookies"] += cookies
    if entry.get("serverIPAddress", "") in ("127.0.0.1", "[::1]", "::1"):
        entry.pop("_serverPort", None)
    entry |= {"startedDateTime": _NONE, "time": -1, "timings": {"send": -1, "wait": -1, "receive": -1}}
    return entry, passing
