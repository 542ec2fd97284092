"""What is kept: tables, migrations, the connection to the database."""

from .database import ConflictError, Database, StoreError

__all__ = ["ConflictError", "Database", "StoreError"]
