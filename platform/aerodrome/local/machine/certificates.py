"""Certificates for servers on this machine, and the authorities that sign them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

YEARS = 10
"""How long an authority is good, and a certificate whose authority makes no other."""
LIFE = dt.timedelta(days=365)
"""Of a certificate whose authority can make another one."""
RENEWED_BEFORE = LIFE / 3
"""How long before its end such a certificate is renewed by whoever deploys."""


@dataclass(frozen=True)
class ServerCertificate:
    """PEM texts: the authority, and the server's certificate and key."""

    authority: str
    certificate: str
    key: str = field(repr=False)

    def to_text(self) -> str:
        """Return it as one text, which :func:`parsed` reads."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Authority:
    """PEM texts: an authority's certificate, and the key by which it signs others."""

    certificate: str
    key: str = field(repr=False)

    def to_text(self) -> str:
        """Return it as one text, which :func:`parsed_authority` reads."""
        return json.dumps(asdict(self))


def parsed(text: str) -> ServerCertificate:
    """Return what :meth:`ServerCertificate.to_text` wrote."""
    return ServerCertificate(**json.loads(text))


def parsed_authority(text: str) -> Authority:
    """Return what :meth:`Authority.to_text` wrote."""
    return Authority(**json.loads(text))


def made(address: str, name: str) -> ServerCertificate:
    """Return a new authority, whose key is kept nowhere, and its certificate for *address*, also called *name*."""
    return issued(new_authority(name), [address], name, dt.timedelta(days=365 * YEARS))


def new_authority(name: str) -> Authority:
    """Return an authority of ten years for servers called *name*."""
    from cryptography import x509

    key, subject = _new_key(), _name(f"Aerodrome authority of {name}")
    certificate = (
        _builder(subject, subject, key.public_key(), dt.timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(sign=True), critical=True)
        .sign(key, _hash())
    )
    return Authority(_pem(certificate), _key_pem(key))


def issued(
    authority: Authority, addresses: Sequence[str], name: str, life: dt.timedelta = LIFE
) -> ServerCertificate:
    """Return a new certificate of *authority* for the server at the IP *addresses*, also called *name*."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from cryptography.x509.oid import ExtendedKeyUsageOID

    key, signing = _new_key(), load_pem_private_key(authority.key.encode(), None)
    issuer: Any = x509.load_pem_x509_certificate(authority.certificate.encode())
    names = [*(x509.IPAddress(ipaddress.ip_address(each)) for each in addresses), x509.DNSName(name)]
    certificate = (
        _builder(_name(name), issuer.subject, key.public_key(), life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False
        )
        .sign(signing, _hash())
    )
    return ServerCertificate(authority.certificate, _pem(certificate), _key_pem(key))


def ends(certificate: str) -> dt.datetime:
    """Return when a *certificate* ends."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(certificate.encode()).not_valid_after_utc


def why_renew(made_before: ServerCertificate, authority: Authority, addresses: Sequence[str]) -> str:
    """Return why there must be another certificate for the server at *addresses*, or an empty text."""
    if made_before.authority != authority.certificate:
        return "another authority signed it"
    if missing := set(addresses) - _addresses(made_before.certificate):
        return f"it does not name {', '.join(sorted(missing))}"
    end = ends(made_before.certificate)
    return f"it ends on {end:%Y-%m-%d}" if end - dt.datetime.now(dt.UTC) < RENEWED_BEFORE else ""


def _addresses(certificate: str) -> set[str]:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(certificate.encode())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(address) for address in names.get_values_for_type(x509.IPAddress)}


def _new_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _builder(subject: Any, issuer: Any, key: Any, life: dt.timedelta) -> Any:
    from cryptography import x509

    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A clock that was set back after a deploy must not end logins.
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(text: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _usage(*, sign: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not sign,
        key_cert_sign=sign,
        crl_sign=sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _hash() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def _pem(certificate: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return str(certificate.public_bytes(Encoding.PEM).decode())


def _key_pem(key: Any) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
