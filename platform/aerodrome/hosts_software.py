"""What hosts get beside the platform itself: Python, Java, Hadoop's clients, Kerberos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from aerodrome.addresses import Address
from aerodrome.modelling import Many, Model, Name
from aerodrome.quantities import Duration

Scalar = str | int | float | bool
Program = Annotated[str, Field(pattern=r"^(/[A-Za-z0-9._+-]+)+$")]
Package = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.+-]+$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Property = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
Sites = dict[Property, Scalar]
_ARCHIVE = re.compile(r"(https://[^\s@]+|/\S+)\.(tar\.gz|tgz)")
_REALM = re.compile(r"[A-Z0-9][A-Z0-9._-]*")
_PRINCIPAL = re.compile(r"[A-Za-z0-9._-]+(/([A-Za-z0-9.-]|\{host\})+)?(@[A-Z0-9][A-Z0-9._-]*)?")
HOST = "{host}"


class PythonSettings(Model):
    """The Python that workers and tenants' virtual environments stand on."""

    program: Program = Field("/usr/bin/python3.11", description="Python 3.11 on the hosts.")
    wheelhouse: bool = Field(
        False,
        description="True: packages are fetched here and copied to the hosts, which then need an index only for what "
        "a tenant has built from source.",
    )
    index_url: str = Field(
        "",
        description="Package index of the hosts, https, without credentials. Left out: as they are set up.",
    )


class Installed(Model):
    """Software from a package of the system or from an archive."""

    package: Package | None = Field(None, description="Package of the system; or an archive.")
    archive: str | None = Field(
        None, description="https URL, or a file on the machine that deploys: .tar.gz or .tgz."
    )
    archive_sha256: Sha256 | None = Field(None, description="Digest of the archive, which needs one.")
    home: Program | None = Field(None, description="Folder that it is in. Left out: where its role puts it.")
    zones: Many[Name] | None = Field(
        None, description="Zones whose hosts get it. Left out: all with `workers: hosts`."
    )


class JavaSettings(Installed):
    """Java, for Spark and Hadoop."""


class HadoopSettings(Installed):
    """Hadoop's clients: programs, and where HDFS, YARN and Hive are."""

    core_site: Sites = Field(default_factory=dict, description="Properties of core-site.xml.")
    hdfs_site: Sites = Field(default_factory=dict, description="Properties of hdfs-site.xml.")
    yarn_site: Sites = Field(default_factory=dict, description="Properties of yarn-site.xml.")
    hive_site: Sites = Field(default_factory=dict, description="Properties of hive-site.xml.")


class PrincipalSettings(Model):
    """Who a tenant is to Kerberos."""

    name: str = Field(description="Principal, such as `routes@EXAMPLE.ORG` or `routes/{host}`.")
    tenant: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{1,30}$")] = Field(
        description="Tenant whose tasks have its ticket."
    )
    keytab: Name = Field(
        description="Variable of the tenant, in tenant.yaml and in the secrets store: the keytab as base64."
    )


class KerberosSettings(Model):
    """The Kerberos realm of the hosts."""

    realm: str = Field(description="Realm, in capitals.")
    kdcs: Many[Address] = Field(min_length=1, description="Key distribution centres.")
    admin_server: Address | None = Field(None, description="Server for changes of passwords.")
    options: dict[Property, str | int | bool] = Field(
        default_factory=dict, description="More of `[libdefaults]` of krb5.conf."
    )
    principals: Many[PrincipalSettings] = Field((), description="Tenants with a principal of their own.")
    renew_every: Duration = Field(timedelta(hours=6), description="How often tickets are fetched again.")
    zones: Many[Name] | None = Field(
        None, description="Zones whose hosts get it. Left out: all with `workers: hosts`."
    )


Mistake = tuple[tuple[str | int, ...], str, str]
"""Keys below the part, message, remedy."""


def installed_mistakes(settings: Installed) -> Iterator[Mistake]:
    """Yield what is wrong with where software comes from."""
    if (settings.package is None) == (settings.archive is None):
        yield (), "needs a package or an archive, and not both", "write package: … or archive: …"
    if settings.archive is None:
        if settings.archive_sha256 is not None:
            yield ("archive_sha256",), "has no effect without an archive", "remove it"
        return
    if not _ARCHIVE.fullmatch(settings.archive):
        yield (
            ("archive",),
            "must be an https URL or an absolute path that ends in .tar.gz or .tgz",
            "a plain host unpacks nothing else: pack it anew as .tar.gz",
        )
    if settings.archive_sha256 is None:
        remedy = "add archive_sha256: as `sha256sum` tells it"
        yield ("archive",), "an archive is installed only where its digest is known", remedy


def kerberos_mistakes(settings: KerberosSettings) -> Iterator[Mistake]:
    """Yield what is wrong with *settings* beyond their shape."""
    if not _REALM.fullmatch(settings.realm):
        yield ("realm",), "is no realm", "capitals, such as EXAMPLE.ORG"
    seen: set[str] = set()
    for number, principal in enumerate(settings.principals):
        if not _PRINCIPAL.fullmatch(principal.name):
            remedy = "such as routes@EXAMPLE.ORG, or routes/{host}"
            yield ("principals", number, "name"), f"'{principal.name}' is no principal", remedy
        if principal.tenant in seen:
            message = f"'{principal.tenant}' has a principal already"
            yield ("principals", number, "tenant"), message, "a tenant's tasks share one ticket: keep one"
        seen.add(principal.tenant)
