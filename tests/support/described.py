"""A site held to its description: what Schemathesis makes up of that is sent, and the answers are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask
from hypothesis import HealthCheck, settings

# What it makes up takes seconds, and so does its import: only where it is tried, not where tests are collected.
if TYPE_CHECKING:
    from schemathesis import Case
    from schemathesis.specs.openapi.schemas import OpenApiSchema as Schema
else:
    Schema = Any


def load(app: Flask, described: dict[str, Any] | None = None) -> Schema:
    """Return the description that *app* gives of itself, or *described* in its place."""
    import schemathesis

    if described is None:
        schema = schemathesis.openapi.from_wsgi("/compliance/openapi.json", app)
    else:
        schema = schemathesis.openapi.from_dict(described)
        schema.app = app
    schema.config.update(base_url="http://localhost/compliance")
    return schema


def try_out(schema: Schema, method: str, path: str, accepted: str, *, number: int) -> None:
    """Send to an operation the examples of *schema* and, where *number* is not 0, its limits and *number* made up."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
    from schemathesis.specs.openapi import checks

    kept = [
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_headers_conformance,
        checks.response_schema_conformance,
        checks.unsupported_method,
    ]

    @settings(max_examples=max(number, 1), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    def send(case: Case) -> None:
        # What is packed comes to the checks as it is.
        case.call_and_validate(headers={"Accept": accepted, "Accept-Encoding": "identity"}, checks=kept)

    modes = list(HypothesisTestMode) if number else [HypothesisTestMode.EXAMPLES]
    test = create_test(
        operation=schema[path][method], test_func=send, config=HypothesisTestConfig(project=schema.config, modes=modes)
    )
    test()
