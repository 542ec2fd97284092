"""What stands around an application, and is asked for what only the application has."""

from __future__ import annotations

from typing import Any


class Around:
    """Stands around *app*: an attribute that it has not is the application's.

    Hosts read attributes of what they wrapped their application in themselves, off whatever stands around it.
    """

    app: object

    def __getattr__(self, name: str) -> Any:
        if name == "app":  # which a copy that is being made does not have yet
            raise AttributeError(name)
        return getattr(self.app, name)
