"""DingTalk, WeCom and Feishu on this machine, as each documents itself; they can be told to misbehave."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode

from flask import Flask, jsonify, redirect, request
from werkzeug.wrappers import Response

from support.services import Service

CLIENT, SECRET, ORGANIZATION, AGENT = "ding0a1b", "a secret of the application", "corp1", "1000002"


class Workplaces(Service):
    """Whoever asks is *person*; *odd* answers, by the path, stand in the place of what is documented."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.odd: dict[str, tuple[Any, int]] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.tokens = 0
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Flask("workplaces")
        self.app.before_request(self._odd)
        ways = {
            ("/oauth2/auth", "GET"): lambda: self._let_in("authCode"),
            ("/v1.0/oauth2/userAccessToken", "POST"): self._dingtalk_token,
            ("/v1.0/contact/users/me", "GET"): self._dingtalk_me,
            ("/wwlogin/sso/login", "GET"): lambda: self._let_in("code"),
            ("/cgi-bin/gettoken", "GET"): self._wecom_token,
            ("/cgi-bin/auth/getuserinfo", "GET"): self._wecom_who,
            ("/open-apis/authen/v1/authorize", "GET"): lambda: self._let_in("code"),
            ("/open-apis/authen/v2/oauth/token", "POST"): self._feishu_token,
            ("/open-apis/authen/v1/user_info", "GET"): self._feishu_info,
        }
        for (path, method), view in ways.items():
            self.app.add_url_rule(path, path, view, methods=[method])

    def be(self, **person: Any) -> None:
        """Let *person* ask, and misbehave in nothing."""
        self.person, self.odd, self.asked = person, {}, []

    def _odd(self) -> Response | None:
        sent = request.get_json() if request.method == "POST" else request.args.to_dict()
        self.asked.append((request.path, sent))
        if request.path not in self.odd:
            return None
        body, status = self.odd[request.path]
        return Response(body, status) if isinstance(body, str | bytes) else self._said(body, status)

    def _said(self, body: dict[str, Any], status: int = 200) -> Response:
        answer = jsonify(body)
        answer.status_code = status
        return answer

    def _let_in(self, name: str) -> Response:
        """Send everybody back at once."""
        asked = request.args.to_dict()
        code = f"code{len(self._codes)}"
        self._codes[code] = asked
        return redirect(f"{asked['redirect_uri']}?{urlencode({name: code, 'state': asked['state']})}")

    def _dingtalk_token(self) -> Response:
        sent = request.get_json()
        asked = self._codes.pop(sent["code"], None)
        if asked is None or (sent["clientId"], sent["clientSecret"]) != (CLIENT, SECRET):
            return self._said({"code": "invalidParameter.authCode.notFound", "message": "不存在的临时授权码"}, 400)
        assert (asked["scope"], asked["response_type"], asked["prompt"]) == ("openid corpid", "code", "consent")
        assert sent["grantType"] == "authorization_code"
        return self._said(
            {"accessToken": "abcd", "refreshToken": "x", "expireIn": 7200, "corpId": self.person["corpId"]}
        )

    def _dingtalk_me(self) -> Response:
        if request.headers.get("x-acs-dingtalk-access-token") != "abcd":
            return self._said({"code": "InvalidAuthentication", "message": "不合法的access_token"}, 400)
        return self._said({"nick": "李明", "openId": "o", "unionId": self.person["unionId"], "stateCode": "86"})

    def _wecom_token(self) -> Response:
        if (request.args["corpid"], request.args["corpsecret"]) != (CLIENT, SECRET):
            return self._said({"errcode": 40001, "errmsg": "invalid credential"})
        self.tokens += 1
        return self._said({"errcode": 0, "errmsg": "ok", "access_token": f"token{self.tokens}", "expires_in": 7200})

    def _wecom_who(self) -> Response:
        if request.args["access_token"] != f"token{self.tokens}":
            return self._said({"errcode": 42001, "errmsg": "access_token expired"})
        asked = self._codes.pop(request.args["code"], None)
        if asked is None:
            return self._said({"errcode": 40029, "errmsg": "invalid code"})
        assert (asked["login_type"], asked["appid"], asked["agentid"]) == ("CorpApp", CLIENT, AGENT)
        return self._said({"errcode": 0, "errmsg": "ok", **self.person})

    def _feishu_token(self) -> Response:
        sent = request.get_json()
        asked = self._codes.pop(sent["code"], None)
        if asked is None:
            described = (
                "The authorization code is not found. Please note that an authorization code can only be used once."
            )
            return self._said({"code": 20003, "error": "invalid_grant", "error_description": described}, 400)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return self._said({"code": 20049, "error": "invalid_grant", "error_description": "PKCE failed."}, 400)
        if (sent["client_id"], sent["client_secret"]) != (CLIENT, SECRET):
            return self._said({"code": 20002, "error": "invalid_client", "error_description": "wrong secret"}, 400)
        assert sent["redirect_uri"] == asked["redirect_uri"] and asked["code_challenge_method"] == "S256"
        return self._said({"code": 0, "access_token": "e" * 2000, "expires_in": 7200, "token_type": "Bearer"})

    def _feishu_info(self) -> Response:
        if request.headers.get("Authorization") != "Bearer " + "e" * 2000:
            return self._said({"code": 20005, "msg": "The user access token passed is invalid"}, 401)
        return self._said({"code": 0, "msg": "success", "data": {"name": "李明", "open_id": "ou_1", **self.person}})
