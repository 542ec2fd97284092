"""What is kept: tables, migrations, the connection to the database."""

from .database import Database
from .faults import ConflictError, StoreError

__all__ = ["ConflictError", "Database", "StoreError"]
