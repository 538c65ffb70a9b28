"""The certificates of a cluster: one authority, and whom each of its processes is known as."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A cluster for tests does not stand for long.
LIFE = dt.timedelta(days=30)
_BOTH = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its key."""

    certificate: Path
    key: Path


def authority(folder: Path) -> Pair:
    """Return the authority of *folder*, made where there is none."""
    pair = _pair(folder, "ca")
    if not pair.key.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("aerodrome-cluster", ())
        built = _builder(name, name, key).add_extension(x509.BasicConstraints(True, None), critical=True)
        _write(pair, built.sign(key, hashes.SHA256()), key)
    return pair


def issued(
    folder: Path, file: str, name: str, groups: Iterable[str] = (), called: Iterable[str] = ()
) -> Pair:
    """Return the certificate *file* of *folder*, made where there is none.

    Who shows it is the user *name* of *groups*; as a server it is *called* so: addresses and names.
    """
    pair, signed = _pair(folder, file), authority(folder)
    if pair.key.exists():
        return pair
    key, signing = (
        ec.generate_private_key(ec.SECP256R1()),
        load_pem_private_key(signed.key.read_bytes(), None),
    )
    assert isinstance(signing, ec.EllipticCurvePrivateKey)
    issuer = x509.load_pem_x509_certificate(signed.certificate.read_bytes()).subject
    built = _builder(_name(name, groups), issuer, key).add_extension(
        x509.ExtendedKeyUsage(_BOTH), critical=False
    )
    if names := [_called(each) for each in called]:
        built = built.add_extension(x509.SubjectAlternativeName(names), critical=False)
    _write(pair, built.sign(signing, hashes.SHA256()), key)
    return pair


def signing_key(folder: Path) -> Pair:
    """Return the keys by which tokens of service accounts are signed and checked, made where there are none."""
    pair = Pair(folder / "service-accounts.pub", folder / "service-accounts.key")
    if not pair.key.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        pair.certificate.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        _write_key(pair.key, key)
    return pair


def _pair(folder: Path, name: str) -> Pair:
    return Pair(folder / f"{name}.crt", folder / f"{name}.key")


def _name(name: str, groups: Iterable[str]) -> x509.Name:
    of = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
    return x509.Name([*of, x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _called(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + LIFE)
    )


def _write(pair: Pair, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    pair.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    _write_key(pair.key, key)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
