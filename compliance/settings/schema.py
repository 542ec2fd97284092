"""The JSON Schema of the settings file, for editors that complete and check TOML.

``python -m compliance.settings.schema`` prints it; what it prints is kept in the package as ``settings.schema.json``.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .records import Settings


def schema() -> dict[str, Any]:
    """Return the schema of the settings file (JSON Schema, draft 2020-12)."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **Settings.model_json_schema()}


if __name__ == "__main__":
    print(json.dumps(schema(), ensure_ascii=False, indent=2))
