"""What is kept: tables, migrations, the connection to the database."""

from ..errors import StoreError
from . import staff as staff  # its tables are among the others
from .database import Database
from .faults import ConflictError, RefusedError
from .owner import Owner

__all__ = ["ConflictError", "Database", "Owner", "RefusedError", "StoreError"]
