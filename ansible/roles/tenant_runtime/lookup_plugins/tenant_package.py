"""Ansible lookup: one file with what a host needs to build a tenant's environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

DOCUMENTATION = r"""
name: tenant_package
short_description: Packs lock and package of a tenant, and the lock's wheels where they are wanted
description: The file is made once for each digest; it is for tasks that unpack it on hosts.
options:
  _terms: {description: Folders of tenants on this machine., type: list, elements: path, required: true}
  cache: {description: Where the files are kept., type: path, required: true}
  wheels: {description: Whether the wheels of the lock are fetched and packed too., type: bool, default: false}
"""
EXAMPLES = r"""
- ansible.builtin.debug:
    msg: "{{ lookup('tenant_package', 'tenants/alpha', cache='/tmp/cache') }}"
"""
RETURN = r"""
_raw: {description: Paths of tar files on this machine., type: list, elements: path}
"""


class LookupModule(LookupBase):
    """Runs where ansible runs, with the platform's own packages beside it."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the file of each folder; where one cannot be made, a file that tells the host why."""
        from aerodrome.runtime.packing import packed_for_host

        self.set_options(var_options=variables, direct=kwargs)
        cache, wheels = Path(self.get_option("cache")).expanduser(), bool(self.get_option("wheels"))
        return [str(packed_for_host(Path(term), cache, wheels=wheels)) for term in terms]
