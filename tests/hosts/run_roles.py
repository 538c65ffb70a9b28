"""`make test-roles`: every scenario of every role, several at once, each on hosts of its own."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

from fleet.image import image  # noqa: E402
from fleet.needs import NO_ROOT, needed  # noqa: E402
from fleet.network import ROLES  # noqa: E402
from fleet.owner import ENVIRONMENT, myself, remove_all, sweep  # noqa: E402
from fleet.podman import PodmanError  # noqa: E402
from fleet.scenarios import Molecule, Outcome, Scenario, roles_without, scenarios  # noqa: E402
from fleet.standing_back import SHARES, Place  # noqa: E402

# A scenario waits about a third of its time, for ssh and for services: four keep two cores busy.
AT_ONCE = 2 + (os.cpu_count() or 2)
_LINES = 60


def main() -> int:
    """Run what the arguments name and show a table; 1 where a scenario failed or is missing."""
    asked = _arguments()
    if code := needed("test-roles"):
        return 0 if code == NO_ROOT else code
    chosen = scenarios(asked.roles, asked.scenario)
    if not chosen:
        print(
            f"test-roles: no scenario of {' '.join(asked.roles) or 'any role'} {asked.scenario}".rstrip(),
            file=sys.stderr,
        )
        return 2
    signal.signal(signal.SIGTERM, _interrupted)
    # For machines on which nobody may make control groups.
    os.nice(19)
    os.environ[ENVIRONMENT] = myself()
    sweep()
    try:
        image()
        with tempfile.TemporaryDirectory(prefix="aerodrome-roles-") as said:
            outcomes = _all(chosen, asked.at_once, Path(said))
        return _report(outcomes, [] if asked.roles or asked.scenario else roles_without())
    except PodmanError as problem:
        print(f"test-roles: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("test-roles: interrupted: its hosts are removed", file=sys.stderr)
        return 130
    finally:
        ROLES.remove()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("roles", nargs="*")
    parser.add_argument("--scenario", default="")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    return parser.parse_args()


def _all(chosen: list[Scenario], at_once: int, said: Path) -> list[Outcome]:
    molecule = Molecule(said)
    outcomes = []
    # Beside `make test-hosts`, whose one long test is to wait for nothing.
    with Place("roles", SHARES["roles"]).standing_back(), ThreadPoolExecutor(at_once) as pool:
        try:
            for done in as_completed([pool.submit(molecule.run, scenario) for scenario in chosen]):
                outcomes.append(_said(done.result()))
        except BaseException:
            molecule.end()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            remove_all(os.environ[ENVIRONMENT])
    return outcomes


def _said(outcome: Outcome) -> Outcome:
    if outcome.passed:
        print(f"{outcome.scenario} passed in {outcome.seconds:.0f} s", flush=True)
    else:
        end = "\n    ".join(outcome.output.splitlines()[-_LINES:])
        print(f"{outcome.scenario} failed at {outcome.step}:\n    {end}", flush=True)
    return outcome


def _report(outcomes: list[Outcome], missing: list[str]) -> int:
    print(f"\n{'role':<18} {'scenario':<14} {'result':<22} seconds")
    for one in sorted(outcomes, key=lambda one: str(one.scenario)):
        result = "passed" if one.passed else f"failed at {one.step}"
        print(f"{one.scenario.role:<18} {one.scenario.name:<14} {result:<22} {one.seconds:7.1f}")
    failed = [str(one.scenario) for one in outcomes if not one.passed]
    if missing:
        print(
            f"test-roles: without both scenarios, default and alternative: {', '.join(missing)}",
            file=sys.stderr,
        )
    if failed:
        print(f"test-roles: failed: {', '.join(sorted(failed))}", file=sys.stderr)
    print(f"{len(outcomes) - len(failed)} of {len(outcomes)} passed in {time.monotonic() - _STARTED:.0f} s")
    return 1 if failed or missing else 0


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt


_STARTED = time.monotonic()

if __name__ == "__main__":
    raise SystemExit(main())
