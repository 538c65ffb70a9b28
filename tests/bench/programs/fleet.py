"""Child program: inventory and tenants of a repository, loaded and rendered to each host's variables, cold."""

import json
import sys
from pathlib import Path

from aerodrome.environment import load_environment
from aerodrome.hosts.inventory import load_inventory
from aerodrome.manifest.load import load_repository
from aerodrome.render.hosts import Material, TenantMaterial, variables

root = Path(sys.argv[1])
environment = load_environment(root, "fleet")
inventory = load_inventory(root, environment)
tenants = {tenant.name: tenant.model for tenant in load_repository(root, environment).tenants}
code = {name: TenantMaterial("0123456789abcdef", f"/tenants/{name}") for name in tenants}
material = Material("worker.lock", "aerodrome.whl", "0123456789abcdef", "wheels.tar", "PEM", code)
made = [variables(environment, tenants, host, material) for host in inventory.hosts]
found = [len(host.flat["tenant_runtime_tenants"]) for host in made]
print(json.dumps({"hosts": len(made), "tenants": sum(found), "digests": len({host.digest for host in made})}))
