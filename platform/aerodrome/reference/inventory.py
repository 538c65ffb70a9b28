"""What the page of the inventory says beside its table of keys: the form of the file, and its laws."""

from __future__ import annotations

from collections.abc import Iterator

from aerodrome.quantities import format_memory


def inventory_notes() -> Iterator[str]:
    """Return the sections on form and laws."""
    from aerodrome.hosts.laws import TASK_MEMORY, WORKER_MEMORY

    yield _FORM
    yield _LAWS
    yield _DEFAULTS.format(worker=format_memory(WORKER_MEMORY), task=format_memory(TASK_MEMORY))


_FORM = """\
## Form

`environments/<env>/inventory/hosts.yml`, in Ansible's own form. A host is a line; `hosts` of
[environment.yaml](environment.md#hostssettings) says what all of them get.

    all:
      vars: {ansible_user: ops}
      hosts:
        hadoop1: {ansible_host: 10.20.0.11, queues: [onprem], slots: {onprem: 8}}
        personal1: {ansible_host: 10.20.1.21, queues: [pii]}
      children:
        cluster_b:
          vars: {queues: [onprem]}
          hosts:
            hadoop2: {ansible_host: 10.20.0.12}

- `vars` of a group hold for its hosts and for those of its `children`. The host's own count first, then those of the
  group that is nearest. Two groups beside each other that say different things are a mistake.
- A host and a group are written out in one place; elsewhere their name stands alone: `hadoop1:`. `LIMIT` takes both.
- Files are read as YAML 1.2: no merge keys, no tags, no templates. `group_vars`, `host_vars` and other files beside
  `hosts.yml` are not read, and refused. Ansible gets an inventory that is written from this one.
- `make check` tells all mistakes, with line, column and remedy, and nothing is touched while there is one.
"""
_LAWS = """\
## Laws

| law | why |
|---|---|
| All queues of a host are of one zone. | Whoever takes the host over has what its zone may. |
| A host with a queue for personal data serves no other queue. | Its machine and network hold personal data. |
| A queue is one of environment.yaml, of a zone with `workers: hosts`. | Nobody would send it a task. |
| Each host has an address of its own, and that is not this machine's. | One host would be set up twice, or this one. |
| `ansible_host` and `queues` are said, by the host or by a group. | Nothing is guessed. |
| `slots` and `memory` name queues of the host. | A misspelt one would do nothing. |
| A host's name is lower-case letters, digits and `-`, a letter first, 31 at most. | Users and roles have it too. |
| No group has the name of a host. | `LIMIT` takes both. |
| No password, and no template. | The file is read by everybody, and a template runs where one deploys. |
"""
_DEFAULTS = """\
## Memory

A worker may take {worker} and {task} for each of its slots, unless `memory` says otherwise; what is beyond it is ended
by the system. Tenants' own code is not in it: it has the limits of [tenant.yaml](tenant.md#limits).
"""
