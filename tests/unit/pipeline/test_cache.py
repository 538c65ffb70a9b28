"""What did not change is not loaded again, and nothing that changed is missed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aerodrome.pipeline import Build, build

MARK = "# from the cache\n"
PACKAGE = "  - {id: call, needs: [go], uses: python.call, with: {function: 'alpha.jobs:run'}}\n"
QUERY = "  - {id: ask, needs: [call], uses: sql.query, with: {connection: warehouse, sql: {$f: ask.sql}}}\n"
IN_PROCESS = """
import sys; from pathlib import Path; from aerodrome.pipeline import build
cache = Path(sys.argv[2]) if sys.argv[2:] else None
made = build(Path(sys.argv[1]), "local", runtimes={"alpha": "0" * 16}, cache=cache)
print(made.files, made.problems, "aerodrome.render.dags" in sys.modules)
"""
# Saves a file just before it is read the second time: the first time was for the cache, the second is the loader's.
SAVED_MEANWHILE = """
import sys; from pathlib import Path; from aerodrome.pipeline import build
root, cache, file, text = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
before, seen = file.read_text(), []

def save(event, arguments):
    if event == "open" and str(arguments[0]) == str(file) and isinstance(arguments[2], int) and not writing:
        seen.append(file)
        if len(seen) == 2:
            writing.append(True); file.write_text(text)

writing = []
sys.addaudithook(save)
first = build(root, "local", runtimes={}, cache=cache)
assert len(seen) > 1, seen
file.write_text(before)
assert build(root, "local", runtimes={}, cache=cache) == build(root, "local", runtimes={}), "the cache is wrong"
print(first == build(root, "local", runtimes={}))
"""
# Prints what a check opens or lists below some places.
READ_BELOW = """
import os, sys; from pathlib import Path; from aerodrome.verify import verify
read, root = set(), Path(sys.argv[1])
places = (str(root / sys.argv[2]), sys.argv[3])

def note(event, arguments):
    if event in ("open", "os.scandir", "os.listdir") and isinstance(arguments[0], (str, Path)):
        read.update(path for path in [str(arguments[0])] if (path + "/").startswith(places))

sys.addaudithook(note)
found = verify(root, "local", progress=lambda _: None)
print(sorted(read), [problem.file for problem in found.problems])
"""


class Built:
    """A repository of two tenants, built into one cache again and again."""

    def __init__(self, place: Any) -> None:
        self.root: Path = place.root
        self.cache = place.root.parent / "cache"
        self.place = place
        place.tenant("alpha", "daily", more="connections: {warehouse: {type: postgres}}\n")
        place.tenant("beta", "daily")
        place.write("tenants/alpha/dags/ask.sql", "SELECT 1")
        place.write("tenants/alpha/src/alpha/jobs.py", "def run() -> None: ...\n")
        place.write(
            "tenants/alpha/dags/daily.yaml", place.dag("alpha", "daily").read_text() + PACKAGE + QUERY
        )

    def build(self, **runtimes: str) -> Build:
        """Return what is built now."""
        return build(self.root, "local", runtimes={"alpha": "a" * 16, **runtimes}, cache=self.cache)

    def mark(self) -> None:
        """Mark the cached texts: a text that carries the mark was not rendered again."""
        self.build()
        for file in self.cache.glob("*.json"):
            stored = json.loads(file.read_text())
            stored["files"] = [{**one, "text": MARK + one["text"]} for one in stored["files"]]
            file.write_text(json.dumps(stored))

    def from_cache(self, **runtimes: str) -> set[str]:
        """Return the tenants that come out of the marked cache."""
        made = self.build(**runtimes)
        assert not made.problems
        return {path.partition("/")[0] for path, text in made.files.items() if text.startswith(MARK)}


@pytest.fixture
def built(place: Any) -> Built:
    """Two tenants, of which alpha has a package and an included file."""
    return Built(place)


def test_a_second_build_equals_the_first(built: Built) -> None:
    """To the byte, and also the one without a cache."""
    first = built.build()
    assert not first.problems and len(first.dags) == 2
    assert built.build() == first == build(built.root, "local", runtimes={"alpha": "a" * 16})


def test_a_second_build_renders_nothing(built: Built) -> None:
    """Not even the renderer is imported."""
    run = [sys.executable, "-c", IN_PROCESS, built.root, built.cache]
    first, second = (subprocess.run(run, capture_output=True, text=True, check=True).stdout for _ in "12")
    assert first.endswith("True\n") and second == first.removesuffix("True\n") + "False\n"


def test_nothing_changed_is_told_by_content_alone(built: Built) -> None:
    """A fresh checkout has new times and the same files."""
    built.mark()
    for path in built.root.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert built.from_cache() == {"alpha", "beta"}


CHANGES: dict[str, Callable[[Built], object]] = {
    "manifest": lambda b: b.place.dag("alpha", "more"),
    "included file": lambda b: b.place.write("tenants/alpha/dags/ask.sql", "SELECT 2"),
    "tenant.yaml": lambda b: (b.root / "tenants/alpha/tenant.yaml").open("a").write("values: {x: 1}\n"),
    "source": lambda b: b.place.write("tenants/alpha/src/alpha/jobs.py", "def run() -> int: ...\n"),
    "any file": lambda b: b.place.write("tenants/alpha/README", "x"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_one_tenant_builds_that_tenant_alone(built: Built, what: str) -> None:
    """The other one comes from the cache."""
    built.mark()
    CHANGES[what](built)
    assert built.from_cache() == {"beta"}


def test_a_new_virtual_environment_builds_its_tenant_alone(built: Built) -> None:
    """Its name stands in the rendered file."""
    built.mark()
    assert built.from_cache(alpha="b" * 16) == {"beta"}
    assert "b" * 16 in built.build(alpha="b" * 16).files["alpha/daily.py"]


def test_a_change_of_the_environment_builds_everything(built: Built) -> None:
    """Its limits and queues are in every file."""
    built.mark()
    with (built.root / "environments/local/environment.yaml").open("a") as stream:
        stream.write("limits: {retries: 5}\n")
    assert built.from_cache() == set()


def test_a_new_environment_builds_everything(built: Built) -> None:
    """A manifest may hold differences for it, which were unknown before."""
    built.mark()
    built.place.write("environments/staging/environment.yaml", "kind: local\n")
    assert built.from_cache() == set()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"null", b"[1]", b"5", b'{"key": "x"}', b"\xff\xfe", b"[" * 100_000]
)
def test_a_corrupt_cache_is_ignored(built: Built, content: bytes) -> None:
    """And replaced by a good one."""
    first = built.build()
    for file in built.cache.glob("*.json"):
        file.write_bytes(content)
    assert built.build() == first
    assert json.loads((built.cache / "alpha.json").read_text())["files"]


def test_an_edited_cache_entry_of_the_wrong_shape_is_ignored(built: Built) -> None:
    """Its key may still be the right one."""
    first = built.build()
    file = built.cache / "alpha.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "files": [{"path": "x"}]}))
    assert built.build() == first


@pytest.mark.parametrize("file", ["tenants/alpha/dags/daily.yaml", "environments/local/environment.yaml"])
def test_a_file_that_is_saved_meanwhile_is_not_remembered(place: Any, file: str) -> None:
    """What was loaded belongs to no state that the key could name: the old file back, the old DAG is back."""
    place.tenant("alpha", "daily")
    text = (place.root / file).read_text()
    other = text + ("description: another\n" if "dags" in file else "limits: {retries: 1}\n")
    run = [
        sys.executable,
        "-c",
        SAVED_MEANWHILE,
        place.root,
        place.root.parent / "cache",
        place.root / file,
        other,
    ]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("False\n", "")


def test_a_link_in_the_place_of_a_tenant_is_not_followed(place: Any, tmp_path: Path) -> None:
    """It could lead to the root of the machine, all of which would be read."""
    place.tenant("alpha")
    place.tenant("elsewhere")
    place.write("tenants/elsewhere/src/elsewhere/__init__.py", "")
    (place.root / "tenants/elsewhere").rename(tmp_path / "elsewhere")
    (place.root / "tenants/linked").symlink_to(tmp_path / "elsewhere")
    run = [sys.executable, "-c", READ_BELOW, place.root, "tenants/linked/", f"{tmp_path}/elsewhere"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[] ['tenants/linked']\n", "")


def test_a_cache_that_cannot_be_written_is_no_error(built: Built) -> None:
    """A file stands where the folder should be, which stops root too."""
    built.cache.write_text("")
    assert len(built.build().dags) == 2


def test_mistakes_come_out_of_the_cache_too(built: Built) -> None:
    """A second check must not pass where the first did not."""
    built.place.dag("alpha", "broken", "dag_id: broken\n")
    built.place.write("tenants/gamma/README", "no tenant.yaml")
    (built.root / "tenants/linked").symlink_to("alpha")
    first = built.build()
    assert {problem.file for problem in first.problems} == {
        "tenants/alpha/dags/broken.yaml",
        "tenants/gamma/tenant.yaml",
        "tenants/linked",
    }
    assert built.build() == first


def test_a_link_to_a_folder_is_seen(built: Built) -> None:
    """It is a mistake, and a tree walk that skips it would not notice it."""
    built.build()
    (built.root / "tenants/alpha/dags/more").symlink_to("/etc", target_is_directory=True)
    assert [problem.file for problem in built.build().problems] == ["tenants/alpha/dags/more"]


def test_a_pipe_in_a_tenants_folder_does_not_hold_the_build(built: Built) -> None:
    """Nobody ever writes into it."""
    os.mkfifo(built.root / "tenants/alpha/dags/pipe.yaml")
    assert [problem.file for problem in built.build().problems] == ["tenants/alpha/dags/pipe.yaml"]


def test_a_huge_file_is_told_by_its_size(built: Built) -> None:
    """It is refused by the loader and not read for the cache."""
    built.build()
    built.place.write("tenants/alpha/dags/huge.yaml", "#" * 11_000_000)
    assert [problem.file for problem in built.build().problems] == ["tenants/alpha/dags/huge.yaml"]


def test_the_bytes_do_not_depend_on_the_process(built: Built) -> None:
    """Sets and dicts come out in one order under every hash seed."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", IN_PROCESS, built.root],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(outputs) == 1


def test_an_environment_that_is_broken_is_told_every_time(built: Built) -> None:
    """Though every tenant is in the cache."""
    from aerodrome.errors import UserError

    built.build()
    built.place.write("environments/local/environment.yaml", "kind: local\n")
    for _ in range(2):
        with pytest.raises(UserError, match=r"environments/local/environment\.yaml"):
            built.build()
