"""A company's directory for ENV=local: Debian's slapd, unprivileged, with files of its own only."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from aerodrome.errors import UserError
from aerodrome.local.machine import certificates
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.certificates import ServerCertificate
from aerodrome.local.machine.platform import Platform
from aerodrome.login_settings import DirectoryGroups, DirectorySettings, PeopleSettings

if TYPE_CHECKING:
    from aerodrome.clients.directory import DirectoryAccess

NAME = "directory"
SUFFIX = "dc=aerodrome,dc=example"
ADMIN, READER = f"cn=deploy,{SUFFIX}", f"cn=reader,{SUFFIX}"
PEOPLE, GROUPS = f"ou=people,{SUFFIX}", f"ou=groups,{SUFFIX}"
ADDRESS = "127.0.0.1"
CONFIGURATION = "slapd.conf"
_AUTHORITY, _CERTIFICATE, _KEY = "authority.pem", "server.pem", "server.key"
_SEARCHED = "/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/bin"
_MODULES = (
    "/usr/lib/ldap",
    "/usr/lib64/openldap",
    "/usr/lib/openldap",
    "/usr/local/libexec/openldap",
)
_LARGEST = 256 * 2**20
# As the standards have them (RFC 4519, RFC 4524, RFC 2798), and of those what people and groups need here: what
# Debian ships stands among the machine's own settings, where somebody may have changed it.
_SCHEMA = """\
attributetype ( 2.5.4.4 NAME ( 'sn' 'surname' ) SUP name )
attributetype ( 2.5.4.42 NAME ( 'givenName' 'gn' ) SUP name )
attributetype ( 2.5.4.10 NAME ( 'o' 'organizationName' ) SUP name )
attributetype ( 2.5.4.11 NAME ( 'ou' 'organizationalUnitName' ) SUP name )
attributetype ( 2.5.4.31 NAME 'member' SUP distinguishedName )
attributetype ( 0.9.2342.19200300.100.1.3 NAME ( 'mail' 'rfc822Mailbox' )
  EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 )
attributetype ( 0.9.2342.19200300.100.1.25 NAME ( 'dc' 'domainComponent' )
  EQUALITY caseIgnoreIA5Match SUBSTR caseIgnoreIA5SubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.1466.344 NAME 'dcObject' SUP top AUXILIARY MUST dc )
objectclass ( 2.5.6.4 NAME 'organization' SUP top STRUCTURAL MUST o MAY description )
objectclass ( 2.5.6.5 NAME 'organizationalUnit' SUP top STRUCTURAL MUST ou MAY description )
objectclass ( 2.5.6.6 NAME 'person' SUP top STRUCTURAL MUST ( sn $ cn ) MAY ( userPassword $ description ) )
objectclass ( 2.16.840.1.113730.3.2.2 NAME 'inetOrgPerson' SUP person STRUCTURAL MAY ( uid $ givenName $ mail ) )
objectclass ( 2.5.6.9 NAME 'groupOfNames' SUP top STRUCTURAL MUST ( cn $ member ) MAY description )
"""


def program() -> str:
    """Return slapd's path: where it is, or where Debian puts it."""
    return shutil.which("slapd", path=_SEARCHED) or "/usr/sbin/slapd"


def require_installed() -> None:
    """Do nothing where slapd is installed; UserError elsewhere."""
    if not Path(program()).is_file():
        raise UserError(
            "login: {kind: directory} without a url runs slapd on this machine, and it is not installed",
            "apt-get install slapd, whose own service may stay off; or name your directory: login.directory.url",
        )


def url(platform: Platform) -> str:
    """Return the directory's address."""
    return f"ldap://{ADDRESS}:{platform.ports.directory}"


def settings(platform: Platform) -> DirectorySettings:
    """Return the directory as environment.yaml would name it."""
    return DirectorySettings(
        url=url(platform),
        start_tls=True,
        bind_dn=READER,
        people=PeopleSettings(base=PEOPLE),
        groups=DirectoryGroups(base=GROUPS),
    )


def authority(platform: Platform) -> str:
    """Return the certificate of the authority that the directory's own is signed by, as PEM."""
    return _tls(platform).authority


def access(platform: Platform) -> DirectoryAccess:
    """Return the deploy's access, which has every right."""
    from aerodrome.clients.directory import DirectoryAccess

    password = platform.credentials.get(secret.DIRECTORY_ADMIN)
    return DirectoryAccess(url(platform), ADMIN, password, start_tls=True, authority=authority(platform))


def data_folder(platform: Platform) -> Path:
    """Return the folder of the directory's database."""
    return platform.layout.data / NAME


def command(platform: Platform, *more_urls: str) -> tuple[str, ...]:
    """Return what runs the server in the foreground."""
    configuration = platform.layout.process_config(NAME) / CONFIGURATION
    # What must be said is said on standard error, and no search of anybody.
    return (
        program(),
        "-d",
        "none",
        "-f",
        str(configuration),
        "-h",
        " ".join((f"{url(platform)}/", *more_urls)),
    )


def files(platform: Platform) -> dict[str, str]:
    """Return the server's private files."""
    tls = _tls(platform)
    return {
        CONFIGURATION: _configuration(platform),
        _AUTHORITY: tls.authority,
        _CERTIFICATE: tls.certificate,
        _KEY: tls.key,
    }


def _tls(platform: Platform) -> ServerCertificate:
    def make() -> str:
        return certificates.made(ADDRESS, "localhost").to_text()

    return certificates.parsed(platform.credentials.made(secret.DIRECTORY_TLS, make))


def _configuration(platform: Platform) -> str:
    folder, data = platform.layout.process_config(NAME), data_folder(platform)
    modules = next((place for place in _MODULES if Path(place).is_dir()), _MODULES[0])
    return f"""\
modulepath {modules}
moduleload back_mdb
moduleload memberof
{_SCHEMA}
pidfile {_quoted(data / "slapd.pid")}
argsfile {_quoted(data / "slapd.args")}
loglevel 0
idletimeout 120
TLSCACertificateFile {_quoted(folder / _AUTHORITY)}
TLSCertificateFile {_quoted(folder / _CERTIFICATE)}
TLSCertificateKeyFile {_quoted(folder / _KEY)}
TLSVerifyClient never
# No password travels in the clear, and nobody is somebody without one.
security simple_bind=112
disallow bind_anon
require bind

database mdb
suffix {_quoted(SUFFIX)}
rootdn {_quoted(ADMIN)}
rootpw {platform.credentials.get(secret.DIRECTORY_ADMIN)}
directory {_quoted(data)}
maxsize {_LARGEST}
index objectClass,uid,cn,member,memberOf eq
limits dn.exact={_quoted(READER)} size=unlimited time=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact={_quoted(READER)} read by * none

# Fills memberOf while groups change, of what is added to the running server.
overlay memberof
memberof-group-oc groupOfNames
memberof-member-ad member
memberof-memberof-ad memberOf
memberof-refint true
"""


def _quoted(text: str | Path) -> str:
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
