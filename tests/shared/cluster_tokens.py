"""Tokens of service accounts as a cluster signs them, and the keys by which others believe them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import RSAAlgorithm

KEY = "of-the-cluster"


def _made() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


@dataclass(frozen=True)
class Issuer:
    """A cluster that calls itself *url*."""

    url: str
    _key: RSAPrivateKey = field(default_factory=_made, repr=False)

    def keys(self) -> str:
        """Return its public keys as JWKS."""
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return json.dumps({"keys": [{**public, "kid": KEY, "use": "sig", "alg": "RS256"}]})

    def token(
        self, account: str, audience: str, *, issuer: str = "", seconds: int = 3600, forged: bool = False
    ) -> str:
        """Return a token of *account*, <namespace>:<name>, that ends in so many *seconds*."""
        now = int(time.time())
        claims = {
            "iss": issuer or self.url,
            "sub": f"system:serviceaccount:{account}",
            "aud": [audience],
            "iat": now - 120,
            "nbf": now - 120,
            "exp": now + seconds,
        }
        key = _made() if forged else self._key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY})
