"""Rendered DAGs, the secrets store and the chart mean the same pods, accounts and roles."""

from __future__ import annotations

import fnmatch
import json
import re
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from aerodrome import names
from aerodrome.environment import Environment
from aerodrome.manifest.load import load_repository
from aerodrome.render import airflow_options, pods_logs
from aerodrome.render.chart_values import chart_values
from aerodrome.render.tenant import render_tenant
from aerodrome.secrets import iam, layout, logs_iam, pods_iam, results_iam
from aerodrome_airflow.secrets import config
from aerodrome_airflow.secrets.ssm import Parameters
from kubernetes.utils import parse_quantity

REPOSITORY = Path(__file__).resolve().parents[3]
ENVIRONMENT = Environment.model_validate(
    {
        "name": "prod-eu",
        "kind": "kubernetes",
        "zones": {"default": {}, "pii": {}, "onprem": {"workers": "hosts"}, "platform": {}},
        "queues": {
            "default": {"zone": "default"},
            "pii": {"zone": "pii", "personal_data": True, "shared": False},
            "onprem": {"zone": "onprem", "shared": False},
            "maintenance": {"zone": "platform", "tenants": False},
        },
        "alert_channels": {"central": {"type": "file", "target": "central.jsonl"}},
        "secrets": {"vault": {"url": "https://vault.example.org:8200"}},
        "cluster": {"namespace": "airflow", "release": "rel"},
    }
)
QUEUED_ANEW = 600
"""Airflow's scheduler.task_queued_timeout, which nobody here changes."""
DIGEST = "sha256:" + "7" * 64
IMAGES = {
    name: {"repository": f"registry.example.org/{name}", "digest": DIGEST} for name in ("flights", "health")
}
STORE = {"to": [{"ipBlock": {"cidr": "10.0.8.0/28"}}]}
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
AWS = {"region": "eu-central-1", "agent_role": "arn:aws:iam::123456789012:role/a-{zone}"}
ROLES = {name: [f"arn:aws:iam::444455556666:role/{name}"] for name in ("flights", "health")}
Objects = Callable[..., Any]


def in_aws() -> Environment:
    """Return the same environment with its connections and large results in AWS."""
    said = ENVIRONMENT.model_dump(exclude={"secrets", "results", "cluster"}) | {
        "secrets": {"store": "ssm", "ssm": {**AWS, "prefix": "/team", "connection_roles": ROLES}},
        "results": {"kind": "s3", "s3": {**AWS, "bucket": "our-results"}, "inline": 1000},
        "cluster": {"namespace": "airflow", "release": "rel", "oidc_issuer": f"https://{ISSUER}"},
    }
    return Environment.model_validate(said)


def in_eks() -> Environment:
    """Return the same environment in a cluster of AWS, with roles for tenants' code."""
    eks = {"name": "airflow", "region": "eu-central-1", "account": "123456789012"}
    said = in_aws().model_dump(exclude={"cluster", "aws"}) | {
        "cluster": {"release": "rel", "oidc_issuer": f"https://{ISSUER}", "eks": eks},
        "aws": {"manage_iam": True},
    }
    return Environment.model_validate(said)


def with_logs() -> Environment:
    """Return the same environment with pods that send their logs."""
    return Environment.model_validate(
        in_eks().model_dump(exclude={"logs"})
        | {"logs": {"kind": "s3", "s3": {"bucket": "our-logs", "region": "eu-central-1"}}}
    )


def released(objects_of: Objects, tenants: Any, environment: Environment) -> Any:
    """Return what the chart makes of the values of an environment, and of what only operations know."""
    made = chart_values(tenants, environment, IMAGES)
    network = made["tenancy"].get("networkPolicy", {})
    peers = {name: STORE | network.get(name, {}) for name in ("secretsStore", "logsStore")}
    return objects_of(**made | {"tenancy": made["tenancy"] | {"networkPolicy": peers}})


@pytest.fixture(scope="module")
def tenants() -> Any:
    """The repository's own tenants, in the cluster."""
    return load_repository(REPOSITORY, ENVIRONMENT, None).tenants


@pytest.fixture(scope="module")
def release(objects_of: Any, tenants: Any) -> Any:
    """What the chart makes of their values."""
    return released(objects_of, tenants, ENVIRONMENT)


def test_every_pod_template_that_a_dag_names_is_in_the_scheduler(release: Any, tenants: Any) -> None:
    """And there are no others."""
    texts = [file.text for tenant in tenants for file in render_tenant(tenant, ENVIRONMENT, "0" * 16)]
    named = {found for text in texts for found in re.findall(r"\bpod_template_file\W+?(/[\w/.-]+)", text)}
    offered = {f"/opt/aerodrome/pods/{name}" for name in release.pod_templates()}
    assert named and named <= offered
    zones = {("flights", "default"), ("health", "pii")}
    assert offered == {names.pod_template(tenant, zone) for tenant, zone in zones}


def test_every_pod_has_a_role_in_the_secrets_store(release: Any, tenants: Any) -> None:
    """Of its own account and namespace, at the mount that its agent asks, for the audience of its token."""
    models = {tenant.name: tenant.model for tenant in tenants}
    roles = layout.desired(ENVIRONMENT, models).of(layout.KUBERNETES_ROLE)
    for text in release.pod_templates().values():
        pod = yaml.safe_load(text)
        account, namespace = pod["spec"]["serviceAccountName"], pod["metadata"]["namespace"]
        made = release.of("ServiceAccount", namespace)[account]
        role = roles[made["metadata"]["annotations"]["aerodrome/vault-role"]]
        assert role["bound_service_account_names"] == [account]
        assert role["bound_service_account_namespaces"] == [namespace]
        (login,) = (one for one in pod["spec"]["volumes"] if one["name"] == "secrets-login")
        assert login["projected"]["sources"][0]["serviceAccountToken"]["audience"] == role["audience"]


def test_the_values_are_the_same_for_the_same_tenants(tenants: Any) -> None:
    """Whatever order they come in."""
    made = chart_values(tenants, ENVIRONMENT, IMAGES)
    assert repr(made) == repr(chart_values(reversed(tenants), ENVIRONMENT, dict(reversed(IMAGES.items()))))


def test_a_tenant_whose_code_runs_on_hosts_has_no_namespace(tenants: Any) -> None:
    """Its zone keeps the launcher."""
    assert "routes" in {tenant.name for tenant in tenants}
    assert set(chart_values(tenants, ENVIRONMENT, IMAGES)["tenants"]) == {"flights", "health"}


def test_limits_and_image_are_those_of_the_tenant(release: Any) -> None:
    """And its quota holds as many pods as it may run at once, with a few that end."""
    pod = yaml.safe_load(release.pod_templates()["health-pii.yaml"])
    (tenant,) = (one for one in pod["spec"]["initContainers"] if one["name"] == "tenant")
    assert tenant["image"] == f"registry.example.org/health@{DIGEST}"
    assert tenant["resources"]["limits"]["memory"] == str(2**30 + 64 * 2**20)
    (quota,) = release.of("ResourceQuota", "tenant-health").values()
    assert quota["spec"]["hard"]["pods"] == "4"


def test_the_quota_suffices_for_the_pods_that_it_counts(release: Any) -> None:
    """What all containers of a pod ask for, times the pods, is within it."""
    assert list(exceeding(release)) == []


def exceeding(release: Any) -> Iterator[str]:
    """Yield what the pods of a tenant that its quota counts ask for together beyond it: "flights-default: …"."""
    texts = release.pod_templates()
    assert texts
    for name, text in texts.items():
        spec = yaml.safe_load(text)["spec"]
        parts = [one["resources"] for one in (*spec["initContainers"], *spec["containers"])]
        (quota,) = release.of("ResourceQuota", f"tenant-{name.partition('-')[0]}").values()
        hard = quota["spec"]["hard"]
        for what in ("requests.cpu", "requests.memory", "limits.memory"):
            kind, _, resource = what.partition(".")
            asked = sum(parse_quantity(part[kind][resource]) for part in parts) * int(hard["pods"])
            if asked > parse_quantity(hard[what]):
                yield f"{name}: {hard['pods']} pods ask for {asked} of {what}, the quota has {hard[what]}"


def login_of(spec: dict[str, Any]) -> dict[str, Any]:
    """Return audience → token that the cluster projects into a pod for its agent."""
    (volume,) = (one for one in spec["volumes"] if one["name"] == "secrets-login")
    sources = (source["serviceAccountToken"] for source in volume["projected"]["sources"])
    return {source["audience"]: source for source in sources}


def workers_of(release: Any) -> dict[str, dict[str, Any]]:
    """Return name → pod of all Celery workers."""
    found = {name: one["spec"]["template"]["spec"] for name, one in release.of("StatefulSet").items()}
    return {name: spec for name, spec in found.items() if "worker" in name}


def test_every_zone_in_the_cluster_has_workers_and_nobody_else_has(release: Any) -> None:
    """Those of all its queues; Airflow's own default is not named. Workers on hosts are none of the chart's."""
    started = {name: spec["containers"][0]["args"][-1] for name, spec in workers_of(release).items()}
    assert {name: text.partition("celery worker")[2].split() for name, text in started.items()} == {
        "rel-worker-default": [], "rel-worker-pii": ["-q", "pii"], "rel-worker-platform": ["-q", "maintenance"],
    }  # fmt: skip


def test_workers_run_as_many_tasks_at_once_as_their_queues_have_slots(release: Any) -> None:
    """Those of environment.yaml, in each pod."""
    for spec in workers_of(release).values():
        env = {one["name"]: one.get("value") for one in spec["containers"][0]["env"]}
        assert env["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "2"


def test_every_zones_workers_have_a_role_in_the_secrets_store(release: Any) -> None:
    """Of their own account, in the namespace of the release, with the right to be each tenant of the zone."""
    roles = layout.desired(ENVIRONMENT, {}).of(layout.KUBERNETES_ROLE)
    for zone in ("default", "pii", "platform"):
        spec = workers_of(release)[f"rel-worker-{zone}"]
        account = release.of("ServiceAccount", "airflow")[spec["serviceAccountName"]]
        role = roles[account["metadata"]["annotations"]["aerodrome/vault-role"]]
        assert role["bound_service_account_names"] == [spec["serviceAccountName"]]
        assert role["bound_service_account_namespaces"] == [ENVIRONMENT.cluster.namespace]
        assert list(login_of(spec)) == [role["audience"]] and account["automountServiceAccountToken"] is False
        said = json.loads(release.of("ConfigMap")[f"rel-worker-{zone}-agent"]["data"]["agent.json"])
        assert (said["zone"], said["store"]["mints"], "tenants" in said) == (zone, True, False)


def test_what_environment_yaml_says_reaches_airflows_configuration(release: Any) -> None:
    """Queue, alert channel, and what keeps tenants apart in every environment."""
    parser = ConfigParser()
    parser.read_string(release.of("ConfigMap")["rel-config"]["data"]["airflow.cfg"])
    assert parser["operators"]["default_queue"] == "default"
    assert json.loads(parser["aerodrome"]["central_alert_channel"])["target"] == "central.jsonl"
    for section, options in airflow_options.everywhere(ENVIRONMENT).items():
        assert {key: parser[section][key] for key in options} == options


def test_pods_are_somebody_in_aws_whom_a_role_trusts(objects_of: Objects, tenants: Any) -> None:
    """By the account that they run as, the tenant's in its zone, with a token for AWS and for nothing else."""
    place = in_aws()
    release = released(objects_of, tenants, place)
    models = {tenant.name: tenant.model for tenant in tenants}
    for name, text in release.pod_templates().items():
        pod = yaml.safe_load(text)
        subject = f"system:serviceaccount:{pod['metadata']['namespace']}:{pod['spec']['serviceAccountName']}"
        assert list(login_of(pod["spec"])) == [names.AWS_AUDIENCE]
        whose = name.partition("-")[0]
        for role in (iam.desired(place, models)[names.iam_role("prod-eu", whose)],
                     results_iam.desired(place, models)[names.results_role("prod-eu", whose)]):  # fmt: skip
            (trusted,) = (one for one in role.trust["Statement"] if "Federated" in one["Principal"])
            assert subject in trusted["Condition"]["StringEquals"][f"{ISSUER}:sub"]


def test_agents_in_aws_know_the_account_and_who_they_are(
    objects_of: Objects, tenants: Any, tmp_path: Path
) -> None:
    """As the agent itself reads its settings: workers are their zone's role, a tenant's pods nobody's before."""
    release = released(objects_of, tenants, in_aws())
    texts = {
        "worker": release.of("ConfigMap")["rel-worker-pii-agent"]["data"]["agent.json"],
        "task": release.of("ConfigMap", "tenant-health")["rel-settings"]["data"]["agent-pii.json"],
        "collector": release.of("ConfigMap")["rel-results-collector"]["data"]["agent.json"],
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    made = {name: config.load(tmp_path / name) for name in texts}
    roles = {name: one.results.agent_role for name, one in made.items() if one.results}
    assert roles == {"worker": AWS["agent_role"].format(zone="pii"), "task": None,
                     "collector": AWS["agent_role"].format(zone="collector")}  # fmt: skip
    assert made["collector"].store is None and made["task"].tenants == {"health"}
    for name in ("worker", "task"):
        store = made[name].store
        assert isinstance(store, Parameters) and (store.prefix, store.agent_role) == ("/team", roles[name])
        assert store.token_file == Path("/var/run/secrets/aerodrome/aws-token")


def test_a_tenants_agents_are_told_of_its_own_roles_alone(
    objects_of: Objects, tenants: Any, tmp_path: Path
) -> None:
    """Those of a zone's workers of all that environment.yaml lists."""
    release = released(objects_of, tenants, in_aws())
    found = {}
    for which, place, name, file in (
        ("zone", None, "rel-worker-pii-agent", "agent.json"),
        ("health", "tenant-health", "rel-settings", "agent-pii.json"),
        ("flights", "tenant-flights", "rel-settings", "agent-default.json"),
    ):
        (tmp_path / which).write_text(release.of("ConfigMap", place)[name]["data"][file])
        store = config.load(tmp_path / which).store
        found[which] = store.connection_roles if isinstance(store, Parameters) else None
    assert found == {
        "zone": ROLES,
        "health": {"health": ROLES["health"]},
        "flights": {"flights": ROLES["flights"]},
    }


def test_tasks_and_workers_keep_large_results_in_the_same_place(objects_of: Objects, tenants: Any) -> None:
    """In the bucket; where there is none they take nothing that would need one."""
    for place, store, largest in (
        (in_aws(), "s3://our-results/aerodrome", str(4 * 2**30)),
        (ENVIRONMENT, "/tmp/results", str(64 * 2**10)),
    ):
        release = released(objects_of, tenants, place)
        pod = yaml.safe_load(release.pod_templates()["flights-default.yaml"])["spec"]
        for spec in (pod, *workers_of(release).values()):
            env = {one["name"]: one.get("value") for one in spec["containers"][0]["env"]}
            assert env["AIRFLOW__CORE__XCOM_BACKEND"] == "aerodrome_airflow.xcom.backend.TenantXCom"
            found = (env["AIRFLOW__AERODROME__XCOM_STORE"], env["AIRFLOW__AERODROME__XCOM_LARGEST_BYTES"])
            assert found == (store, largest)


def test_the_role_of_a_tenants_code_trusts_the_account_that_names_it(
    objects_of: Objects, tenants: Any
) -> None:
    """And the platform's own containers in the same pod are not given it."""
    made, place = released(objects_of, tenants, in_eks()), in_eks()
    roles = pods_iam.desired(place, {tenant.name: tenant.model for tenant in tenants})
    assert set(roles) == {"pods-prod-eu.flights.default", "pods-prod-eu.health.pii"}
    for name, role in roles.items():
        (statement,) = role.trust["Statement"]
        namespace, account = statement["Condition"]["StringEquals"][f"{ISSUER}:sub"].split(":")[2:]
        annotations = made.of("ServiceAccount", namespace)[account]["metadata"]["annotations"]
        arn = f"arn:aws:iam::123456789012:role/aerodrome-pods/prod-eu/{name}"
        assert annotations["eks.amazonaws.com/role-arn"] == arn
        pod = yaml.safe_load(made.pod_templates()[f"{account}.yaml"])
        skipped = pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"].split(",")
        containers = pod["spec"]["containers"] + pod["spec"]["initContainers"]
        assert {one["name"] for one in containers} - set(skipped) == {"tenant"}


def test_every_pod_that_sends_logs_is_one_that_its_role_trusts(objects_of: Objects, tenants: Any) -> None:
    """By account and by the audience of the token that what sends has."""
    made, place = released(objects_of, tenants, with_logs()), with_logs()
    roles = logs_iam.desired(place, {tenant.name: tenant.model for tenant in tenants})
    pods = {name: (yaml.safe_load(text)["spec"], names.namespace(name.partition("-")[0]))
            for name, text in made.pod_templates().items()}  # fmt: skip
    pods |= {name: (spec, "airflow") for name, spec in workers_of(made).items()}
    for spec, namespace in pods.values():
        said = json.loads(_logs_settings(made, spec, namespace))["store"]["role"]
        prefix, _, role = said.rpartition("/")
        (statement,) = roles[role].trust["Statement"]
        account = f"system:serviceaccount:{namespace}:{spec['serviceAccountName']}"
        assert prefix == "arn:aws:iam::123456789012:role/aerodrome-logs/prod-eu"
        assert account in statement["Condition"]["StringEquals"][f"{ISSUER}:sub"]
        assert _audience(spec) == statement["Condition"]["StringEquals"][f"{ISSUER}:aud"]


def _logs_settings(made: Any, spec: dict[str, Any], namespace: str) -> str:
    (volume,) = (one["configMap"] for one in spec["volumes"] if one["name"] == "logs-settings")
    text: str = made.of("ConfigMap", namespace)[volume["name"]]["data"][volume["items"][0]["key"]]
    return text


def _audience(spec: dict[str, Any]) -> str:
    (volume,) = (one["projected"] for one in spec["volumes"] if one["name"] == "logs-login")
    return str(volume["sources"][0]["serviceAccountToken"]["audience"])


def test_the_api_server_reads_logs_as_one_whom_its_role_trusts(objects_of: Objects, tenants: Any) -> None:
    """At the places that the chart gives it."""
    made, place = released(objects_of, tenants, with_logs()), with_logs()
    spec = made.of("Deployment")["rel-api-server"]["spec"]["template"]["spec"]
    reads = logs_iam.desired(place, {})[names.logs_reader_role("prod-eu")].trust["Statement"][0]
    account = f"system:serviceaccount:airflow:{spec['serviceAccountName']}"
    assert reads["Condition"]["StringEquals"] == {
        f"{ISSUER}:aud": _audience(spec),
        f"{ISSUER}:sub": [account],
    }
    (server,) = spec["containers"]
    (mount,) = (one for one in server["volumeMounts"] if one["name"] == "logs-login")
    assert f"{mount['mountPath']}/token" == pods_logs.TOKEN
    said = made.of("ConfigMap")["rel-config"]["data"]["airflow.cfg"]
    assert f"role{names.logs_path('prod-eu')}{names.logs_reader_role('prod-eu')}" in said


def test_the_quota_also_suffices_for_what_sends_logs(objects_of: Objects, tenants: Any) -> None:
    """It takes memory in each pod."""
    assert list(exceeding(released(objects_of, tenants, with_logs()))) == []


def test_the_next_tasks_find_room_beside_pods_that_still_send(objects_of: Objects, tenants: Any) -> None:
    """Each slot's pod of before may be there yet, and the few that end anyway."""
    made = released(objects_of, tenants, with_logs())
    (quota,) = made.of("ResourceQuota", "tenant-health").values()
    (health,) = (tenant for tenant in tenants if tenant.name == "health")
    assert quota["spec"]["hard"]["pods"] == str(2 * health.model.limits.parallelism + 2)


def test_a_task_whose_pod_is_refused_waits_until_another_has_ended(release: Any) -> None:
    """Some rounds of a second of a busy scheduler; one whose pod never fits fails before it is queued anew."""
    parser = ConfigParser(interpolation=None)
    parser.read_string(release.of("ConfigMap")["rel-config"]["data"]["airflow.cfg"])
    ending = yaml.safe_load(release.pod_templates()["health-pii.yaml"])["spec"][
        "terminationGracePeriodSeconds"
    ]
    attempts = int(parser["kubernetes_executor"]["task_publish_max_retries"])
    assert 5 * ending < attempts < QUEUED_ANEW
    assert parser["kubernetes_executor"]["pod_template_file"]


def test_logs_are_named_as_the_roles_that_write_them_want(objects_of: Objects, tenants: Any) -> None:
    """By their queue first, in every process of the cluster; a pod's role may write no other name."""
    environment = with_logs()
    release = released(objects_of, tenants, environment)
    parser = ConfigParser()
    parser.read_string(release.of("ConfigMap")["rel-config"]["data"]["airflow.cfg"])
    found = parser["logging"]["log_filename_template"]
    assert found == airflow_options.LOG_TEMPLATE
    task = {"queue": "pii", "dag_id": "health.publish", "run_id": "r", "task_id": "t", "map_index": -1}
    name = jinja2.Template(found).render(ti=task, try_number=1)
    role = logs_iam.desired(environment, {one.name: one.model for one in tenants})[
        names.logs_role(environment.name, "pii", "health")
    ]
    (statement,) = role.policy["Statement"]
    key = f"arn:aws:s3:::our-logs/{pods_logs.bucket_of(environment).base(environment.name)}pii/{name}"
    assert any(fnmatch.fnmatchcase(key, below) for below in statement["Resource"])
