"""The folders of a deployment, each with exactly the rights that its users need."""

from __future__ import annotations

from pathlib import Path

from aerodrome import names
from aerodrome.bundle import AUTHOR
from aerodrome.clients.git import BareRepository
from aerodrome.local.machine import state
from aerodrome.local.machine.ownership import Owner, ensure_folder, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.process import Process
from aerodrome.local.stores import entrance_tls, results_login, secrets_login


def base(platform: Platform) -> None:
    """Make the state folder and what lies directly below it."""
    layout = platform.layout
    state.claim(layout)
    ensure_folder(layout.run, 0o755)
    state.require_private(layout.run)
    ensure_folder(layout.secrets, 0o700)
    for folder in (
        layout.config,
        layout.data,
        layout.logs,
        layout.task_logs,
        layout.homes,
        layout.state / "bundles",
    ):
        ensure_folder(folder, 0o711)
    ensure_folder(layout.runtimes, 0o755)
    state.link_into_repository(layout)
    _bundle(layout.bundle, served=platform.entrance is not None)


def of_processes(platform: Platform, processes: tuple[Process, ...]) -> None:
    """Make the configuration, data, log and bundle folders of *processes*."""
    layout, accounts = platform.layout, platform.accounts
    for process in processes:
        owner = accounts.owner(process.user)
        ensure_folder(layout.process_config(process.name), 0o700, owner)
        ensure_folder(process.folder, 0o700, owner)
        if "AIRFLOW_HOME" in process.environment:
            ensure_folder(layout.state / "bundles" / process.name, 0o700, owner)
    temporary(platform, processes)
    for folder in (layout.logs / "dags", layout.alerts):
        ensure_folder(folder, 0o700, accounts.owner(accounts.airflow))
    for zone in platform.served_here:
        owner = Owner("root", accounts.worker(zone)) if layout.root else Owner()
        ensure_folder(layout.launcher_socket(zone).parent, 0o750, owner)
        ensure_folder(layout.secrets_socket(zone).parent, 0o750, owner)
    if results_login.in_bucket(platform):
        asker = Owner("root", accounts.airflow) if layout.root else Owner()
        ensure_folder(layout.secrets_socket(names.COLLECTOR).parent, 0o750, asker)
    # The modes below it are git's own: who cannot enter here reads none of it.
    ensure_folder(layout.bundle, *of_bundle(platform))
    # Workers of every zone, the triggerer and the collector; what lies below inherits the group.
    ensure_folder(layout.results, 0o2770, accounts.results_owner())
    for name in platform.queues_here:
        zone = platform.environment.queues[name].zone
        ensure_folder(layout.task_logs / f"queue={name}", 0o2770, accounts.logs_owner(accounts.worker(zone)))


def temporary(platform: Platform, processes: tuple[Process, ...]) -> None:
    """Make the folders for temporary files of *processes*: one for each user, in which nobody else looks."""
    root = platform.layout.temporary
    ensure_folder(root, 0o711 if platform.layout.root else 0o700)
    for process in processes:
        folder = Path(process.environment.get("TMPDIR", root))
        if folder != root:
            ensure_folder(folder, 0o700, platform.accounts.owner(process.user))


def of_bundle(platform: Platform) -> tuple[int, Owner]:
    """Return mode and owner of the folder of rendered DAGs: only who executes or shows them reads them."""
    return 0o750, platform.accounts.bundle_owner()


def of_tenants(platform: Platform) -> None:
    """Make each tenant's home, data and runtime folder; nobody else enters them."""
    for tenant in platform.tenants:
        user = platform.os_user(tenant)
        own, shared = platform.accounts.owner(user), Owner("root", user) if platform.layout.root else Owner()
        # Root's, so that the tenant cannot put a link in the place of what a deploy makes below it.
        ensure_folder(platform.layout.homes / tenant, 0o750, shared)
        ensure_folder(platform.layout.homes / tenant / "home", 0o700, own)
        ensure_folder(platform.layout.homes / tenant / "data", 0o700, own)
        ensure_folder(platform.layout.runtimes / tenant, 0o750, shared)


def write_configuration(platform: Platform, processes: tuple[Process, ...]) -> None:
    """Write every configuration file, private to its process."""
    for process in processes:
        folder = platform.layout.process_config(process.name)
        owner = platform.accounts.owner(process.user)
        for name, text in process.files.items():
            write_file(folder / name, text, 0o600, owner)
        for name in secrets_login.FILES - process.files.keys():
            # An earlier version gave each worker the login of its zone; and the store may have been another one.
            (folder / name).unlink(missing_ok=True)
    write_file(platform.layout.git_config, _git_config(platform), 0o644)
    if platform.entrance is not None:
        write_file(platform.layout.authority, entrance_tls.authority(platform), 0o644)


def _git_config(platform: Platform) -> str:
    # git refuses a repository of another user unless told that it is meant.
    place = str(platform.layout.bundle).replace("\\", "\\\\").replace('"', '\\"')
    return f'[safe]\n\tdirectory = "{place}"\n[gc]\n\tauto = 0\n[init]\n\tdefaultBranch = main\n'


def _bundle(path: Path, *, served: bool = False) -> None:
    """Make the bare DAG repository with an empty first commit: Airflow asks for its branch before any publish.

    One that is *served* can be fetched by HTTP from then on.
    """
    repository = BareRepository(path)
    repository.create()
    if repository.head() is None:
        repository.commit_files(None, {}, "Start with an empty bundle", AUTHOR)
    if served:
        repository.serve()
