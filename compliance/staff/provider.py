"""Where identities lie that are not the console's own."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider of identities, such as Keycloak, Authing or Microsoft Entra.

    Args:
        issuer: its address, below which `/.well-known/openid-configuration` lies.
        client_id: what it knows the console by, with the *client_secret*.
        name: what people call it.
        claim: what of an identity is the name of an account: `email`, where the provider has verified it, or
            `preferred_username`.

    .. versionadded:: 0.1
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    claim: str = "email"
