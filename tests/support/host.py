"""A host application and the settings of the model page, before anything of ours is put onto it."""

from __future__ import annotations

import atexit
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from flask import Flask

#: The checkout.
ROOT = Path(__file__).resolve().parents[2]

SETTINGS: dict[str, Any] = {
    "site": {
        "name": "iChongqing",
        "url": "https://www.ichongqing.info",
        "operator": "Chongqing International Communication Center",
        "slogan": {"en": "New Era, New Journey, New Chongqing", "zh_CN": "新时代 新征程 新重庆"},
        "email": "service@ichongqing.info",
        "languages": ["en", "zh_CN"],
    },
    "licences": {"icp": "渝ICP备20009753号-2", "news": "50120220004"},
    "reporting": {"telephone": "+86-23-67158993", "national_centre": True},
    "consent": {"mode": "notice"},
}
PAGE = "<!doctype html><html lang={lang}><title>News</title><body><h1>News</h1></body></html>"

# What an application keeps lies in a folder of its own, which goes with the process.
_INSTANCES = TemporaryDirectory(prefix="compliance-", ignore_cleanup_errors=True)
atexit.register(_INSTANCES.cleanup)


def create_app(**config: Any) -> Flask:
    """A host with a page in English at `/`, one in Chinese at `/zh`, and nothing of ours."""
    # A folder of its own: the checkout's templates are not the host's.
    app = Flask("host", root_path=str(ROOT / "tests"), instance_path=mkdtemp(dir=_INSTANCES.name))
    app.config.update(SECRET_KEY="key", TESTING=True, **config)
    app.add_url_rule("/", "home", lambda: PAGE.format(lang="en"))
    app.add_url_rule("/zh", "chinese", lambda: PAGE.format(lang="zh-CN"))
    return app
