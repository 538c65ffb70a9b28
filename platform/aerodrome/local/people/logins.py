"""Who can log in here and where the passwords are, for the end of a deploy and for `status`."""

from __future__ import annotations

from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.people import access
from aerodrome.local.stores import directory_people
from aerodrome.render.roles import ADMIN


def told(platform: Platform) -> dict[str, str]:
    """Return what people need to know to log in: label → text, never a password."""
    login = platform.environment.login
    if login.kind == "database":
        return {
            "log in as": f"{ADMIN}; the password is in {access.password_file(platform, ADMIN)}",
            "tenants' logins": "the tenant's name; passwords in the same folder",
        }
    found = _of_directory(platform) if login.runs_directory else {"log in": _elsewhere(platform)}
    if login.break_glass:
        file = access.password_file(platform, login.break_glass)
        found["in an emergency"] = f"{login.break_glass}, which raises an alert; the password is in {file}"
    return found


def _of_directory(platform: Platform) -> dict[str, str]:
    people = [person.name for person in directory_people.people(platform)]
    if not people:
        return {"log in as": "nobody yet: no tenant.yaml names a group, nor does login.groups"}
    return {
        "log in as": ", ".join(people),
        "passwords": str(platform.layout.secrets / secret.directory_person("<name>")),
    }


def _elsewhere(platform: Platform) -> str:
    login = platform.environment.login
    if login.oidc is not None:
        return f"with {login.oidc.issuer}"
    return f"as a person of {login.directory.url}" if login.directory else ""
