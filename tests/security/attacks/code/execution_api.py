"""A task asks the execution API itself, without a token and with tokens that it has made."""

from suite.attack import HELD
from suite.place import VICTIM, Place
from suite.weakened import finding_the_signing_key

FROM = "tenant code in a task"
AGAINST = "the execution API"
DEFENCE = "it answers tokens that the scheduler has signed, which no tenant's process holds"
MUST = HELD
NEEDS = ("platform",)
undefended = finding_the_signing_key
PROGRAM = """
import base64, json, os, urllib.error, urllib.request
def part(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")
claims = {"sub": os.environ["TASK"], "scope": "execution", "exp": 4102444800, "iat": 1, "nbf": 1}
unsigned = part({"alg": "none", "typ": "JWT"}) + "." + part(claims) + "."
for token in ("", "null", unsigned, unsigned + "AAAA", os.environ["FOUND"]):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    for path in ("dags/beta.keeps", "dag-runs/count?dag_id=beta.keeps", "variables/beta.token"):
        try:
            asked = urllib.request.Request(os.environ["ADDRESS"] + path, headers=headers)
            print(path, urllib.request.urlopen(asked, timeout=30).read().decode())
        except urllib.error.URLError:
            pass
"""


def attack(place: Place) -> str:
    """Return what is got."""
    task = place.live.task_of(f"{VICTIM}.keeps")
    address = f"{place.live.platform.api_url}/execution/"
    return place.code.python(PROGRAM, ADDRESS=address, TASK=task, FOUND=place.notes.get("task token", ""))
