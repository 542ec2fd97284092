"""What a screen reader says of a part of a page: Guidepup's virtual one, which reads the accessibility of the DOM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

MODULE = Path(__file__).resolve().parents[2] / "node_modules/@guidepup/virtual-screen-reader/lib/esm/index.browser.js"
_LOAD = """async source => {
    globalThis.voice = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
}"""
# What is in a <noscript> is text to scripts, and nothing to readers who have them.
_HEAR = """async container => {
    container.querySelectorAll("noscript").forEach(node => node.remove());
    const { virtual } = globalThis.voice;
    await virtual.start({ container });
    const first = await virtual.lastSpokenPhrase();
    do await virtual.next(); while (await virtual.lastSpokenPhrase() !== first);
    const said = await virtual.spokenPhraseLog();
    await virtual.stop();
    return said.slice(0, -1);
}"""


def hear(place: Any) -> list[str]:
    """Return what is said from the start of *place*, a locator, to its end."""
    if not MODULE.is_file():
        pytest.skip("the virtual screen reader is not installed (npm ci)")
    element = place.element_handle()
    frame = element.owner_frame()
    if not frame.evaluate("!!globalThis.voice"):
        frame.evaluate(_LOAD, MODULE.read_text(encoding="utf-8"))
    return [phrase for phrase in element.evaluate(_HEAR) if phrase]
