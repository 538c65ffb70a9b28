"""An image's tag follows from what it is made of, and from nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.images.platform_image import platform_image
from aerodrome.images.recipe import Recipe, tag_of
from aerodrome.images.tenant_image import tenant_image
from hypothesis import given
from hypothesis import strategies as st

PARTS = st.dictionaries(st.text(max_size=6), st.binary(max_size=6), max_size=5)
BASE = "docker.io/library/python:3.11-slim-bookworm"
PACKAGE = '[project]\nname = "alpha"\nversion = "1"\n'
BUILDER = "platform/aerodrome/runtime/on_host.py"
MadeAt = Callable[[], Recipe]


@given(PARTS.flatmap(lambda parts: st.permutations(list(parts.items()))))
def test_the_order_of_parts_does_not_count(parts: list[tuple[str, bytes]]) -> None:
    """Folders are listed differently on other machines."""
    assert tag_of(parts) == tag_of(sorted(parts))


@given(PARTS, PARTS)
def test_other_parts_have_another_tag(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    """Where a name ends and its content begins counts as well."""
    assert (tag_of(one.items()) == tag_of(other.items())) is (one == other)


@pytest.fixture
def root(tmp_path: Path, repository: Path) -> Path:
    """A repository with little code, and the real files of images."""
    made = tmp_path / "repository"
    shutil.copytree(repository / "platform/image", made / "platform/image")
    for folder in ("platform/aerodrome/runtime", "platform/aerodrome_airflow", "common_plugins"):
        (made / folder / "deep").mkdir(parents=True)
        (made / folder / "deep/code.py").write_text("one = 1\n")
    (made / "platform/aerodrome/names.py").write_text("one = 1\n")
    (made / BUILDER).write_text("from aerodrome.runtime.deep import code  # x")
    (made / "common_plugins/deep/more.py").write_text("from aerodrome import names\n")
    (made / "ansible").mkdir()
    for file in ("ansible/worker.lock", "bootstrap.lock"):
        (made / file).write_text("uv==1 --hash=sha256:" + "1" * 64)
    shutil.copy(repository / "pyproject.toml", made)
    return made


def tag(root: Path, base: str = BASE) -> str:
    """Return the tag of the platform's image."""
    return platform_image(root, base, root.parent / "cache").tag


INPUTS = [
    *(f"platform/image/{name}" for name in ("Dockerfile", "entrypoint", "clean-logs")),
    *("ansible/worker.lock", "bootstrap.lock", "platform/aerodrome/names.py", BUILDER),
    *(
        f"{folder}/deep/code.py"
        for folder in ("platform/aerodrome/runtime", "platform/aerodrome_airflow", "common_plugins")
    ),
]


@pytest.mark.parametrize("file", INPUTS)
def test_one_byte_of_an_input_makes_another_platform_image(root: Path, file: str) -> None:
    """And the same bytes make the same one again."""
    before, content = tag(root), (root / file).read_bytes()
    (root / file).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert tag(root) != before
    (root / file).write_bytes(content)
    assert tag(root) == before


def test_another_entry_point_makes_another_platform_image(root: Path) -> None:
    """Of what pyproject.toml says, that and the version alone count; a package for tests does not."""
    before, file = tag(root), root / "pyproject.toml"
    file.write_text(
        file.read_text().replace("[project.scripts]", '[project.scripts]\nmore = "aerodrome:more"')
    )
    assert tag(root) == before
    file.write_text(file.read_text().replace("aerodrome_airflow.policy", "aerodrome_airflow.another"))
    assert tag(root) != before


def test_another_base_makes_another_platform_image(root: Path) -> None:
    """Its digest is part of its name."""
    assert tag(root) != tag(root, f"{BASE}@sha256:{'1' * 64}")


def test_what_programs_leave_in_folders_does_not_count(root: Path) -> None:
    """Nor what is no input at all."""
    before = tag(root)
    (root / "common_plugins/deep/__pycache__").mkdir()
    (root / "common_plugins/deep/__pycache__/code.pyc").write_bytes(b"x")
    (root / "README.md").write_text("x")
    (root / "platform/aerodrome/cli.py").write_text("from aerodrome import names\n")
    assert tag(root) == before


def test_a_new_file_of_code_counts(root: Path) -> None:
    """Without an edit in any other."""
    before = tag(root)
    (root / "common_plugins/new.py").write_text("")
    assert tag(root) != before


def test_an_input_that_is_not_there_is_named(root: Path) -> None:
    """By its path in the repository."""
    (root / "platform/image/entrypoint").unlink()
    with pytest.raises(AerodromeError) as told:
        tag(root)
    assert (
        str(told.value)
        == "platform/image/entrypoint: No such file or directory\n    check out the commit again"
    )


def tenant(root: Path, base: str = BASE, **files: str) -> Recipe | None:
    """Return the recipe of the tenant alpha's image; *files* are its lock, project and code."""
    folder = root / "tenants/alpha"
    (folder / "src/alpha").mkdir(parents=True, exist_ok=True)
    named = {
        "project": "pyproject.toml",
        "code": "src/alpha/__init__.py",
        "manifest": "tenant.yaml",
        "lock": "a.lock",
    }
    for name, text in {"project": PACKAGE, "code": "", **files}.items():
        (folder / named[name]).write_text(text)
    platform = platform_image(root, base, root.parent / "cache")
    return tenant_image(root, "alpha", platform, f"r/platform:{platform.tag}", root.parent / "cache")


def test_a_tenant_without_code_has_no_image(root: Path) -> None:
    """Its tasks run in the platform's."""
    platform = platform_image(root, BASE, root.parent / "cache")
    (root / "tenants/alpha/dags").mkdir(parents=True)
    (root / "tenants/alpha/tenant.yaml").write_text("owners: []\n")
    assert tenant_image(root, "alpha", platform, "r/platform:t", root.parent / "cache") is None


def test_a_tenants_image_changes_with_its_code_and_with_the_platform(root: Path) -> None:
    """It begins with the platform's."""
    recipes = [
        tenant(root),
        tenant(root),
        tenant(root, code="one = 1\n"),
        tenant(root, base="python:other", code=""),
    ]
    tags = [each.tag for each in recipes if each]
    assert tags[0] == tags[1] and len(set(tags)) == 3 and len(tags) == 4
    (root / "platform/image/tenant.Dockerfile").write_text("ARG PLATFORM\n")
    changed = tenant(root)
    assert changed and changed.tag not in tags and changed.name == "tenants/alpha"


def test_only_a_tenant_that_builds_packages_needs_an_index(root: Path) -> None:
    """All others are built without a network."""
    plain, building = (
        tenant(root),
        tenant(root, project=f'{PACKAGE}[tool.uv]\nno-binary-package = ["pyyaml"]\n'),
    )
    assert plain and building and (plain.needs_index, building.needs_index) == (False, True)


def test_people_are_led_to_the_lock_of_a_tenant(root: Path) -> None:
    """Or to its project, where it names none."""
    assert [recipe and recipe.source for recipe in (
        tenant(root), tenant(root, manifest="dependencies: a.lock\n", lock="")
    )] == ["tenants/alpha/pyproject.toml", "tenants/alpha/a.lock"]  # fmt: skip
