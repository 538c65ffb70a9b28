"""A template that nobody has checked reads, in the running task, connections, variables and results of others."""

from types import SimpleNamespace
from typing import Any

from aerodrome_airflow.templating import render
from aerodrome_airflow.tenant_values import TenantValues
from airflow.sdk.definitions._internal.templater import SandboxedEnvironment
from suite.attack import HELD
from suite.manifests import at_their_word, is_trusted
from suite.place import MARK, Place

FROM = "a tenant's manifest"
AGAINST = "connections, variables, XComs"
DEFENCE = "a task renders its templates with the same allow-list, in a sandbox of its own"
MUST = HELD
NEEDS = ()
undefended = at_their_word
WAYS = (
    "{{ conn.beta.password }}",
    "{{ var.value.beta }}",
    "{{ ti.xcom_pull(dag_id='beta.gives') }}",
    "{{ task.kept }}",
    "{{ ds.__class__.__mro__ }}",
    "{{ ''['__cl' ~ 'ass__'] }}",
    "{{ macros.uuid.os }}",
)


def harmless(place: Place) -> str:
    """Return what a template of the allow-list becomes."""
    return _rendered(place, "{{ ds }}")


def attack(place: Place) -> str:
    """Return what the templates have become."""
    return ", ".join(filter(None, (_rendered(place, way) for way in WAYS)))


def _rendered(place: Place, text: str) -> str:
    try:
        if is_trusted(place):
            return SandboxedEnvironment().from_string(text).render(_context())
        return render(text, _context(), TenantValues("alpha", {}))
    except Exception:
        return ""


def _context() -> dict[str, Any]:
    kept = SimpleNamespace(password=MARK, kept=MARK)
    return {
        "ds": "2026-01-01",
        "conn": SimpleNamespace(beta=kept),
        "var": SimpleNamespace(value=SimpleNamespace(beta=MARK)),
        "ti": SimpleNamespace(xcom_pull=lambda **_: MARK),
        "task": kept,
    }
