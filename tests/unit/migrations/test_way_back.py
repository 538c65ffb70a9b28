"""A deploy whose canary fails, and a rollback, bring release and DAGs back to what worked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aerodrome.bundle import publish
from aerodrome.clients.cluster_failures import RefusedError, UnreachableError
from aerodrome.clients.cluster_lease import LostError
from aerodrome.clients.git import BareRepository
from aerodrome.clients.git_remote import Remote
from aerodrome.errors import AerodromeError, UserError
from aerodrome.image_settings import ImagesSettings
from aerodrome.kubernetes.deploy import deploy_cluster, followed, rollback_cluster
from aerodrome.kubernetes.desk import ClusterDesk
from aerodrome.kubernetes.ending import Ending, entry_to_go_back_to
from aerodrome.kubernetes.migration import Trail, Turn
from aerodrome.kubernetes.preparation import Preparation
from aerodrome.kubernetes.record import Entry, Record, State
from aerodrome.kubernetes.smoke import SmokeError
from aerodrome.pipeline import Build
from aerodrome.plan import Plan
from aerodrome.render.roles import ADMIN
from aerodrome.targets.database_version import DatabaseVersion
from aerodrome.targets.images import ImagesTarget
from aerodrome.targets.release import unguarded
from aerodrome.targets.remote_bundle import PublishedBundle
from canary_server import Server, serving, task

ONE = DatabaseVersion("3.3.1", "3.10.2")
DAG = "alpha/daily.py"
RECORD = "/api/v1/namespaces/airflow/configmaps/aerodrome-deploys"
FAILED = "queue default: its task failed"


@dataclass
class Place:
    """A cluster in which deploy 1 was seen to work, and another release with other DAGs runs now."""

    platform: Any
    server: BareRepository
    canary: Server
    ending: Ending
    said: list[str] = field(default_factory=list)

    @property
    def published(self) -> str:
        """What the only DAG is now."""
        return self.server.text(DAG)

    def taken_back(self) -> list[str]:
        """Return the lines of what is said when the canary of what runs now failed."""
        with pytest.raises(AerodromeError) as raised:
            self.ending.take_back(AerodromeError(FAILED))
        return str(raised.value.args[0]).splitlines()


def releases(platform: Any) -> None:
    """Have two revisions with other objects each; the newer one runs."""
    platform.deploy(ONE)
    (first,) = platform.helm["revisions"]
    older, newer = {**first, "status": "superseded"}, {**first, "revision": 2}
    platform.have(revisions=[older, newer], objects=True, calls=[])


def bundles(folder: Path) -> tuple[BareRepository, str]:
    """Return a server with two bundles, and the commit of the first one."""
    server = BareRepository(folder / "server.git")
    server.create()
    commits = [publish(server.path, {DAG: text}, source="c0ffee") for text in ("older\n", "newer\n")]
    assert commits[0] is not None
    return server, commits[0].commit


@pytest.fixture
def place(platform: Any, tmp_path: Path) -> Iterator[Place]:
    """The place, whose Airflow runs the canary on its only queue."""
    releases(platform)
    server, first = bundles(tmp_path)
    bundle = PublishedBundle(Remote(BareRepository(tmp_path / "mirror.git"), str(server.path)))
    connection, said = platform.connection(), []
    record = Record(connection.cluster, "airflow")
    record.add(Entry("ada@desk", "c0ffee", State(1, first)))
    with serving() as canary:
        canary.tasks = [task("default")]
        desk = ClusterDesk(connection.cluster, connection.environment, canary.url.removeprefix("http://"))
        desk.known[ADMIN] = "word"
        step = lambda stage, text: said.append(f"{stage}: {text}")  # noqa: E731
        ending = Ending(platform.release(ONE), bundle, desk, record, unguarded, step)
        rights = (lambda progress: progress("given back"),)
        yield Place(platform, server, canary, replace(ending, rights=rights), said)


def test_a_canary_that_fails_takes_all_back(place: Place) -> None:
    """Rights first; the error says to which deploy, and the record that it is what runs again."""
    told = place.taken_back()
    (first, newest) = place.ending.record.entries()
    assert told == [FAILED, f"went back to deploy 1 of {first.when}, which works"]
    assert place.platform.worked == ["rollback"] and place.published == "older\n"
    assert (newest.back_to, newest.commit, newest.state.revision) == (1, "c0ffee", 3)
    assert newest.state.bundle == place.server.head()
    steps = [line.partition(":")[0] for line in place.said]
    assert list(dict.fromkeys(steps)) == ["back", "rights", "release", "bundle", "smoke test"]


def test_a_deploy_of_other_queues_goes_back_to_the_canary_of_then(place: Place) -> None:
    """What was brought back has a task for each queue of then, and none for those of this work tree."""
    (first,) = place.ending.record.entries()
    place.ending.record.add(replace(first, queues=("default", "gpu")))
    place.canary.tasks = [task("default"), task("gpu")]
    assert place.taken_back()[1].startswith("went back to deploy 2 of ")
    assert place.ending.record.entries()[-1].queues == ("default", "gpu")


def test_a_deploy_notes_the_queues_that_its_canary_ran_on(place: Place) -> None:
    """A way back asks for them."""
    place.ending.try_out("c0ffee", {}, changed=True)
    assert place.ending.record.entries()[-1].queues == ("default",)


TRAIL = Trail(
    tuple(
        Turn(SimpleNamespace(name=name), unguarded, asked=True, done=name != "bundle")
        for name in ("secrets", "release", "bundle")
    )
)
HOW_FAR = "done: secrets, release; not done: bundle, smoke test"


def test_how_far_a_deploy_came_is_told_where_it_goes_back(place: Place) -> None:
    """Before what was done about it."""
    with pytest.raises(AerodromeError) as raised, followed(TRAIL, place.ending):
        raise AerodromeError(FAILED)
    told = str(raised.value.args[0]).splitlines()
    assert told[:2] == [FAILED, HOW_FAR] and told[2].startswith("went back to deploy 1 of ")


@pytest.mark.parametrize("kind", [LostError, UnreachableError])
def test_how_far_a_deploy_came_is_told_where_nothing_goes_back(
    place: Place, kind: type[AerodromeError]
) -> None:
    """The lock was lost, or the cluster is away: nobody may change anything then."""
    with pytest.raises(AerodromeError) as raised, followed(TRAIL, place.ending):
        raise kind(FAILED, "look")
    assert (raised.value.args, raised.value.remedy) == ((f"{FAILED}\n{HOW_FAR}",), "look")
    assert (raised.value.exit_code, place.platform.worked) == (kind.exit_code, [])


def test_a_deploy_that_has_lost_its_lock_takes_nothing_back(place: Place) -> None:
    """Neither rights nor DAGs: they may be another one's by now."""

    def lost() -> None:
        raise LostError("the lock was taken by bob")

    (first,) = place.ending.record.entries()
    place.ending.record.add(replace(first, state=State(2, first.state.bundle)))
    place.ending = replace(place.ending, guard=lost)
    assert place.taken_back()[1] == "going back to deploy 2 failed too: the lock was taken by bob"
    assert (place.published, place.said) == ("newer\n", [f"back: failed: {FAILED}"])


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_how_far_a_deploy_came_is_told_where_it_is_interrupted(
    place: Place, signal: type[BaseException]
) -> None:
    """As its last step: Ctrl-C and SIGTERM end the command without a message of their own."""
    with pytest.raises(signal), followed(TRAIL, place.ending):
        raise signal
    assert place.said == [f"interrupted: {HOW_FAR}; the next deploy goes on from there"]
    assert place.platform.worked == []


def test_without_a_deploy_that_worked_all_is_left(place: Place) -> None:
    """There is nothing to go back to."""
    del place.platform.store.objects[RECORD]
    assert place.taken_back() == [FAILED, "no deploy before was seen to work: left as it is"]
    assert (place.platform.worked, place.published, place.said) == ([], "newer\n", [])


def test_a_record_that_is_none_hides_no_failure(place: Place) -> None:
    """Somebody has edited it while the deploy went on: what failed is told first, and all is left."""
    place.platform.store.objects[RECORD] = {"data": {"deploys.json": "{"}}
    assert place.taken_back() == [
        FAILED,
        "left as it is, as nobody can tell what worked before: "
        "ConfigMap aerodrome-deploys is no list of deploys",
    ]
    assert (place.platform.worked, place.published, place.said) == ([], "newer\n", [])


@pytest.fixture
def prepared(platform: Any, monkeypatch: pytest.MonkeyPatch) -> Preparation:
    """What a deploy without tenants and images begins with."""
    monkeypatch.setenv("KUBECONFIG", str(platform.root / "kubeconfig"))
    environment = platform.connection().environment
    images = ImagesTarget(ImagesSettings(registry="registry.example.org/airflow"), ())
    return Preparation(platform.root, environment, Build(()), (), images)


def test_rights_that_are_missing_end_a_deploy_before_its_lock(platform: Any, prepared: Preparation) -> None:
    """Of a plan that was approved by somebody else, too."""
    platform.store.denied = {"get pods/exec in airflow"}
    with pytest.raises(UserError, match="    get pods/exec in namespace airflow\n"):
        deploy_cluster(prepared, lambda *_: None, Plan("prod", ()))
    assert platform.store.asked == []


def test_a_record_that_is_none_ends_a_deploy_before_anything_is_changed(
    platform: Any, prepared: Preparation
) -> None:
    """Only the lock was taken, and given back."""
    platform.store.objects[RECORD] = {"data": {"deploys.json": "{"}}
    with pytest.raises(AerodromeError, match="ConfigMap aerodrome-deploys is no list of deploys"):
        deploy_cluster(prepared, lambda *_: None, Plan("prod", ()))
    assert [asked.partition(" ")[0] for asked in platform.store.asked] == ["POST", "DELETE"]
    assert all("/leases" in asked for asked in platform.store.asked)


def test_where_what_worked_runs_anyway_only_rights_go_back(place: Place) -> None:
    """The deploy had not come to release and DAGs: the error stays as it was."""
    place.ending.record.add(Entry("ada@desk", "c0ffee", State(2, place.ending.bundle.head())))
    assert place.taken_back() == [FAILED]
    assert place.said == [f"back: failed: {FAILED}", "rights: given back"]
    assert (place.platform.worked, place.canary.asked) == ([], 0)


def test_a_release_that_went_back_by_itself_is_on_record_as_its_newest_revision(place: Place) -> None:
    """Each such deploy makes two revisions, of which Helm keeps twenty: what worked would be lost after ten."""
    place.platform.have(objects=False)
    place.platform.store.works(2)
    (first,) = place.ending.record.entries()
    place.ending.record.add(replace(first, state=State(1, place.ending.bundle.head())))
    assert place.taken_back() == [FAILED]
    assert [entry.state.revision for entry in place.ending.record.entries()] == [1, 2]
    assert (place.platform.worked, place.canary.asked) == ([], 0)


def test_a_revision_that_helm_keeps_no_more_is_told_with_those_that_it_does(place: Place) -> None:
    """By a rollback, and by a deploy that would go back by itself."""
    (first,) = place.ending.record.entries()
    place.platform.have(revisions=place.platform.helm["revisions"][1:])
    with pytest.raises(UserError, match="release airflow has no revision 1\n    revisions: 2"):
        place.ending.go_back(first)
    assert place.taken_back()[1] == "going back to deploy 1 failed too: release airflow has no revision 1"
    assert (place.published, place.canary.asked) == ("newer\n", 0)


def test_a_server_of_the_bundle_that_is_away_lets_nothing_go_back(place: Place) -> None:
    """An older release would run newer DAGs; rights of then would be of no use either."""
    first = place.ending.record.entries()[0]
    place.server.path.rename(place.server.path.with_name("elsewhere.git"))
    with pytest.raises(AerodromeError, match=r"server\.git: git ls-remote: "):
        place.ending.go_back(first)
    told = place.taken_back()
    assert told[1].startswith(f"going back to deploy 1 failed too: {place.server.path}: git ls-remote: ")
    assert (place.platform.worked, place.said) == ([], [f"back: failed: {FAILED}"])


@pytest.fixture
def vault_away(place: Place) -> Place:
    """The place, where one of two stores of rights does not answer any more."""

    def away(_: object) -> None:
        raise AerodromeError("Vault is away")

    place.ending = replace(place.ending, rights=(away, *place.ending.rights))
    return place


def test_rights_that_stay_away_keep_nothing_else_from_going_back(vault_away: Place) -> None:
    """Neither those of another store, nor release and DAGs; it is said beside."""
    told = vault_away.taken_back()
    assert told[1].startswith("went back to deploy 1 of ")
    assert told[2:] == ["who may read what could not be brought back: Vault is away"]
    assert "rights: given back" in vault_away.said
    assert vault_away.platform.worked == ["rollback"] and vault_away.published == "older\n"


def test_rights_that_stay_away_are_told_where_nothing_else_is(vault_away: Place) -> None:
    """And where the way back fails, perhaps just for want of them."""
    vault_away.canary.tasks = [task("default", "failed")]
    said = "who may read what could not be brought back: Vault is away"
    told = vault_away.taken_back()
    assert told[1].startswith("going back to deploy 1 failed too: ") and told[-1] == said
    vault_away.ending.record.add(Entry("ada@desk", "c0ffee", State(3, vault_away.server.head() or "")))
    assert vault_away.taken_back() == [FAILED, said]


def test_a_way_back_that_does_not_work_is_no_deploy(place: Place) -> None:
    """Its canary fails as well, and both failures are told."""
    place.canary.tasks = [task("default", "failed")]
    told = place.taken_back()
    assert told[:2] == [FAILED, f"going back to deploy 1 failed too: {FAILED}; its log:"]
    with pytest.raises(SmokeError):
        place.ending.go_back(place.ending.record.entries()[0])
    assert len(place.ending.record.entries()) == 1


def test_a_canary_that_the_cluster_keeps_away_is_told_as_refused(place: Place) -> None:
    """A right that was taken away meanwhile is no Airflow that does not answer."""

    def refuse() -> None:
        raise RefusedError("ada may not get pods/portforward in namespace airflow")

    place.ending.desk.check_way = refuse
    with pytest.raises(RefusedError):
        place.ending.go_back(place.ending.record.entries()[0])
    assert place.taken_back()[-1].endswith(
        "failed too: ada may not get pods/portforward in namespace airflow"
    )


def test_without_a_password_to_ask_the_canary_nothing_goes_back(place: Place) -> None:
    """Somebody has removed the Secret: release and DAGs would go back, and nobody could say whether they work."""
    del place.ending.desk.known[ADMIN]
    with pytest.raises(AerodromeError, match="Secret aerodrome-people holds no password of Airflow's adm"):
        place.ending.go_back(place.ending.record.entries()[0])
    assert (place.platform.worked, place.published) == ([], "newer\n")


PLACES = (
    "images: {registry: registry.example.org/airflow}\nbundle: {repository: 'git@git.example.org:b.git'}\n"
)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (PLACES, "    get pods/portforward in namespace airflow\n"),
        ("", "it does not say `images` and `bundle`"),
    ],
    ids=["rights", "places"],
)
def test_a_rollback_that_could_not_end_well_is_refused_before_its_lock(
    platform: Any, monkeypatch: pytest.MonkeyPatch, environment: str, said: str
) -> None:
    """Whoever may not ask the canary, or has nowhere to look for the DAGs, would leave half of it done."""
    monkeypatch.setenv("KUBECONFIG", str(platform.root / "kubeconfig"))
    platform.connection(environment)
    platform.store.denied = {"get pods/portforward in airflow"}
    with pytest.raises(UserError, match=said):
        rollback_cluster(platform.root, "prod", lambda *_: None)
    assert platform.store.asked == []


def recorded(platform: Any, *backs: int) -> Record:
    """Return a record of deploys 1, 2, …, each of which went back to the one that *backs* names, 0: to none."""
    record = Record(platform.connection().cluster, "airflow")
    for back in backs:
        record.add(Entry("ada@desk", "c0ffee", State(1, "b"), back_to=back))
    return record


@pytest.mark.parametrize(
    ("backs", "number"),
    [
        ((0, 0), 1),
        # 3 was bad, and somebody went back from it: once more is not to 3 again.
        ((0, 0, 0, 2), 1),
        ((0, 0, 0, 0, 3, 2), 1),
        # 2 went on, the next deploy failed and went back by itself.
        ((0, 0, 2), 1),
        # Before the newest ran what somebody had gone back to, by its newest number.
        ((0, 0, 1, 0), 3),
        # To 2 all the same: before that ran 1, as deploy 3.
        ((0, 0, 1, 2), 3),
        # To a way back is to where that led.
        ((0, 0, 0, 2, 0, 4), 1),
    ],
)
def test_a_rollback_goes_to_the_deploy_before(platform: Any, backs: tuple[int, ...], number: int) -> None:
    """Never to what was gone back from."""
    assert entry_to_go_back_to(recorded(platform, *backs), None).number == number


def test_a_rollback_goes_to_any_deploy_that_is_named(platform: Any) -> None:
    """One that was gone back from, too."""
    assert entry_to_go_back_to(recorded(platform, 0, 0, 1), 2).number == 2


@pytest.mark.parametrize(
    ("number", "said"), [(99, "99"), (None, "before the last that was not gone back from")]
)
def test_what_is_not_on_record_is_refused(platform: Any, number: int | None, said: str) -> None:
    """With the numbers of all that are; before the first deploy, which runs again, there was none."""
    with pytest.raises(UserError) as refused:
        entry_to_go_back_to(recorded(platform, 0, 0, 1), number)
    assert refused.value.args == (f"there is no deploy {said}",)
    assert refused.value.remedy == "deploys that were seen to work: 1, 2, 3"
