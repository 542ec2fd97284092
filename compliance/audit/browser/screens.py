"""What a reader has before them: a window or a telephone, and the languages that it asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A window of 1280 by 800, or a *telephone*, that asks for pages in *language*, a tag of RFC 5646."""

    language: str = "zh-CN"
    telephone: bool = False

    def profile(self, version: str) -> Mapping[str, Any]:
        """Return the arguments of Playwright's `Browser.new_context`, for a browser of *version*."""
        system = "Linux; Android 10; K" if self.telephone else "X11; Linux x86_64"
        chrome = f"Chrome/{version.partition('.')[0]}.0.0.0{' Mobile' if self.telephone else ''}"
        screen: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 800}}
        if self.telephone:
            size = {"width": 390, "height": 844}
            screen = {"viewport": size, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
        return {
            # As readers have it: consent tools hide from programs.
            "user_agent": f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {chrome} Safari/537.36",
            "locale": self.language,
            "accept_downloads": False,
            **screen,
        }
