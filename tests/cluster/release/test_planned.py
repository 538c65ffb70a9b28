"""A plan of the release names exactly what would change, by the API server's own word."""

from __future__ import annotations

import pytest
from aerodrome.errors import UserError
from release_bench import Bench

SCHEDULER = "apis/apps/v1/deployments"
SECRET = "nobody-reads-this"


def test_an_unchanged_release_has_no_change(deployed: Bench) -> None:
    """Though one of its secrets is generated anew at each rendering that does not look into the cluster."""
    assert deployed.plan() == ()


def test_the_first_plan_is_the_same_each_time(fresh: Bench) -> None:
    """Though it would generate another secret each time, and its namespace is not there."""
    first = fresh.plan()
    assert first == fresh.plan()
    assert {one.action for one in first} == {"create"}
    assert first[0].what == f"Namespace {fresh.namespace}"


def test_a_changed_value_names_the_field_that_it_changes(deployed: Bench) -> None:
    """And no other object."""
    assert deployed.told(replicas=2) == ["update Deployment scheduler: spec.replicas: 1 → 2"]


def test_a_field_that_the_template_states_no_more_is_named(deployed: Bench) -> None:
    """Helm 3 leaves its removal to a comparison with the revision before."""
    deployed.edit("templates/scheduler.yaml", "terminationGracePeriodSeconds: 0", "")
    (change,) = deployed.plan()
    assert (change.what, change.risk) == ("Deployment scheduler", "restarts")
    assert change.why == "spec.template.spec.terminationGracePeriodSeconds: 0 → 30"


def test_removed_objects_are_deleted_unless_they_say_keep(deployed: Bench) -> None:
    """The chart leaves out an account, whose rights go with it, and a map that is to stay."""
    found = {one.what: (one.action, one.risk) for one in deployed.plan(extra=True)}
    assert found.pop("Deployment scheduler") == ("update", "restarts")
    assert found == {"ServiceAccount reader": ("delete", "access")}


def test_a_secret_is_told_by_its_key_alone(released: Bench) -> None:
    """Neither its value nor a digest of it."""
    (change,) = released.plan(password=SECRET)
    assert (change.what, change.why) == ("Secret password", "data.password")
    assert change.before == change.after


def test_what_somebody_edited_is_a_change(released: Bench) -> None:
    """The release states the number of pods, and nobody scales it."""
    path = f"/{SCHEDULER.replace('/deployments', '')}/namespaces/{released.namespace}/deployments/scheduler"
    merge = {"Content-Type": "application/merge-patch+json"}
    released.cluster.request("PATCH", path, body={"spec": {"replicas": 0}}, headers=merge)
    assert released.told() == ["update Deployment scheduler: spec.replicas: 0 → 1"]
    released.deploy()
    assert released.plan() == ()


def test_a_change_is_placed_at_its_line_of_the_values(released: Bench) -> None:
    """Where one value differs, and its template does not."""
    file = released.root / "environments/test/values.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("greeting: hello\nreplicas: 3\n", encoding="utf-8")
    (change,) = released.plan(replicas=3)
    assert change.source == "environments/test/values.yaml:2"


def test_an_edited_template_is_the_place_of_its_change(released: Bench) -> None:
    """The digest of the chart tells that it was edited."""
    released.edit("templates/settings.yaml", "greeting: {{", "more: moin\n  greeting: {{")
    (change,) = released.plan()
    assert (change.what, change.why) == ("ConfigMap settings", "+data.more")
    assert change.source == "helm/small/templates/settings.yaml"


def test_what_cannot_be_changed_is_recreated(deployed: Bench) -> None:
    """The API server says so in its own words."""
    deployed.edit("templates/worker.yaml", "serviceName: worker", "serviceName: workers")
    (change,) = deployed.plan()
    deployed.deploy()
    deployed.restore()
    deployed.deploy()
    assert change.why.startswith('must be recreated: StatefulSet.apps "worker" is invalid')
    assert change.risk == "restarts"


def test_a_refused_object_is_told_with_its_template(released: Bench) -> None:
    """Before anything is changed."""
    with pytest.raises(UserError) as raised:
        released.plan(replicas=-1)
    assert "Deployment scheduler (helm/small/templates/scheduler.yaml)" in str(raised.value)
    assert "must be greater than or equal to 0" in str(raised.value)


def test_values_of_the_wrong_type_are_told_by_key(deployed: Bench) -> None:
    """By the chart's schema."""
    with pytest.raises(UserError, match=r"small: replicas: .*(integer)"):
        deployed.plan(replicas="two")


def test_a_broken_template_is_told_with_its_line(deployed: Bench) -> None:
    """Nothing is asked of the cluster then."""
    deployed.edit("templates/access.yaml", "{{- if not", "{{- iff not")
    text = deployed.failure()
    assert "access.yaml:1" in text
    assert 'function "iff" not defined' in text
