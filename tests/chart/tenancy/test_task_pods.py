"""From each pod template of the chart, Airflow's Kubernetes executor makes a pod that keeps a tenant's code apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aerodrome import names

ARGUMENTS = [
    "python",
    "-m",
    "airflow.sdk.execution_time.execute_workload",
    "--json-string",
    "the-task's-token",
]
LOGIN = {"secrets-login", "agent-settings", "secrets"}


@pytest.fixture(autouse=True)
def _enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__AERODROME__ENFORCE_POLICY", "True")


@pytest.fixture(scope="module")
def templates(objects_of: Any) -> dict[str, str]:
    """The files of the scheduler, by name."""
    found: dict[str, str] = objects_of("tenants").pod_templates()
    return found


def pod_of(folder: Path, tenant: str, zone: str, templates: dict[str, str], dag_tenant: str = "") -> Any:
    """Return the pod as the executor would send it to the cluster."""
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator

    name = Path(names.pod_template(tenant, zone)).name
    (folder / name).write_text(templates[name])
    pod = PodGenerator.construct_pod(
        dag_id=names.dag_id(dag_tenant or tenant, "daily"),
        task_id="load",
        pod_id="load-1",
        try_number=1,
        # As the scheduler has it where there are tenants: the image is the template's.
        kube_image=None,  # type: ignore[arg-type]
        date=None,
        args=ARGUMENTS,
        pod_override_object=None,
        base_worker_pod=PodGenerator.deserialize_model_file(str(folder / name)),
        namespace="airflow",
        scheduler_job_id="1",
        run_id="r",
        with_mutation_hook=True,
    )
    return PodGenerator.serialize_pod(pod)


@pytest.fixture(params=[("flights", "default"), ("health", "pii")], ids="-".join)
def pod(request: pytest.FixtureRequest, tmp_path: Path, templates: dict[str, str]) -> dict[str, Any]:
    """The pod of a tenant in a zone, as JSON."""
    made: dict[str, Any] = pod_of(tmp_path, *request.param, templates)
    return made


def containers(pod: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return name → container of *pod*, sidecars included."""
    return {one["name"]: one for one in (*pod["spec"]["initContainers"], *pod["spec"]["containers"])}


def mounted(container: dict[str, Any]) -> set[str]:
    """Return the volumes that *container* sees."""
    return {mount["name"] for mount in container["volumeMounts"]}


def test_it_is_in_the_tenants_namespace_under_the_zones_account(pod: dict[str, Any]) -> None:
    """And its labels tell the network policy which zone it is."""
    tenant, zone = (pod["metadata"]["labels"][key] for key in (names.TENANT_LABEL, names.ZONE_LABEL))
    assert pod["metadata"]["namespace"] == names.namespace(tenant)
    assert pod["spec"]["serviceAccountName"] == names.service_account(tenant, zone)
    assert pod["spec"]["automountServiceAccountToken"] is False


def test_only_the_platforms_container_holds_the_tasks_token(pod: dict[str, Any]) -> None:
    """In its arguments, which another container cannot see: they share no processes."""
    found = containers(pod)
    assert found["base"]["args"] == ARGUMENTS
    assert not any("token" in str(found[name].get("args")) for name in ("tenant", "secrets"))
    assert not pod["spec"].get("shareProcessNamespace") and not pod["spec"].get("hostPID")
    assert [one["name"] for one in pod["spec"]["containers"]] == ["base"]


def test_the_tenants_container_sees_no_login(pod: dict[str, Any]) -> None:
    """Neither the account's token nor the agent's socket; and it shares no files with the platform's container."""
    found = containers(pod)
    assert "secrets-login" in mounted(found["secrets"]) and not LOGIN & mounted(found["tenant"])
    assert "secrets-login" not in mounted(found["base"])
    assert mounted(found["tenant"]) & mounted(found["base"]) == {"launcher", "config"}
    config = [mount for mount in found["tenant"]["volumeMounts"] if mount["name"] == "config"]
    assert [mount["subPath"] for mount in config] == ["launcher.json"]
    assert not found["tenant"].get("env") and not found["tenant"].get("envFrom")


def test_it_ends_with_the_platforms_container(pod: dict[str, Any]) -> None:
    """The others are sidecars; base starts when the launcher listens."""
    found = containers(pod)
    assert {found[name]["restartPolicy"] for name in ("tenant", "secrets")} == {"Always"}
    assert pod["spec"]["restartPolicy"] == "Never" and found["tenant"]["startupProbe"]


def test_each_container_has_its_own_image_and_limits(pod: dict[str, Any]) -> None:
    """The tenant's holds the memory of one task, and the launcher's own share."""
    found = containers(pod)
    assert found["base"]["image"] == found["secrets"]["image"] == "apache/airflow:3.3.2"
    assert found["tenant"]["image"].startswith("registry.example.org/tenants/")
    assert found["tenant"]["resources"]["limits"] == {"cpu": "1", "memory": str((512 + 64) * 2**20)}
    assert all(one["resources"]["limits"]["memory"] for one in found.values())


def test_it_can_change_nothing_but_volumes_of_a_limited_size(pod: dict[str, Any]) -> None:
    """No root, no privilege, a read-only root file system, the runtime's seccomp profile."""
    spec, found = pod["spec"], containers(pod)
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for one in found.values():
        context = one["securityContext"]
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
    empty = [volume["emptyDir"] for volume in spec["volumes"] if "emptyDir" in volume]
    assert empty and all(one["sizeLimit"] for one in empty)


def test_data_that_stays_is_a_claim_where_it_is_asked_for(templates: dict[str, str], tmp_path: Path) -> None:
    """Otherwise it goes with the pod."""
    found = {
        tenant: next(
            one
            for one in pod_of(tmp_path, tenant, zone, templates)["spec"]["volumes"]
            if one["name"] == "data"
        )
        for tenant, zone in (("flights", "default"), ("health", "pii"))
    }
    assert "emptyDir" in found["flights"]
    assert found["health"]["persistentVolumeClaim"] == {"claimName": "data"}


def test_a_role_of_aws_is_for_the_tenants_code_alone(templates: dict[str, str], tmp_path: Path) -> None:
    """What would hand it to every container of the pod is told to leave the platform's out."""
    metadata = pod_of(tmp_path, "health", "pii", templates)["metadata"]
    assert metadata["annotations"]["eks.amazonaws.com/skip-containers"] == "base,secrets"


def test_another_tenants_dag_gets_no_pod_of_it(templates: dict[str, str], tmp_path: Path) -> None:
    """The hook refuses it, whatever a DAG names as its template."""
    with pytest.raises(Exception) as refused:
        pod_of(tmp_path, "health", "pii", templates, dag_tenant="flights")
    assert "made for tenant 'health'" in str(refused.value.__cause__)


def test_dag_files_and_their_login_are_not_the_tenants(objects_of: Any, tmp_path: Path) -> None:
    """git-sync fetches them for the platform's container alone."""
    git = {"gitSync": {"enabled": True, "credentialsSecret": "git"}}
    templates = objects_of("tenants", dags=git).pod_templates()
    found = containers(pod_of(tmp_path, "flights", "default", templates))
    assert {name for name, one in found.items() if "dags" in mounted(one)} == {"base", "git-sync-init"}
    holders = {name for name, one in found.items() if "secretKeyRef" in str(one.get("env"))}
    assert holders == {"git-sync-init"}


def test_launcher_and_agent_take_the_settings_that_the_chart_writes(objects_of: Any, tmp_path: Path) -> None:
    """The files of the config map are read by the programs that the containers start."""
    from aerodrome_airflow.launcher import config as launcher
    from aerodrome_airflow.secrets import config as agent

    settings = objects_of("tenants").of("ConfigMap", "tenant-health")["rel-settings"]["data"]
    for name, text in settings.items():
        (tmp_path / name).write_text(text)
    found = launcher.load(tmp_path / "launcher.json")
    assert list(found.tenants) == ["health"] and found.tenants["health"].limits.memory_bytes == 512 * 2**20
    asked = agent.load(tmp_path / "agent-pii.json")
    assert (asked.environment, asked.zone, asked.tenants) == ("prod", "pii", frozenset({"health"}))
