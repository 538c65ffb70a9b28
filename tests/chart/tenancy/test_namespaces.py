"""What the chart makes for a tenant, and what it leaves alone without one."""

from __future__ import annotations

from typing import Any

import pytest

TENANTS = ("tenant-flights", "tenant-health")
OWN = {
    "Namespace", "ServiceAccount", "Role", "RoleBinding", "ResourceQuota", "LimitRange", "NetworkPolicy",
    "ConfigMap", "PersistentVolumeClaim",
}  # fmt: skip


@pytest.fixture(scope="module")
def release(objects_of: Any) -> Any:
    """Two tenants."""
    return objects_of("tenants")


def test_without_tenants_there_is_nothing_of_them(objects_of: Any) -> None:
    """No object, and no word of them but where metrics are named: the word before a DAG's first point."""
    found = objects_of().objects
    assert {one["metadata"].get("namespace", "airflow") for one in found} == {"airflow"}
    silent = str([one for one in found if one["metadata"]["name"] != "rel-statsd"])
    assert "aerodrome" not in silent and "tenant" not in silent


def test_a_tenant_has_a_namespace_with_all_that_it_needs(release: Any) -> None:
    """Nothing else is in it, and Helm keeps it when the tenant goes: its files would go with it."""
    kinds = {one["kind"] for one in release.objects if one["metadata"].get("namespace") == TENANTS[1]}
    assert kinds == OWN - {"Namespace"}
    made = release.of("Namespace")
    assert set(made) == set(TENANTS)
    labels = made["tenant-flights"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert made["tenant-flights"]["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_only_the_scheduler_may_do_anything_there(release: Any) -> None:
    """It makes, follows and removes pods, and reads their logs: no secrets, no commands in a container."""
    for namespace in TENANTS:
        (role,) = release.of("Role", namespace).values()
        allowed = {(*rule["resources"], *rule["verbs"]) for rule in role["rules"]}
        pods = ("pods", "create", "get", "list", "watch", "patch", "delete")
        assert allowed == {pods, ("pods/log", "get")}
        (binding,) = release.of("RoleBinding", namespace).values()
        scheduler = {"kind": "ServiceAccount", "name": "rel-airflow-scheduler", "namespace": "airflow"}
        assert binding["subjects"] == [scheduler] and binding["roleRef"]["name"] == role["metadata"]["name"]


def test_the_tenants_accounts_are_bound_to_nothing(release: Any) -> None:
    """In no namespace, and not in the cluster."""
    bound = {
        (subject.get("namespace"), subject["name"])
        for kind in ("RoleBinding", "ClusterRoleBinding")
        for one in release.of(kind).values()
        for subject in one["subjects"]
    }
    assert bound and not {namespace for namespace, _ in bound} & set(TENANTS)


def test_an_account_says_which_role_it_has_elsewhere(release: Any) -> None:
    """IAM's, and that of the secrets store."""
    account = release.of("ServiceAccount", "tenant-health")["health-pii"]
    assert account["metadata"]["annotations"] == {
        "aerodrome/vault-role": "aerodrome-prod.pii.health",
        "eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/health-statistics",
    }
    assert account["imagePullSecrets"] == [{"name": "registry"}]
    assert account["automountServiceAccountToken"] is False


def test_the_network_is_shut_but_for_what_tasks_need(release: Any) -> None:
    """DNS, execution API, secrets store, what all tenants share, what the tenant lists; nothing comes in."""
    policies = release.of("NetworkPolicy", "tenant-flights")
    assert policies["deny-all"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    opened = policies["flights-default"]["spec"]
    assert opened["podSelector"] == {"matchLabels": {"aerodrome/zone": "default"}}
    ports = [[port["port"] for port in rule["ports"]] for rule in opened["egress"]]
    assert ports == [[53, 53], [8080], [8200], [443], [5432]]
    api = opened["egress"][1]["to"][0]
    assert api["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "airflow"}
    assert api["podSelector"]["matchLabels"]["component"] == "api-server"
    assert all(rule["to"] for rule in opened["egress"]) and "ingress" not in opened


def test_the_api_server_lets_tenants_in_where_it_is_shut(objects_of: Any) -> None:
    """Only with network policies for the release; without, everybody comes to it anyway."""
    name = "rel-api-server-tenants"
    assert name not in objects_of("tenants").of("NetworkPolicy", "airflow")
    policy = objects_of("tenants", networkPolicies={"enabled": True}).of("NetworkPolicy", "airflow")[name]
    (source,) = policy["spec"]["ingress"][0]["from"]
    assert source["namespaceSelector"]["matchExpressions"] == [
        {"key": "aerodrome/tenant", "operator": "In", "values": ["flights", "health"]}
    ]


def test_a_namespace_that_others_make_is_left_to_them(objects_of: Any) -> None:
    """What is in it is made all the same."""
    found = objects_of("tenants", tenants={"flights": {"namespace": {"create": False}}})
    assert set(found.of("Namespace")) == {"tenant-health"}
    assert found.of("ServiceAccount", "tenant-flights")


def test_a_zones_own_settings_win_over_the_tenants(objects_of: Any) -> None:
    """As the tenant's do over what all have."""
    zones = {"default": {"priorityClassName": "urgent"}, "slow_one": {}}
    found = objects_of("tenants", tenants={"flights": {"priorityClassName": "usual", "zones": zones}})
    texts = found.pod_templates()
    assert set(texts) == {"flights-default.yaml", "flights-slow-one.yaml", "health-pii.yaml"}
    assert "priorityClassName: urgent" in texts["flights-default.yaml"]
    assert "priorityClassName: usual" in texts["flights-slow-one.yaml"]


def test_the_scheduler_watches_the_namespaces_and_reads_the_templates(release: Any) -> None:
    """From where the rendered DAGs name them; and a pod's image is its template's."""
    spec = release.of("Deployment")["rel-scheduler"]["spec"]["template"]["spec"]
    scheduler = next(one for one in spec["containers"] if one["name"] == "scheduler")
    env = {one["name"]: one.get("value") for one in scheduler["env"]}
    prefix = "AIRFLOW__KUBERNETES_EXECUTOR__"
    assert env[f"{prefix}MULTI_NAMESPACE_MODE_NAMESPACE_LIST"] == "airflow,tenant-flights,tenant-health"
    assert env[f"{prefix}MULTI_NAMESPACE_MODE"] == "True" and env[f"{prefix}WORKER_CONTAINER_TAG"] == ""
    mounts = {one["mountPath"]: one["name"] for one in scheduler["volumeMounts"]}
    (volume,) = (one for one in spec["volumes"] if one["name"] == mounts["/opt/aerodrome/pods"])
    sources = [one["configMap"]["name"] for one in volume["projected"]["sources"]]
    assert sources == ["rel-pods-flights", "rel-pods-health"]
    assert set(sources) <= set(release.of("ConfigMap", "airflow"))


def test_the_scheduler_starts_again_where_pods_are_made_otherwise(objects_of: Any) -> None:
    """A task that begins straight after a deploy gets the pod of that deploy; an egress rule restarts nothing."""
    changes: dict[str, dict[str, Any]] = {
        "same": {},
        "egress": {"egress": [{"ports": [{"port": 5433, "protocol": "TCP"}]}]},
        "pod": {"priorityClassName": "urgent"},
    }
    made = {name: objects_of("tenants", tenants={"flights": change}) for name, change in changes.items()}
    templates = {
        name: found.of("Deployment")["rel-scheduler"]["spec"]["template"]["metadata"]["annotations"]
        for name, found in made.items()
    }
    assert templates["same"]["checksum/tenant-pods"] == templates["egress"]["checksum/tenant-pods"]
    assert templates["same"] != templates["pod"]
