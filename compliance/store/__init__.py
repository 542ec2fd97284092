"""What is kept: tables, migrations, the connection to the database."""

from ..errors import StoreError
from .database import Database
from .faults import ConflictError

__all__ = ["ConflictError", "Database", "StoreError"]
