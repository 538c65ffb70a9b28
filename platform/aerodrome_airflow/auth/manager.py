"""Airflow's FAB auth manager, in which members of tenants reach things of their tenants only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagDetails
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager
from airflow.utils.session import NEW_SESSION, provide_session
from sqlalchemy import select

from aerodrome_airflow.auth import rows
from aerodrome_airflow.auth.people import Person, person, tenant_of, tenant_of_pool

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# Pages of no tenant, and import errors, of which each tenant sees its own.
_VIEWS = frozenset({AccessView.WEBSITE, AccessView.DOCS, AccessView.IMPORT_ERRORS})


@dataclass(frozen=True)
class Thing:
    """The name of a single thing, and how the tenant follows from such a name."""

    name: str
    owner: Callable[[str | None], str | None]


class AerodromeFabAuthManager(FabAuthManager):
    """FAB's rights, each of them counted only for the tenant whose role grants it."""

    def get_fastapi_middlewares(self) -> list[tuple[Any, dict[str, Any]]]:
        """Return what stands before all routes; AirflowConfigException where tasks would meet no guard."""
        from aerodrome_airflow import shared_logs
        from aerodrome_airflow.auth.gate import TenantGate
        from aerodrome_airflow.auth.short_bodies import ShortBodies
        from aerodrome_airflow.guard.plugin import require_guard
        from aerodrome_airflow.login.asking import LoginSurroundings

        require_guard()
        rows.install()
        shared_logs.install()
        own: list[tuple[Any, dict[str, Any]]] = [(TenantGate, {}), (LoginSurroundings, {}), (ShortBodies, {})]
        return [*super().get_fastapi_middlewares(), *own]

    def get_fastapi_app(self) -> Any:
        """Return FAB's pages and API; AirflowConfigException where another login than the deployed one would decide."""
        from aerodrome_airflow.login import entrances

        app = super().get_fastapi_app()
        entrances.require_deployed_login(self.flask_app)
        entrances.close_short_logout(app, self.flask_app)
        return app

    def create_token(self, headers: Any, body: Any) -> Any:
        """Return whom a program logs in as, by the same rules as in the browser."""
        from aerodrome_airflow.login import entrances

        if not entrances.decides(self.security_manager):
            return super().create_token(headers=headers, body=body)
        return entrances.user_of(self.security_manager, body)

    def get_url_logout(self) -> str | None:
        """Return the page that ends the session on the server, not only the cookies."""
        return f"{super().get_url_logout()}/"

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        """Return whether the rights that count for the DAG's tenant allow it; without an id, for each tenant."""
        who = person(user)
        if details is not None and details.id:
            tenant = tenant_of(details.id)
            return who.may_see(tenant) and super().is_authorized_dag(
                method=method, user=who.about(tenant), access_entity=access_entity, details=details
            )
        acting = [who.everything] if method == "GET" else [who.about(tenant) for tenant in _reached(who)]
        return bool(acting) and all(
            super(AerodromeFabAuthManager, self).is_authorized_dag(
                method=method, user=one, access_entity=access_entity, details=details
            )
            for one in acting
        )

    def is_authorized_connection(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether the connection is the user's tenant's, and FAB allows it."""
        thing = Thing(details.conn_id, tenant_of) if details and details.conn_id else None
        return _allowed(super().is_authorized_connection, method, user, details, thing)

    def is_authorized_variable(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether the variable is the user's tenant's, and FAB allows it."""
        thing = Thing(details.key, tenant_of) if details and details.key else None
        return _allowed(super().is_authorized_variable, method, user, details, thing)

    def is_authorized_pool(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether the pool is the user's tenant's, and FAB allows it."""
        thing = Thing(details.name, tenant_of_pool) if details and details.name else None
        return _allowed(super().is_authorized_pool, method, user, details, thing)

    def is_authorized_asset(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether the asset is the user's tenant's, and FAB allows it."""
        named = details and details.id and person(user).tenants
        thing = Thing(_asset_name(details.id) or "", tenant_of) if named else None
        return _allowed(super().is_authorized_asset, method, user, details, thing)

    def is_authorized_asset_alias(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether FAB allows it; members of tenants may list, and see none."""
        return _allowed(super().is_authorized_asset_alias, method, user, details, None)

    def is_authorized_configuration(self, *, method: Any, user: Any, details: Any = None) -> bool:
        """Return whether FAB allows it to somebody who sees all tenants."""
        who = person(user)
        return not who.confined and super().is_authorized_configuration(
            method=method, user=who.about(None), details=details
        )

    def is_authorized_view(self, *, access_view: Any, user: Any, team_name: str | None = None) -> bool:
        """Return whether FAB allows it; members of tenants see no page about the whole platform."""
        who = person(user)
        acting = who.everything if access_view in _VIEWS else who.about(None)
        return (not who.confined or access_view in _VIEWS) and super().is_authorized_view(
            access_view=access_view, user=acting, team_name=team_name
        )

    @provide_session
    def get_authorized_dag_ids(
        self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """Return the DAGs on which *method* is allowed."""
        from airflow.models import DagModel

        who = person(user)
        return {
            dag_id
            for dag_id in session.scalars(select(DagModel.dag_id))
            if who.may_see(tenant := tenant_of(dag_id))
            and self._is_authorized_dag(method, DagDetails(id=dag_id), who.about(tenant))
        }

    @provide_session
    def get_authorized_assets(
        self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION
    ) -> set[int]:
        """Return the numbers of the assets that the user may see."""
        from airflow.models.asset import AssetModel

        who, found = person(user), session.execute(select(AssetModel.id, AssetModel.name))
        return {number for number, name in found if who.may_see(tenant_of(name))}

    @provide_session
    def get_authorized_connections(
        self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """Return the connections that the user may see."""
        found = super().get_authorized_connections(user=user, method=method, session=session)
        return _seen(person(user), found, tenant_of)

    @provide_session
    def get_authorized_pools(
        self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """Return the pools that the user may see."""
        found = super().get_authorized_pools(user=user, method=method, session=session)
        return _seen(person(user), found, tenant_of_pool)

    @provide_session
    def get_authorized_variables(
        self, *, user: Any, method: Any = "GET", session: Session = NEW_SESSION
    ) -> set[str]:
        """Return the variables that the user may see."""
        found = super().get_authorized_variables(user=user, method=method, session=session)
        return _seen(person(user), found, tenant_of)


def _allowed(allowed: Callable[..., bool], method: str, user: Any, details: Any, thing: Thing | None) -> bool:
    who = person(user)
    if thing is None:
        # A list, whose rows are filtered; or something new, which only those make who see all tenants.
        acting = who.everything if method == "GET" else who.about(None)
        return allowed(method=method, user=acting, details=details)
    tenant = thing.owner(thing.name)
    return who.may_see(tenant) and allowed(method=method, user=who.about(tenant), details=details)


def _reached(who: Person) -> Iterable[str | None]:
    return sorted(who.tenants) if who.confined else (None,)


def _seen(who: Person, found: Iterable[str], owner: Callable[[str | None], str | None]) -> set[str]:
    return {name for name in found if who.may_see(owner(name))}


def _asset_name(number: str) -> str | None:
    from airflow.models.asset import AssetModel
    from airflow.utils.session import create_session

    if not str(number).isdecimal():
        return None
    with create_session() as session:
        return session.scalar(select(AssetModel.name).where(AssetModel.id == int(number)))
