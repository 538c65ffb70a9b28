"""A task asks the secrets store itself, with nothing and with tokens that are often left there."""

from suite.attack import HELD
from suite.place import MARK, Place
from suite.weakened import finding_the_root_token

FROM = "tenant code in a task"
AGAINST = "the secrets store"
DEFENCE = "OpenBao answers nobody without a token"
MUST = HELD
NEEDS = ("platform",)
undefended = finding_the_root_token
PROGRAM = """
import os, urllib.error, urllib.request
for token in ("", "root", "dev-only-token", os.environ["FOUND"]):
    try:
        asked = urllib.request.Request(os.environ["ADDRESS"], headers={"X-Vault-Token": token} if token else {})
        print(urllib.request.urlopen(asked, timeout=30).read().decode())
    except urllib.error.URLError:
        pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    address = f"{place.live.platform.openbao_url}/v1/aerodrome/data/local/tenants/beta/variables/token"
    answer = place.code.python(PROGRAM, ADDRESS=address, FOUND=place.notes.get("root token", ""))
    return answer if MARK in answer else ""
