from __future__ import annotations

from . import FOLDER, SCENES, draw

FOLDER.mkdir(parents=True, exist_ok=True)
for scene in SCENES:
    (FOLDER / f"{scene.__name__}.svg").write_text(draw(scene), encoding="utf-8")
