"""Pages as readers' browsers show them: what loads and is kept before a decision, after a yes and after a no."""

from .camera import Camera
from .chromium import BrowserError, Windows
from .reading import VisitError
from .screens import Screen
from .steps import Step, StepsError
from .steps import read as read_steps
from .visits import Browser, Visit
from .witness import Witness

__all__ = [
    "Browser",
    "BrowserError",
    "Camera",
    "Screen",
    "Step",
    "StepsError",
    "Visit",
    "VisitError",
    "Windows",
    "Witness",
    "read_steps",
]
