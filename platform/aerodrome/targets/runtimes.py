"""The tenants' virtual environments as a target."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aerodrome.errors import AerodromeError, Problem, ProblemsFound, UserError
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.runtime import RuntimeSource, Workshop, build_all
from aerodrome.runtime.build import is_whole


@dataclass
class RuntimesTarget:
    """Builds what is missing; an environment of an earlier bundle stays until it is pruned.

    *workshop* is asked for only when something is built: the users that build may not exist before.
    """

    sources: Sequence[RuntimeSource]
    workshop: Callable[[Progress], Workshop]
    into: Path
    failures: tuple[Problem, ...] = ()
    name: str = "runtimes"

    @property
    def failed(self) -> frozenset[str]:
        """Return the tenants whose environment could not be built."""
        return frozenset(problem.file.split("/")[1] for problem in self.failures)

    def changes(self) -> tuple[Change, ...]:
        """Return one change for each environment that is not there."""
        return tuple(
            Change(
                self.name,
                "create",
                f"environment of {source.tenant}",
                f"{source.digest} is not built yet",
                name=source.tenant,
                source=f"tenants/{source.tenant}",
                after=source.digest,
            )
            for source in self._missing()
        )

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Build the missing environments, several at a time; one that fails harms its tenant only."""
        _, errors = build_all(self._missing(), self.workshop(progress))
        self.failures = tuple(
            problem for tenant, error in sorted(errors.items()) for problem in _problems(tenant, error)
        )

    def _missing(self) -> list[RuntimeSource]:
        return [source for source in self.sources if not is_whole(self.into / source.tenant / source.digest)]


def _problems(tenant: str, error: AerodromeError) -> tuple[Problem, ...]:
    if isinstance(error, ProblemsFound):
        return error.problems
    place, _, message = str(error.args[0]).partition(": ")
    if place.partition("/")[0] != "tenants":
        place, message = f"tenants/{tenant}", str(error.args[0])
    fault = not isinstance(error, UserError)
    return (Problem(place, 0, 0, "", message, error.remedy, fault),)
