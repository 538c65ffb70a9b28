"""A task asks its agent for names with separators, dots, encodings and look-alikes, to reach another tenant's path."""

import json
import subprocess

import hvac
from suite.attack import HELD
from suite.place import MARK, Place
from suite.stores import one_token_for_all

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "names are slugs, and refused before anybody asks the store"
MUST = HELD
NEEDS = ("platform",)
undefended = one_token_for_all
NAMES = (
    "../../beta/variables/token",
    "..%2f..%2fbeta%2fvariables%2ftoken",
    "%2e%2e/%2e%2e/beta/variables/token",
    "token\u0000",
    "TOKEN",
    "t\u043eken",
)
# As the worker's user, whom the agent answers.
PROGRAM = """
import json, socket, sys
for name in json.loads(sys.argv[2]):
    link = socket.socket(socket.AF_UNIX)
    link.connect(sys.argv[1])
    link.sendall(json.dumps({"tenant": "alpha", "kind": "variable", "name": name, "shared": False}).encode() + b"\\n")
    print(link.makefile().readline())
"""


def harmless(place: Place) -> str:
    """Return the answer to the plain name."""
    answer = _asked(place, ("token",))
    return answer if "of-alpha" in answer else ""


def attack(place: Place) -> str:
    """Return the answers that hold the other tenant's secret."""
    if token := place.notes.get("store token"):
        return _as_airflow_does(place, token)
    answer = _asked(place, NAMES)
    return answer if MARK in answer or "of-alpha" in answer else ""


def _asked(place: Place, names: tuple[str, ...]) -> str:
    platform = place.live.platform
    user = platform.accounts.worker("default")
    command = [
        platform.layout.python,
        "-c",
        PROGRAM,
        platform.layout.secrets_socket("default"),
        json.dumps(names),
    ]
    done = subprocess.run(
        command, user=user, group=user, extra_groups=[], cwd="/", capture_output=True, text=True, check=True
    )
    return done.stdout


def _as_airflow_does(place: Place, token: str) -> str:
    """Airflow's own backend puts the name behind a path and asks."""
    client = hvac.Client(place.live.platform.openbao_url, token=token)
    path = f"local/tenants/alpha/variables/{NAMES[0]}"
    answer = client.adapter.get(f"/v1/aerodrome/data/{path}")
    return str(answer) if MARK in str(answer) else ""
