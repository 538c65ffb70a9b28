"""Where a tenant's package is built, tested and locked by hand: as root all that as the tenant's own user."""

from __future__ import annotations

import pwd
import shutil
from pathlib import Path

from aerodrome import names
from aerodrome.local.machine import accounts, interpreter, state
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.machine.ownership import ensure_folder
from aerodrome.local.machine.state import Layout
from aerodrome.progress import Progress
from aerodrome.runtime import Locksmith, Owner, Tools, Workshop, lock_tenant
from aerodrome.runtime.own_copy import is_open
from aerodrome.runtime.uv import find_uv

_FETCHER = accounts.FETCHER


def workshop(root: Path, tenant: str, say: Progress) -> Workshop:
    """Return the workshop for the tests of *tenant*.

    As root it is that of a deploy; what it needs of one (the tenant's user, an interpreter and a uv that this user
    can run) is made where it is missing, and `destroy` removes it.
    """
    layout = state.locate(root)

    def tell(name: str, text: str) -> None:
        say(f"{name}: {text}")

    if not layout.root:
        tools = Tools(interpreter.base_python(layout), find_uv())
        return Workshop(root / ".aerodrome" / "runtimes", tools, {}, tell)
    _require_whole(layout, tenant, say)
    tools = Tools(interpreter.base_python(layout), _uv(layout))
    owners, fetcher = {tenant: _owner(names.os_user(tenant))}, _owner(_FETCHER)
    return Workshop(layout.runtimes, tools, owners, tell, fetcher=fetcher)


def lock(root: Path, tenant: str, say: Progress, *, upgrade: bool = False) -> str:
    """Write the locks of *tenant* and return what to tell the person; as root users without rights resolve them."""
    shop = workshop(root, tenant, say)
    smith = Locksmith(shop.tools, shop.owners.get(tenant), shop.fetcher)
    return lock_tenant(root / "tenants" / tenant, smith=smith, upgrade=upgrade)


def _require_whole(layout: Layout, tenant: str, say: Progress) -> None:
    state.require_usable(layout)
    if not _is_whole(layout, tenant):
        with alone(lock_file(layout.repository)):
            _make(layout, tenant, say)


def _is_whole(layout: Layout, tenant: str) -> bool:
    user = names.os_user(tenant)
    return (
        not accounts.missing([user, _FETCHER])
        and {user, _FETCHER} <= set(accounts.used_by(layout.name))
        and layout.runtimes.is_dir()
        and interpreter.base_python(layout).exists()
        and _is_same(find_uv(), _uv(layout))
    )


def _make(layout: Layout, tenant: str, say: Progress) -> None:
    state.claim(layout)
    ensure_folder(layout.runtimes, 0o755)
    for user in accounts.ensure([_FETCHER], [names.os_user(tenant)], layout.name):
        say(f"made the operating system user {user}, as a deploy does")
    interpreter.make_base_python(layout, say)
    _copy_uv(layout)


def _uv(layout: Layout) -> Path:
    """Return a uv that every user can run."""
    own = find_uv()
    return own if is_open(own) else layout.state / "tools" / "uv"


def _copy_uv(layout: Layout) -> None:
    target = _uv(layout)
    if not _is_same(find_uv(), target):
        ensure_folder(target.parent, 0o755)
        # Moved into its place: the old one may be running.
        new = Path(shutil.copy2(find_uv(), target.with_name(".uv.new")))
        new.chmod(0o755)
        new.replace(target)


def _is_same(one: Path, other: Path) -> bool:
    try:
        return (one.stat().st_size, one.stat().st_mtime) == (other.stat().st_size, other.stat().st_mtime)
    except FileNotFoundError:
        return False


def _owner(user: str) -> Owner:
    entry = pwd.getpwnam(user)
    return Owner(entry.pw_uid, entry.pw_gid)
