"""How the program that builds and pushes is called, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.image_builder import Builder, Order
from aerodrome.clients.registry import Login
from aerodrome.errors import AerodromeError, UserError

NAME = "r.example.org/x/platform:t1"
LOGIN = Login("deployer", "a-secret-word")
ALONE = f"""
from pathlib import Path
from aerodrome.clients.image_builder import Builder, Order
from aerodrome.clients.registry import Login
Builder("buildah", Login("u", "p")).build_and_push(Order(Path("/nowhere"), "Dockerfile"), "{NAME}")
"""


def order(folder: Path, **more: Any) -> Order:
    """Return what to build."""
    return Order(folder, "Dockerfile", {"BASE": "b"}, {"title": "t"}, **more)


def made(folder: Path, login: Login | None = None, **more: Any) -> str:
    """Return the digest of what is built and pushed."""
    return Builder("buildah", login).build_and_push(order(folder, **more), NAME)


def is_running(pid: int) -> bool:
    """Return whether the process does anything still."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition: Any) -> None:
    """Return when it holds; fail after half a minute."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_an_image_is_built_and_then_pushed(buildah: Any, tmp_path: Path) -> None:
    """Its digest is what the registry was given; what is built has no network unless one is asked for."""
    assert made(tmp_path) == "sha256:" + "2" * 64
    build, push = (call["arguments"] for call in buildah.calls)
    assert build[0] == "build" and push[0] == "push" and push[-2:] == [NAME, f"docker://{NAME}"]
    assert {"--network=none", "BASE=b", "title=t", "--timestamp=0", "--tls-verify=true"} <= set(build)


@pytest.mark.parametrize(("network", "asked"), [("host", ["--network=host"]), ("default", [])])
def test_a_network_is_the_one_that_is_named(
    buildah: Any, tmp_path: Path, network: str, asked: list[str]
) -> None:
    """The builder's own is its default."""
    made(tmp_path, network=network)
    build = buildah.calls[0]["arguments"]
    assert [word for word in build if word.startswith("--network")] == asked


def test_no_password_is_an_argument(buildah: Any, tmp_path: Path) -> None:
    """Everybody on a machine can read those; the file with it is the user's alone, and gone afterwards."""
    made(tmp_path, LOGIN)
    for call in buildah.calls:
        assert LOGIN.password not in str(call["arguments"]) and "ZGVwbG95ZXI6" not in str(call["arguments"])
        assert call["mode"] == "0o600" and not Path(call["file"]).exists()
    assert len(buildah.calls) == 2 and list((tmp_path / "TMPDIR").iterdir()) == []


def test_the_login_is_added_to_those_that_are_kept(buildah: Any, tmp_path: Path, nobodys_home: Path) -> None:
    """The image that another begins with may need one of them."""
    (nobodys_home / ".docker").mkdir()
    (nobodys_home / ".docker/config.json").write_text('{"auths": {"base.example.org": {"auth": "YTpi"}}}')
    made(tmp_path, LOGIN)
    assert [sorted(call["auths"]) for call in buildah.calls] == [["base.example.org", "r.example.org"]] * 2


def test_without_a_login_the_program_finds_its_own(buildah: Any, tmp_path: Path) -> None:
    """No file of ours hides what it keeps."""
    made(tmp_path)
    assert [call.get("file") for call in buildah.calls] == [None, None]


def test_what_fails_is_told_by_its_last_lines(buildah: Any, tmp_path: Path) -> None:
    """Twelve of them, and which image it was; no file is left."""
    buildah.behave(trouble="fails")
    with pytest.raises(AerodromeError) as told:
        made(tmp_path, LOGIN)
    lines = str(told.value).splitlines()
    assert lines[0] == f"buildah build of {NAME} failed:"
    assert lines[1:-1] == [f"    line {number}" for number in range(28, 40)]
    assert lines[-1] == "    mend what it names, then make images again: what was pushed stays"
    assert list((tmp_path / "TMPDIR").iterdir()) == []


def test_a_program_that_is_not_here_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's mistake: with the setting that chooses another."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as told:
        made(tmp_path)
    assert str(told.value) == (
        "buildah builds the images of this environment, and is not here\n"
        "    install buildah on the machine that deploys, or name another as images.builder"
    )


def test_a_push_without_a_digest_is_a_failure(buildah: Any, tmp_path: Path) -> None:
    """A name without one could be another image tomorrow."""
    buildah.behave(digest="none")
    with pytest.raises(AerodromeError, match=f"{NAME} was pushed, and no digest was told"):
        made(tmp_path)


def test_docker_is_shown_the_login_and_keeps_its_builders(
    buildah: Any, tmp_path: Path, nobodys_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads both beside each other, and the login is for this push alone."""
    (buildah.folder / "buildah").rename(buildah.folder / "docker")
    assert Builder("docker", LOGIN).build_and_push(order(tmp_path), NAME) == "sha256:" + "2" * 64
    (call,) = buildah.calls
    assert call["arguments"][:2] == ["buildx", "build"] and LOGIN.password not in str(call["arguments"])
    assert (call["mode"], list(call["auths"])) == ("0o600", ["r.example.org"])
    assert call["builders"] == str(nobodys_home / ".docker/buildx") and not Path(call["file"]).exists()


def test_steps_are_told(buildah: Any, tmp_path: Path) -> None:
    """By number and word, as the program does them."""
    heard: list[str] = []
    Builder("buildah", say=heard.append).build_and_push(order(tmp_path), NAME)
    assert heard[:2] == ["step 1/2: FROM", f"pushing {NAME}"]


def test_what_takes_too_long_is_ended(buildah: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With all that it has started."""
    monkeypatch.setattr("aerodrome.clients.image_builder._LONGEST_SECONDS", 2)
    buildah.behave(trouble="waits")
    with pytest.raises(
        AerodromeError, match=r"(?s)buildah build of .* failed:.*not finished after 2 seconds"
    ):
        made(tmp_path)
    if (buildah.folder / "pids").exists():
        wait_for(lambda: not any(map(is_running, map(int, (buildah.folder / "pids").read_text().split()))))


def test_ctrl_c_leaves_nothing(buildah: Any, tmp_path: Path) -> None:
    """No process, no login, no folder."""
    buildah.behave(trouble="waits")
    command = [sys.executable, "-c", ALONE]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ) as process:
        wait_for((buildah.folder / "pids").exists)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0
    started = [int(pid) for pid in (buildah.folder / "pids").read_text().split()]
    wait_for(lambda: not any(map(is_running, started)))
    assert list((tmp_path / "TMPDIR").iterdir()) == []
