"""DingTalk, WeCom and Feishu as providers of identities: where people are sent, and who it is that came back.

Each has the authorisation code of OAuth 2.0 (RFC 6749, section 4.1) in a way of its own; what stands here is what they
document (read 2026-11-30).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import urlencode

from ..channels.notices import DeliveryError
from ..channels.posts import Answer, Poster, encoded
from ..errors import ReasonError
from ..staff.provider import Protocol, Provider

_PATIENCE = 10  # seconds that a service has for each answer
_LONGEST = 512  # characters of a code (WeCom), and of an id
_EARLY = 300  # seconds before its end in which a token is used no more


class IdentityError(ReasonError):
    """Nobody is known to have come back.

    *reason*: `away` (the service does not answer), `refused` (it says no, or what cannot be understood), `outside` (who
    came is of another organisation). *code* is what the service calls its refusal; no secret stands in it.
    """

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code[:40]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who somebody is for good: *id* within an *organization*; *name*, where there is one, of an account that waits."""

    organization: str
    id: str
    name: str = ""


class Workplace(ABC):
    """One service; *code* is what its answer calls the code, *challenged* whether it takes PKCE (RFC 7636)."""

    code: ClassVar[str] = "code"
    challenged: ClassVar[bool] = False

    def __init__(self, provider: Provider) -> None:
        self.kind = provider.kind
        self._provider = provider
        self._poster = Poster(allow_private=bool(provider.issuer), timeout=_PATIENCE)

    @abstractmethod
    def leads_to(self, *, back: str, state: str, challenge: str) -> str:
        """Return the address at which the service asks who is there, and from where it leads *back*."""

    @abstractmethod
    def identity(self, code: str, *, back: str, verifier: str) -> Identity:
        """Return whose *code* it is. Raises `IdentityError`."""

    def _at(self, host: str, path: str, **query: str) -> str:
        base = self._provider.issuer.rstrip("/") or f"https://{host}"
        return f"{base}{path}?{urlencode(query)}" if query else f"{base}{path}"

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            return _read(self._poster.get(url, headers))
        except DeliveryError as error:
            raise IdentityError("away", error.reason) from error

    def _post(self, url: str, document: Mapping[str, str]) -> dict[str, Any]:
        try:
            return _read(self._poster.post(url, encoded(document)))
        except DeliveryError as error:
            raise IdentityError("away", error.reason) from error


class DingTalk(Workplace):
    """DingTalk: `obtain-identity-credentials`, `obtain-user-token` and `dingtalk-retrieve-user-information` there."""

    code = "authCode"

    def leads_to(self, *, back: str, state: str, challenge: str) -> str:
        """Ask within the organisation alone; who is of several could choose another."""
        return self._at(
            "login.dingtalk.com",
            "/oauth2/auth",
            client_id=self._provider.client_id,
            redirect_uri=back,
            state=state,
            response_type="code",
            scope="openid corpid",
            prompt="consent",
            corpId=self._provider.organization,
        )

    def identity(self, code: str, *, back: str, verifier: str) -> Identity:
        """Return the union id, which is one person's for all applications of an organisation."""
        asked = {"clientId": self._provider.client_id, "clientSecret": self._provider.client_secret}
        asked |= {"code": code, "grantType": "authorization_code"}
        token = self._post(self._at("api.dingtalk.com", "/v1.0/oauth2/userAccessToken"), asked)
        if token.get("corpId") != self._provider.organization:
            raise IdentityError("outside")
        headers = {"x-acs-dingtalk-access-token": _text(token, "accessToken")}
        found = self._get(self._at("api.dingtalk.com", "/v1.0/contact/users/me"), headers)
        return Identity(organization=self._provider.organization, id=_text(found, "unionId"))


class WeCom(Workplace):
    """WeCom: documents 98152 (the link), 91039 (the token of the application) and 98176 (who it is) there."""

    _REFUSED_TOKEN = frozenset({"40014", "42001"})  # invalid; expired, which may come before its time

    def __init__(self, provider: Provider) -> None:
        super().__init__(provider)
        self._token, self._until = "", 0.0

    def leads_to(self, *, back: str, state: str, challenge: str) -> str:
        """Ask with a code to scan."""
        return self._at(
            "login.work.weixin.qq.com",
            "/wwlogin/sso/login",
            login_type="CorpApp",
            appid=self._provider.client_id,
            agentid=self._provider.agent,
            redirect_uri=back,
            state=state,
        )

    def identity(self, code: str, *, back: str, verifier: str) -> Identity:
        """Return the user id, which an organisation gives once, whatever its letters' case is."""
        try:
            found = self._who(code)
        except IdentityError as error:
            if error.code not in self._REFUSED_TOKEN:
                raise
            self._until = 0.0
            found = self._who(code)
        if "userid" not in found:
            raise IdentityError("outside")
        name = _text(found, "userid").lower()
        return Identity(organization=self._provider.client_id, id=name, name=name)

    def _who(self, code: str) -> dict[str, Any]:
        where = self._at("qyapi.weixin.qq.com", "/cgi-bin/auth/getuserinfo", access_token=self._access(), code=code)
        return self._get(where)

    def _access(self) -> str:
        """Return the token of the application; whoever asks for one too often gets none."""
        if monotonic() > self._until:
            secret = {"corpid": self._provider.client_id, "corpsecret": self._provider.client_secret}
            found = self._get(self._at("qyapi.weixin.qq.com", "/cgi-bin/gettoken", **secret))
            span = found.get("expires_in")
            self._token = _text(found, "access_token")
            self._until = monotonic() + (span - _EARLY if isinstance(span, int) else 0)
        return self._token


class Feishu(Workplace):
    """Feishu: `authen/v1/authorize`, `authen/v2/oauth/token` and `authen/v1/user_info` there."""

    challenged = True

    def leads_to(self, *, back: str, state: str, challenge: str) -> str:
        """Ask with a challenge, so that a code is of no use to who sees it."""
        return self._at(
            "accounts.feishu.cn",
            "/open-apis/authen/v1/authorize",
            client_id=self._provider.client_id,
            response_type="code",
            redirect_uri=back,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def identity(self, code: str, *, back: str, verifier: str) -> Identity:
        """Return the union id; the user id as a name only where the tenant is known that gave it."""
        asked = {"grant_type": "authorization_code", "client_id": self._provider.client_id, "code": code}
        asked |= {"client_secret": self._provider.client_secret, "redirect_uri": back, "code_verifier": verifier}
        token = self._post(self._at("open.feishu.cn", "/open-apis/authen/v2/oauth/token"), asked)
        headers = {"Authorization": f"Bearer {_text(token, 'access_token', longest=8192)}"}
        answer = self._get(self._at("open.feishu.cn", "/open-apis/authen/v1/user_info"), headers)
        found = answer.get("data")
        if not isinstance(found, dict):
            raise IdentityError("refused", "answer")
        tenant, wanted = _text(found, "tenant_key"), self._provider.organization
        if wanted and tenant != wanted:
            raise IdentityError("outside")
        name = _text(found, "user_id").lower() if wanted and found.get("user_id") else ""
        return Identity(organization=tenant, id=_text(found, "union_id"), name=name)


_KINDS: Mapping[Protocol, type[Workplace]] = {
    Protocol.DINGTALK: DingTalk,
    Protocol.WECOM: WeCom,
    Protocol.FEISHU: Feishu,
}


def workplace(provider: Provider) -> Workplace:
    """Return what asks *provider*, which is none with OpenID Connect."""
    return _KINDS[provider.kind](provider)


def _read(answer: Answer) -> dict[str, Any]:
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise IdentityError("away", str(answer.status))
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise IdentityError("refused", "answer")
    code = found.get(
        "errcode", found.get("code")
    )  # WeCom; Feishu and DingTalk, of which the last has none when it is well
    if code not in (0, None) or answer.status != HTTPStatus.OK:
        raise IdentityError("refused", str(code or answer.status))
    return found


def _text(found: Mapping[str, Any], name: str, *, longest: int = _LONGEST * 4) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise IdentityError("refused", name)
    return value
