"""What runs in one stage and was seen to work goes to the next, and nothing else does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from aerodrome.cli.program import commands
from aerodrome.errors import UserError
from image_storage import OCI
from typer.testing import CliRunner

REPOSITORY = Path(__file__).resolve().parents[3]


def refused(stages: Any) -> str:
    """Return what a promotion is refused with; nothing was copied for it."""
    with pytest.raises(UserError) as found:
        stages.bring()
    assert (stages.theirs.manifests, stages.theirs.blobs) == ({}, {})
    return str(found.value)


def test_what_was_seen_to_work_goes_on(stages: Any) -> None:
    """With the digest that it has there, under the tag by which the next stage looks for it."""
    digest = stages.push(b"code")
    entry = stages.works(digest)
    assert stages.bring() == entry and entry.images == {"platform": digest}
    assert stages.theirs.manifests[stages.tag] == stages.ours.manifests[digest]
    assert stages.theirs.blobs == stages.ours.blobs
    assert stages.said[0] == "what runs in staging"


def test_what_went_on_before_is_not_sent_again(stages: Any) -> None:
    """A promotion can be repeated until its deploy has ended well."""
    stages.works(stages.push(b"code"))
    stages.bring()
    sent = list(stages.theirs.sent)
    stages.bring()
    assert sent and stages.theirs.sent == sent


def test_nothing_is_copied_for_a_stage_whose_cluster_cannot_be_reached(
    stages: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a registry has been given stays there."""
    monkeypatch.setenv("AERODROME_REPOSITORY", str(stages.root))
    stages.works(stages.push(b"code"))
    done = CliRunner().invoke(commands(), ("promote", "--from=staging", "--to=preprod", "--yes"))
    assert "no context 'preprod'" in str(done.exception)
    assert (stages.theirs.manifests, stages.theirs.sent) == ({}, [])


def test_what_was_never_seen_to_work_stays(stages: Any) -> None:
    """A first deploy whose canary failed has no entry."""
    stages.push(b"code")
    assert refused(stages) == (
        "what runs in staging now was not seen to work: none ever was\n"
        "    make deploy ENV=staging ends with the canary on every queue"
    )


def test_what_failed_its_canary_stays(stages: Any) -> None:
    """Another revision of the release, or other DAGs, ran when the canary last ended well."""
    stages.works(stages.push(b"code"), revision=7)
    assert refused(stages).startswith(
        "what runs in staging now was not seen to work: the last that was is deploy 1\n"
    )


def test_another_commit_than_the_one_that_runs_stays(stages: Any) -> None:
    """The command that checks that one out is shown."""
    there = stages.works(stages.push(b"code")).commit
    (stages.root / "new").touch()
    here = stages.commit()
    assert refused(stages) == (
        f"staging runs commit {there} since deploy 1, and this work tree is at {here}\n"
        f"    git checkout {there}, then start this again"
    )


def test_files_that_were_never_committed_stay(stages: Any) -> None:
    """Nobody could check them out: they are committed first, and tried once more."""
    stages.works(stages.push(b"code"), commit="c0ffee-changed")
    assert "its files were never committed: commit them, and deploy staging again" in refused(stages)


def test_another_image_than_the_one_that_runs_stays(stages: Any) -> None:
    """Somebody has pushed one under its tag since."""
    stages.works(stages.push(b"code"))
    stages.push(b"other code")
    assert refused(stages) == (
        "the registry of staging has another image platform than the one that runs there\n"
        "    deploy it again: make deploy ENV=staging"
    )


def test_an_image_on_another_base_stays(stages: Any) -> None:
    """The next stage would look for it under another tag."""
    stages.write("preprod", base="base:2")
    stages.commit()
    stages.works(stages.push(b"code"))
    assert refused(stages) == (
        "the image platform would be made of other parts in preprod\n"
        "    give both environments the same images.base"
    )


def test_an_image_that_ran_nowhere_is_not_built_for_a_promotion(stages: Any) -> None:
    """A tenant has pods in the next stage alone: what it runs there, nobody has tried."""
    shutil.copytree(REPOSITORY / "tenants/flights", stages.root / "tenants/flights")
    stages.write("staging", workers="workers: hosts")
    stages.commit()
    stages.works(stages.push(b"code"))
    assert refused(stages) == (
        "preprod has pods of what has none in staging: tenants/flights\n"
        "    let it run in staging first, or build what was never tried: make images ENV=preprod"
    )


def test_a_tenant_whose_image_was_never_made_keeps_no_other_back(stages: Any) -> None:
    """It stays as it was deployed in both stages; all else goes on."""
    shutil.copytree(REPOSITORY / "tenants/flights", stages.root / "tenants/flights")
    stages.commit()
    digest = stages.push(b"code")
    stages.works(digest)
    stages.bring()
    assert stages.theirs.manifests[stages.tag] == stages.ours.manifests[digest]
    assert (
        "tenants/flights: not in the registry of staging: its tenant stays as it was deployed" in stages.said
    )


def test_an_image_that_is_only_in_the_next_stage_is_not_taken_for_one_that_ran(stages: Any) -> None:
    """Somebody has made it there by hand: nobody has seen it work."""
    shutil.copytree(REPOSITORY / "tenants/flights", stages.root / "tenants/flights")
    stages.commit()
    stages.works(stages.push(b"code"))
    stages.theirs.keep(
        OCI, {"config": stages.theirs.put(b"{}"), "layers": []}, stages.tag_of("tenants/flights")
    )
    with pytest.raises(UserError, match="another image tenants/flights than the one that runs there"):
        stages.bring()
