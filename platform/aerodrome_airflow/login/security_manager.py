"""FAB's security manager, in which one method decides every login: of the form, of tokens, of OpenID Connect."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.providers.fab.auth_manager.security_manager.override import FabAirflowSecurityManagerOverride
from flask import current_app, flash, session

from aerodrome_airflow.directory import settings
from aerodrome_airflow.directory.entry import DirectoryUnavailable, Entry
from aerodrome_airflow.directory.settings import DirectorySettings, LoginSettings, Secrets, plain
from aerodrome_airflow.login import accounts, asking, break_glass, claims
from aerodrome_airflow.login.failures import Failures
from aerodrome_airflow.login.refusal import NoRole, Refused, Unanswered, WrongPassword
from aerodrome_airflow.login.views import ClosedApi, DatabaseLogin, DirectoryLogin, OidcLogin

if TYPE_CHECKING:
    from aerodrome_airflow.directory.client import Directory

log = logging.getLogger(__name__)


class AerodromeSecurityManager(FabAirflowSecurityManagerOverride):
    """Lets people in as login.json says, and nobody else."""

    authdbview = DatabaseLogin
    authldapview = DirectoryLogin
    authoauthview = OidcLogin
    security_api = ClosedApi

    def __init__(self, appbuilder: Any) -> None:
        self._folder = settings.home()
        self._failures = Failures()
        super().__init__(appbuilder)

    @property
    def login(self) -> LoginSettings:
        """The settings as they are now: with a new tenant come new groups, and nothing is restarted."""
        return settings.load(self._folder)

    @property
    def secrets(self) -> Secrets:
        """The secrets as they are now: a password that was changed there is one here, and nothing is restarted."""
        return settings.load_secrets(self._folder)

    def log_in(self, name: str, password: str, *, web: bool) -> Any:
        """Return the user of whoever has this name and password; Refused tells why there is none.

        *web*: a session of a browser begins, rather than a token of a program.
        """
        name, address = name.strip(), asking.address()
        if self._is_deploys(name, web=web):
            # 256 bits that nobody guesses: who fails on purpose must not keep a deploy out.
            return self._local(name, password, web=web)
        self._failures.require_few(plain(name), address)
        try:
            user = self._known(name, password, web=web)
        except WrongPassword:
            self._failures.note(plain(name), address)
            log.warning("Failed login of %a from %s", name[:100], address or "an unknown address")
            raise
        self._failures.forget(plain(name), address)
        return user

    def auth_user_ldap(self, username: str, password: str, rotate_session_id: bool = True) -> Any:
        """Return the user, or None, for callers of FAB that want no reason."""
        try:
            return self.log_in(username, password, web=rotate_session_id)
        except Refused:
            return None

    def auth_user_db(self, username: str, password: str, rotate_session_id: bool = True) -> Any:
        """Return the same as for any other login: a password of Airflow's own is no way around the directory."""
        return self.auth_user_ldap(username, password, rotate_session_id)

    def auth_user_oauth(self, userinfo: Mapping[str, Any], rotate_session_id: bool = True) -> Any:
        """Return the user of the entry that :meth:`get_oauth_user_info` found, or None with the reason shown."""
        try:
            return self._admitted(self._grouped(userinfo["entry"]), web=rotate_session_id)
        except Refused as refused:
            flash(refused.told, "warning")
            return None

    def get_oauth_user_info(self, provider: str, resp: Mapping[str, Any]) -> dict[str, Any]:
        """Return whom the verified identity token is about."""
        remote = self.oauth_remotes[provider]
        entry = claims.identity(self.login.oidc or {}, resp, lambda: dict(remote.userinfo(token=resp)))
        return {"entry": entry, "username": entry.name}

    def renew_client(self) -> None:
        """Let the provider be asked with the client's secret of now."""
        for remote in self.oauth_remotes.values():
            remote.client_secret = self.secrets.client_secret

    def set_oauth_session(self, provider: str, oauth_response: Any) -> None:
        """Keep nothing of the provider's tokens: nobody needs them after the login."""

    def _known(self, name: str, password: str, *, web: bool) -> Any:
        login = self.login
        if login.kind == "database" or plain(name) in login.protected:
            return self._local(name, password, web=web)
        if login.kind != "directory" or login.directory is None:
            # With OpenID Connect only the provider sees passwords.
            raise WrongPassword
        entry = self._asked(login.directory, lambda found: found.authenticate(name, password))
        if entry is None:
            raise WrongPassword
        return self._admitted(entry, web=web)

    def _is_deploys(self, name: str, *, web: bool) -> bool:
        login = self.login
        own = login.protected - {login.break_glass}
        return plain(name) in own and not web and asking.from_this_machine()

    def _local(self, name: str, password: str, *, web: bool) -> Any:
        login = self.login
        broken = login.kind != "database" and plain(name) == login.break_glass
        if not (login.kind == "database" or broken or self._is_deploys(name, web=web)):
            raise WrongPassword
        user = super().auth_user_db(name, password, rotate_session_id=web)
        if user is None:
            raise WrongPassword
        if broken:
            break_glass.tell(user.username, asking.address(), web=web)
        return user

    def _grouped(self, entry: Entry) -> Entry:
        """Return *entry* with the groups that the directory tells, where there is one: roles follow it."""
        directory = self.login.directory
        if directory is None:
            return entry
        found = self._asked(directory, lambda asked: asked.person(entry.name))
        if found is None:
            log.warning("The directory knows nobody whom the provider calls %a", entry.name)
            raise NoRole
        return found

    def _asked(
        self, directory: DirectorySettings, question: Callable[[Directory], Entry | None]
    ) -> Entry | None:
        from aerodrome_airflow.directory.client import Directory

        try:
            return question(Directory(directory, self.secrets.bind_password))
        except DirectoryUnavailable as problem:
            log.error("No login: the directory does not tell who people are: %s", problem)
            raise Unanswered from None

    def _admitted(self, entry: Entry, *, web: bool) -> Any:
        login = self.login
        if plain(entry.name) in login.protected:
            log.warning("No login: %a of the directory has the name of a user of the platform", entry.name)
            raise WrongPassword
        user = accounts.settled(self, entry, login.roles_of(entry.groups))
        if user is None:
            log.warning("No login: %a has no role, by its groups %s", entry.name, sorted(entry.groups))
            raise NoRole
        if web:
            self._rotate_session_id()
        self.update_user_auth_stat(user, True)
        # What was known of the user's rights may be some seconds old.
        FabAuthManager.cache.pop(int(user.id), None)
        return user

    def _rotate_session_id(self) -> None:
        """Give the session a new id and delete the old one: who planted it in the browser holds nothing."""
        interface: Any = current_app.session_interface
        interface.regenerate(session)
