"""Fill a new database with two tenants' things.

Whatever belongs to a tenant has the tenant's name in it: a test only has to look for the other one's.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aerodrome.render.rights import of_levels
from airflow import settings
from airflow.api_fastapi.execution_api.app import _jwt_generator
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models import Connection, Log, Pool, Variable, import_all_models
from airflow.models.asset import AssetAliasModel, AssetDagRunQueue, AssetEvent, AssetModel
from airflow.models.asset_state_store import AssetStateStoreModel
from airflow.models.backfill import Backfill
from airflow.models.base import Base
from airflow.models.dagbag import DBDagBag
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagwarning import DagWarning
from airflow.models.errors import ParseImportError
from airflow.models.hitl import HITLDetail
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.task_state_store import TaskStateStoreModel
from airflow.models.xcom import XComModel
from airflow.providers.fab.auth_manager.models import Action, Model, Permission, Resource, Role, User
from airflow.utils.db import synchronize_log_template
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from itsdangerous import URLSafeSerializer
from sqlalchemy import select, text
from werkzeug.security import generate_password_hash

TENANTS = ("alpha", "beta")
VERBS = ("can_read", "can_create", "can_edit", "can_delete", "menu_access")
# All that a role can have, apart from the right to every DAG.
RESOURCES = (
    "Asset Aliases",
    "Assets",
    "Audit Logs",
    "Backfills",
    "Cluster Activity",
    "Configurations",
    "Connections",
    "DAG Code",
    "DAG Dependencies",
    "DAG Runs",
    "DAG Versions",
    "DAG Warnings",
    "HITL Detail",
    "ImportError",
    "Jobs",
    "Plugins",
    "Pools",
    "Providers",
    "Roles",
    "Task Instances",
    "Task Logs",
    "Triggers",
    "Users",
    "Variables",
    "Website",
    "XComs",
)
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
DAG = """
from airflow.sdk import DAG, Asset
from airflow.providers.standard.operators.empty import EmptyOperator
rights = {{"DAGs": {{"can_read", "can_edit", "can_delete"}}, "DAG Runs": {{"can_read", "can_create", "can_delete"}}}}
with DAG("{tenant}.daily", description="code of {tenant}", tags=["tenant:{tenant}"], schedule="@daily",
         access_control={{"{tenant}.admin": rights, "{tenant}.viewer": {{"DAGs": {{"can_read"}}}}}}) as dag:
    EmptyOperator(task_id="load", outlets=[Asset("{tenant}.table")]) >> EmptyOperator(task_id="more")
with DAG("{tenant}.report", schedule=[Asset("{tenant}.table")], access_control={{"{tenant}.admin": rights}}):
    EmptyOperator(task_id="write")
"""


def main(home: Path) -> None:
    """Make tables, people and things, and write into *home* what they are called."""
    import_all_models()
    with settings.get_engine().begin() as connection:
        Base.metadata.create_all(connection)
        Model.metadata.create_all(connection)
        # As Airflow's migrations have it, and its model does not say.
        connection.execute(text("ALTER TABLE serialized_dag ALTER COLUMN data TYPE jsonb USING data::jsonb"))
    synchronize_log_template()
    folder = home / "bundle"
    with create_session() as session:
        session.add_all(
            [DagBundleModel(name="tenants"), Pool(pool="default_pool", slots=8, include_deferred=False)]
        )
        people(session)
    for tenant in TENANTS:
        file = folder / tenant / "daily.py"
        file.parent.mkdir(parents=True)
        file.write_text(DAG.format(tenant=tenant))
    with create_session() as session:
        bag = DagBag(folder, safe_mode=False, bundle_path=folder, bundle_name="tenants")
        sync_bag_to_db(bag, "tenants", None, session=session)
    with create_session() as session:
        found = {tenant: things(session, tenant) for tenant in TENANTS}
    (home / "things.json").write_text(json.dumps(found))


def people(session: Any) -> None:
    """Make each tenant's admin, editor and viewer, and who is in both; the platform's administrator and auditor.

    A tenant's admin holds more than a deploy grants, and an editor what it grants.
    """
    actions = {name: Action(name=name) for name in VERBS}
    resources = {name: Resource(name=name) for name in (*RESOURCES, "DAGs")}
    rights = {
        (verb, name): Permission(action=action, resource=resource)
        for verb, action in actions.items()
        for name, resource in resources.items()
    }
    most = [right for (_, name), right in rights.items() if name != "DAGs"]
    reading = [right for (verb, _), right in rights.items() if verb == "can_read"]
    # What the roles that come with FAB's come to: rights to everybody's DAGs.
    roles = {
        "Admin": list(rights.values()),
        "shared": list(rights.values()),
        "auditor": reading,
        "Public": [],
    }
    granted = of_levels(own_passwords=False)["editor"]
    for tenant in TENANTS:
        roles |= {
            f"{tenant}.admin": most,
            f"{tenant}.editor": [right for name, right in rights.items() if name in granted],
            f"{tenant}.viewer": [r for r in reading if r in most],
        }
    made = {name: Role(name=name, permissions=held) for name, held in roles.items()}
    session.add_all(made.values())
    users = {name: (f"{name}.admin",) for name in TENANTS}
    users |= {
        "boss": ("Admin",),
        "auditor": ("auditor",),
        "both": ("alpha.viewer", "beta.admin"),
        "guest": ("Public",),
        "shared": ("shared",),
    }
    users |= {"mixed": ("auditor", "alpha.admin"), "reader": ("alpha.viewer",)}
    password = generate_password_hash("password", "pbkdf2:sha256:1")
    session.add_all(
        User(
            first_name=name,
            last_name=name,
            username=name,
            email=f"{name}@x",
            active=True,
            password=password,
            roles=[made[role] for role in held],
        )
        for name, held in users.items()
    )


def things(session: Any, tenant: str) -> dict[str, Any]:
    """Make one of everything that a tenant can have, and return what it is called."""
    dag_id, run_id, task_id = f"{tenant}.daily", f"run_{tenant}", "load"
    dag = DBDagBag().get_latest_version_of_dag(dag_id, session=session)
    run = dag.create_dagrun(
        run_id=run_id,
        logical_date=WHEN,
        data_interval=(WHEN, WHEN),
        run_after=WHEN,
        run_type=DagRunType.MANUAL,
        triggered_by=DagRunTriggeredByType.TEST,
        state=DagRunState.RUNNING,
        note=f"note of {tenant}",
        conf={"of": tenant},
        session=session,
    )
    session.flush()
    task = next(task for task in run.task_instances if task.task_id == task_id)
    task.state, task.hostname, task.pid, task.note = TaskInstanceState.RUNNING, tenant, 1, f"note of {tenant}"
    task.try_number, task.pool, task.start_date = 1, tenant, WHEN
    version = task.dag_version
    where = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id}
    XComModel.set("secret", f"xcom of {tenant}", **where, session=session)
    asset = session.scalars(select(AssetModel).where(AssetModel.name == f"{tenant}.table")).one()
    event = AssetEvent(
        asset_id=asset.id,
        source_dag_id=dag_id,
        source_run_id=run_id,
        source_task_id=task_id,
        source_map_index=-1,
        extra={"of": tenant},
    )
    logs = [
        Log(event=f"event of {tenant}", dag_id=dag_id),
        Log(event=f"hidden of {tenant}", extra=f"{tenant}.pool"),
    ]
    error = ParseImportError(
        filename=f"{tenant}/broken.py", bundle_name="tenants", stacktrace=f"error of {tenant}", timestamp=WHEN
    )
    backfill = Backfill(dag_id=dag_id, from_date=WHEN, to_date=WHEN, reprocess_behavior="none")
    alias = AssetAliasModel(name=f"alias_of_{tenant}", group="")
    session.add_all([event, *logs, error, backfill, alias])
    session.add_all(
        [
            AssetDagRunQueue(asset_id=asset.id, target_dag_id=f"{tenant}.report"),
            AssetStateStoreModel(asset_id=asset.id, key="state", value=json.dumps(f"state of {tenant}")),
            Connection(conn_id=f"{tenant}.db", conn_type="http", host=f"host of {tenant}", login=tenant),
            DagWarning(dag_id, "non-existent pool", f"warning of {tenant}"),
            HITLDetail(ti_id=task.id, options=["yes"], subject=f"question of {tenant}", assignees=[]),
            Pool(pool=tenant, slots=3, include_deferred=False),
            Pool(pool=f"{tenant}.small", slots=3, include_deferred=False),
            # For the tests that take things away.
            AssetStateStoreModel(asset_id=asset.id, key="spare", value="1"),
            Connection(conn_id=f"{tenant}.spare", conn_type="http"),
            Pool(pool=f"{tenant}.spare", slots=3, include_deferred=False),
            Variable(f"{tenant}.spare", "1"),
            RenderedTaskInstanceFields(
                ti=task, render_templates=False, rendered_fields={"sql": f"rendered of {tenant}"}
            ),
            TaskStateStoreModel(
                dag_run_id=run.id, **where, key="state", value=json.dumps(f"state of {tenant}")
            ),
            Variable(f"{tenant}.limit", f"variable of {tenant}"),
        ]
    )
    session.flush()
    log = Path(conf.get("logging", "base_log_folder")) / f"dag_id={dag_id}/run_id={run_id}/task_id={task_id}"
    log.mkdir(parents=True)
    (log / "attempt=1.log").write_text(f'{{"event": "log of {tenant}"}}\n')
    return where | {
        "tenant": tenant,
        "alias": alias.id,
        "asset": asset.id,
        "backfill": backfill.id,
        "error": error.id,
        "log": logs[0].id,
        "hidden_log": logs[1].id,
        "dag_run": run.id,
        "version": version.version_number,
        "task": str(task.id),
        "token": _jwt_generator().generate({"sub": str(task.id), "scope": "execution"}),
        "file_token": URLSafeSerializer(conf.get("api", "secret_key")).dumps(
            {"bundle_name": "tenants", "relative_fileloc": f"{tenant}/daily.py"}
        ),
    }
