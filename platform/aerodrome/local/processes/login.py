"""What the API server and the roles' process read of the login: settings, and secrets in a file of their own."""

from __future__ import annotations

from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import directory
from aerodrome.login import authorities, given
from aerodrome.login_settings import DirectorySettings
from aerodrome.render import login as rendered
from aerodrome.render.airflow_text import Sections, merged
from aerodrome.render.login import BIND_PASSWORD, CLIENT_SECRET, SECRETS, WEBSERVER

CREDENTIALS = {BIND_PASSWORD: secret.LOGIN_BIND, CLIENT_SECRET: secret.LOGIN_CLIENT}
"""Key of a secret that somebody gives → the name by which it is kept here."""


def options(platform: Platform) -> Sections:
    """Return what airflow.cfg of the API server says of logins, sessions and cookies."""
    login = platform.environment.login
    here: Sections = {
        "fab": {
            "config_file": str(platform.layout.process_config("api-server") / WEBSERVER),
            "cookie_secure": str(platform.api_url.startswith("https:")),
        },
    }
    return merged(rendered.sessions(login), rendered.deciding(login), here)


def webserver_files(platform: Platform) -> dict[str, str]:
    """Return the API server's files of the login."""
    return {
        WEBSERVER: rendered.WEBSERVER_CONFIG,
        **_login(platform).files(str(platform.layout.process_config("api-server"))),
        SECRETS: rendered.secrets_file(_secrets(platform)),
    }


def files(platform: Platform, process: str) -> dict[str, str]:
    """Return the files of the login for *process*, name → text; of its secrets what the directory asks for."""
    return {
        **_login(platform).files(str(platform.layout.process_config(process))),
        SECRETS: rendered.secrets_file_of_roles(_secrets(platform)),
    }


def _login(platform: Platform) -> rendered.Login:
    environment = platform.environment
    known = authorities.texts(platform.layout.repository, environment)
    if environment.login.runs_directory:
        known[rendered.AUTHORITIES["directory"]] = directory.authority(platform)
    return rendered.Login(environment.login, directory_settings(platform), platform.tenants, known)


def directory_settings(platform: Platform) -> DirectorySettings | None:
    """Return where the directory is that the login asks: the company's, or the one that runs here; or None."""
    login = platform.environment.login
    if not login.has_directory:
        return None
    return directory.settings(platform) if login.runs_directory else login.directory


def _secrets(platform: Platform) -> dict[str, str | None]:
    login = platform.environment.login
    if login.runs_directory:
        return {BIND_PASSWORD: platform.credentials.get(secret.DIRECTORY_READER)}
    return {
        wanted.key: platform.credentials.find(CREDENTIALS[wanted.key])
        for wanted in rendered.wanted_secrets(login)
    }


def require_usable(platform: Platform) -> None:
    """Do nothing where the login can work; UserError where a secret, an authority or slapd is missing."""
    login = platform.environment.login
    if login.runs_directory:
        directory.require_installed()
    authorities.require(platform.layout.repository, platform.environment)
    known = {key for key, name in CREDENTIALS.items() if platform.credentials.find(name)}
    given.require(platform.environment, known)
