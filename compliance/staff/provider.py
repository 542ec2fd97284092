"""Where identities lie that are not the console's own."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from ..errors import ComplianceError, Message, said


class Protocol(StrEnum):
    """How a provider is asked who somebody is."""

    OIDC = "oidc"
    DINGTALK = "dingtalk"
    WECOM = "wecom"
    FEISHU = "feishu"


#: What must be known of each kind, beside the name.
_NEEDED = {
    Protocol.OIDC: ("issuer", "client_id", "client_secret"),
    Protocol.DINGTALK: ("client_id", "client_secret", "organization"),
    Protocol.WECOM: ("client_id", "client_secret", "agent"),
    Protocol.FEISHU: ("client_id", "client_secret"),
}


class ProviderError(ComplianceError):
    """A provider that cannot be asked, as it is described."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of identities: one with OpenID Connect, such as Keycloak, Authing or Microsoft Entra, or another kind.

    Args:
        kind: `oidc`, `dingtalk`, `wecom` or `feishu`.
        issuer: its address, below which `/.well-known/openid-configuration` lies; of the other kinds what stands in for
            their own hosts, else empty.
        client_id: what it knows the console by, with the *client_secret*: the AppKey or Client ID of DingTalk, the
            CorpID of WeCom, the App ID of Feishu, with the secret of the application there.
        name: what people call it.
        claim: with OpenID Connect what of an identity is the name of an account: `email`, where the provider has
            verified it, or `preferred_username`.
        organization: whose people are let in: the CorpId of DingTalk, the tenant key of Feishu.
        agent: the AgentID of the application in WeCom.

    Raises `ProviderError` where something is missing.

    .. versionadded:: 0.1
    """

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    kind: Protocol = Protocol.OIDC
    issuer: str = ""
    claim: str = "email"
    organization: str = ""
    agent: str = ""

    def __post_init__(self) -> None:
        """Take the *kind* as it is typed, and see that nothing is missing."""
        kinds = ", ".join(Protocol)
        if self.kind not in set(Protocol):
            raise ProviderError(Message("kind is %(value)s; give one of %(kinds)s", value=repr(self.kind), kinds=kinds))
        object.__setattr__(self, "kind", Protocol(self.kind))
        if missing := [name for name in ("name", *_NEEDED[self.kind]) if not getattr(self, name)]:
            names = ", ".join(missing)
            raise ProviderError(Message("a provider of the kind %(kind)s needs %(names)s", kind=self.kind, names=names))

    @property
    def proves(self) -> bool:
        """Whether it tells when it last asked somebody who they are, so that nothing needs to be asked here."""
        return self.kind is Protocol.OIDC


def read(path: Path) -> Provider:
    """Return the provider that the TOML file *path* describes, by the names of `Provider`. Raises `ProviderError`."""
    known = {one.name for one in fields(Provider)}
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProviderError(Message("%(path)s cannot be read: %(what)s", path=path, what=str(error))) from error
    if strange := [name for name, value in found.items() if name not in known or not isinstance(value, str)]:
        names, all_known = ", ".join(strange), ", ".join(sorted(known))
        raise ProviderError(
            Message(
                "%(path)s: %(names)s cannot be used; what is known are texts called %(known)s",
                path=path,
                names=names,
                known=all_known,
            )
        )
    if missing := [name for name in ("name", "client_id", "client_secret") if name not in found]:
        raise ProviderError(Message("%(path)s has no %(names)s", path=path, names=", ".join(missing)))
    try:
        return Provider(**found)
    except ProviderError as error:
        raise ProviderError(Message("%(path)s: %(what)s", path=path, what=said(error))) from error
