"""The pages of login and logout."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import get_auth_manager, get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.providers.fab.auth_manager.views.auth_oauth import CustomAuthOAuthView
from airflow.providers.fab.www.views import get_safe_url, redirect
from flask import abort, flash, g, make_response, request, session
from flask import redirect as plain_redirect
from flask_appbuilder import expose
from flask_appbuilder.security.api import SecurityApi
from flask_appbuilder.security.decorators import no_cache
from flask_appbuilder.security.forms import LoginForm_db
from flask_appbuilder.security.views import AuthDBView, AuthLDAPView
from flask_login import login_user, logout_user

from aerodrome_airflow.login.claims import PROVIDER
from aerodrome_airflow.login.refusal import Refused


class ClosedApi(SecurityApi):  # type: ignore[misc]
    """FAB's own second way to a token, without its routes: nobody counts failures there."""

    exclude_route_methods = frozenset({"login", "refresh"})


class _Logout:
    """Logging out ends the session and its token for whoever has a copy of them."""

    appbuilder: Any

    @expose("/logout/")
    def logout(self) -> Any:
        """End the session on the server, revoke the token, forget both cookies and go to the login page."""
        if token := request.cookies.get(COOKIE_NAME_JWT_TOKEN):
            get_auth_manager().revoke_token(token)
        logout_user()
        session.clear()
        response = make_response(plain_redirect(get_auth_manager().get_url_login()))
        response.delete_cookie(COOKIE_NAME_JWT_TOKEN, path=get_cookie_path(), httponly=True)
        return response


class _PasswordForm(_Logout):
    """Name and password in a form."""

    title: Any
    render_template: Any
    form_template = AuthLDAPView.login_template

    def _logged_in_by_form(self) -> Any:
        if g.user is not None and g.user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_index)
        form = LoginForm_db()
        if not form.validate_on_submit():
            return self._page(form)
        try:
            user = self.appbuilder.sm.log_in(form.username.data, form.password.data, web=True)
        except Refused as refused:
            flash(refused.told, "warning")
            headers = {"Retry-After": str(refused.retry_seconds)} if refused.retry_seconds else {}
            return self._page(form), int(refused.status), headers
        login_user(user, remember=False)
        return redirect(get_safe_url(request.args.get("next", "")))

    def _page(self, form: Any) -> Any:
        return self.render_template(
            self.form_template, title=self.title, form=form, appbuilder=self.appbuilder
        )


class DatabaseLogin(_PasswordForm, AuthDBView):  # type: ignore[misc]
    """Users of Airflow's own database."""

    form_template = AuthDBView.login_template

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Any:
        """Show the form, or begin a session."""
        return self._logged_in_by_form()


class DirectoryLogin(_PasswordForm, AuthLDAPView):  # type: ignore[misc]
    """People of the directory."""

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> Any:
        """Show the form, or begin a session."""
        return self._logged_in_by_form()


class OidcLogin(_PasswordForm, CustomAuthOAuthView):
    """People of the OpenID Connect provider, and a form for the user for emergencies where there is one."""

    invalid_login_message = "There was no login: the provider did not say who you are, or does not answer."

    @expose("/login/")
    @expose("/login/<provider>")
    @no_cache
    def login(self, provider: str | None = None) -> Any:
        """Show the way to the provider, or go there."""
        if provider not in (None, PROVIDER):
            abort(404)
        return super().login(provider)

    @expose("/oauth-authorized/<provider>")
    def oauth_authorized(self, provider: str) -> Any:
        """End what began at the provider."""
        self.appbuilder.sm.renew_client()
        return super().oauth_authorized(provider)

    @expose("/login/break-glass", methods=["GET", "POST"])
    @no_cache
    def break_glass(self) -> Any:
        """Show the form, or begin a session."""
        if self.appbuilder.sm.login.break_glass is None:
            abort(404)
        return self._logged_in_by_form()
