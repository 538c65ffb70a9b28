"""What a deploy of ENV=local changes: the same targets as everywhere, on processes of this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aerodrome.local.machine.difference import RELEASE
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.release import host_logins, services
from aerodrome.local.stores import directory, directory_people, results_login, secrets_store
from aerodrome.plan import Change, Target
from aerodrome.progress import Progress
from aerodrome.secrets import reconcile
from aerodrome.targets import roles
from aerodrome.targets.bundle import BundleTarget
from aerodrome.targets.iam import results_target
from aerodrome.targets.runtimes import RuntimesTarget

Compare = Callable[[Platform], Sequence[Change]]
Bring = Callable[[Platform, Progress], object]


@dataclass(frozen=True)
class LocalTarget:
    """A target that a module of this package compares and brings to its desired state."""

    name: str
    platform: Platform
    compare: Compare
    bring: Bring

    def changes(self) -> tuple[Change, ...]:
        """Return what differs now."""
        return tuple(self.compare(replace(self.platform, looked_at=True)))

    def apply(self, changes: Sequence[Change], progress: Progress) -> None:
        """Bring it to the desired state."""
        self.bring(self.platform, progress)


def local_targets(platform: Platform, runtimes: RuntimesTarget, bundle: BundleTarget) -> tuple[Target, ...]:
    """Return the targets in the order they are applied.

    Processes come first: virtual environments need the tenants' users, secrets the store, roles the API server.
    """
    return (
        LocalTarget(RELEASE, platform, services.differences, services.apply),
        *_directory(platform),
        runtimes,
        LocalTarget(reconcile.TARGET, platform, secrets_store.differences, secrets_store.apply),
        *_host_access(platform),
        *_results(platform),
        LocalTarget(roles.TARGET, platform, access.differences, access.apply),
        bundle,
    )


def _directory(platform: Platform) -> tuple[Target, ...]:
    if not platform.environment.login.runs_directory:
        return ()
    return (LocalTarget(directory.NAME, platform, directory_people.differences, directory_people.apply),)


def _host_access(platform: Platform) -> tuple[Target, ...]:
    if not host_logins.is_needed(platform):
        return ()
    return (LocalTarget(host_logins.TARGET, platform, host_logins.differences, host_logins.apply),)


def _results(platform: Platform) -> tuple[Target, ...]:
    if not results_login.in_bucket(platform):
        return ()
    return (results_target(platform.environment, platform.tenants),)
