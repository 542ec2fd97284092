"""The addresses that a site lists in its sitemaps. Source: the protocol of sitemaps.org, version 0.9."""

from __future__ import annotations

import gzip
import io
from collections import deque
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

#: A sitemap has at most so many addresses and bytes (sitemaps.org, "Sitemap index files"); and so many are read.
MOST_ADDRESSES = 50_000
LARGEST = 52_428_800  # bytes
MOST_FILES = 50
_GZIP = b"\x1f\x8b"


def addresses(fetch: Callable[[str], bytes | None], starts: Iterable[str]) -> Iterator[str]:
    """Yield every address of the sitemaps at *starts*, and of those that these list.

    *fetch* returns what is at an address, None where nothing is.
    """
    waiting, known = deque(starts), set(starts)
    for _ in range(MOST_FILES):
        if not waiting:
            return
        content = fetch(waiting.popleft())
        if content is None:
            continue
        for tag, address in _listed(content):
            if tag == "url":
                yield address
            elif address not in known:
                known.add(address)
                waiting.append(address)


def _listed(content: bytes) -> Iterator[tuple[str, str]]:
    """Yield the addresses in a sitemap, each with what lists it, ``url`` or ``sitemap``; a text has one a line."""
    if content[:2] == _GZIP:
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(LARGEST)
        except (OSError, EOFError):
            return
    if content.lstrip()[:1] != b"<":
        for line in content.decode("utf-8", "replace").splitlines()[:MOST_ADDRESSES]:
            if line.strip().startswith(("http://", "https://")):
                yield "url", line.strip()
        return
    count = 0
    try:
        # What is not well-formed is read as far as it goes; nothing outside is fetched.
        steps = etree.iterparse(
            io.BytesIO(content), events=("end",), recover=True, resolve_entities=False, no_network=True, load_dtd=False
        )
        for _, element in steps:
            parent = element.getparent()
            if parent is None or etree.QName(element).localname != "loc":
                continue
            tag = etree.QName(parent).localname
            if tag in ("url", "sitemap") and (address := (element.text or "").strip()):
                count += 1
                yield tag, address
            if count >= MOST_ADDRESSES:
                return
            if tag == "url":
                element.clear()
    except etree.XMLSyntaxError:
        return
