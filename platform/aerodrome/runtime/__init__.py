"""The virtual environment of a tenant's code: how it is locked, built, tested and cleared away."""

from aerodrome.runtime.build import Runtime, build_all, build_runtime
from aerodrome.runtime.lock import Locksmith, lock_tenant
from aerodrome.runtime.prune import prune, prune_all
from aerodrome.runtime.sealing import Owner
from aerodrome.runtime.source import RuntimeSource, read_source, runtime_digest, runtime_problems
from aerodrome.runtime.tenant_tests import run_tests
from aerodrome.runtime.uv import Tools
from aerodrome.runtime.workshop import Workshop

__all__ = [
    "Locksmith",
    "Owner",
    "Runtime",
    "RuntimeSource",
    "Tools",
    "Workshop",
    "build_all",
    "build_runtime",
    "lock_tenant",
    "prune",
    "prune_all",
    "read_source",
    "run_tests",
    "runtime_digest",
    "runtime_problems",
]
