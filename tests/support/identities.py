"""A provider of identities on this machine, as OpenID Connect (Core 1.0) describes one; it can be told to misbehave."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response

from support.services import Service

pytest.importorskip("authlib", reason="the extra oidc is not installed")

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "console", "a secret of the client"
KEY = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})


class Identities(Service):
    """Whoever asks is *claims*; *lies* stand in the place of what is true in the token, and *key* signs it."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "1", "email": "li.ming@example.org", "email_verified": True}
        self.lies: dict[str, Any] = {}
        self.key = KEY
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Flask("identities")
        self.app.add_url_rule("/.well-known/openid-configuration", "describe", self._describe)
        self.app.add_url_rule("/authorize", "authorize", self._authorize)
        self.app.add_url_rule("/token", "token", self._token, methods=["POST"])
        self.app.add_url_rule("/keys", "keys", lambda: jsonify(keys=[KEY.as_dict(private=False)]))

    def _describe(self) -> Response:
        ways = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return jsonify(
            issuer=self.address,
            **{name: f"{self.address}/{path}" for name, path in ways.items()},
            id_token_signing_alg_values_supported=["RS256"],
            response_types_supported=["code"],
        )

    def _authorize(self) -> Response:
        """Let everybody in at once."""
        asked = request.args.to_dict()
        self.asked.append(asked)
        code = f"code{len(self.asked)}"
        self._codes[code] = asked
        return redirect(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    def _token(self) -> Response | tuple[Response, int]:
        sent = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        asked = self._codes.pop(sent.get("code", ""), None)
        client = request.authorization
        if asked is None or client is None or (client.username, client.password) != (CLIENT, SECRET):
            return jsonify(error="invalid_grant"), 400
        now = int(time.time())
        said = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.claims}
        if "max_age" in asked:
            said.setdefault("auth_time", now)
        token = jwt.encode({"alg": "RS256", "kid": "1"}, said | self.lies, self.key)
        return jsonify(access_token="x", token_type="Bearer", expires_in=60, id_token=token)
