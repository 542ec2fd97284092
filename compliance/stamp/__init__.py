"""A folder of static pages, stamped: every page as the middleware would send it, every other file as it is.

What was done is noted in the folder itself: only what changed is done again, and a run that was broken off goes on
where it was. A file is whole at every moment: it is written beside and put in its place.
"""

from __future__ import annotations

from .folder import Folder
from .press import Press
from .records import Did, FolderError, Outcome

__all__ = ["Did", "Folder", "FolderError", "Outcome", "Press"]
