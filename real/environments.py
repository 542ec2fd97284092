"""An environment for each application, with the versions that its file names: `build/real/NAME/env`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / "build" / "real"
LOCKS = Path(__file__).parent


def prepare(name: str) -> Path:
    """Return the Python of the environment of *name*, installed first where its file has changed since."""
    lock, folder = LOCKS / f"{name}.txt", ENVIRONMENTS / name / "env"
    python, ready = folder / "bin" / "python", folder / "ready.txt"
    if ready.is_file() and ready.read_bytes() == lock.read_bytes():
        return python
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", folder, "--requirement", lock], check=True)
    ready.write_bytes(lock.read_bytes())
    return python
