"""What `kinit` says, with what to do about it."""

from __future__ import annotations

_KNOWN = (
    ("Preauthentication failed", "the keytab has expired: the principal's key was changed since", "new"),
    ("Password incorrect", "the keytab has expired: the principal's key was changed since", "new"),
    ("Key table entry not found", "the keytab has no key of this principal", "new"),
    ("contains no suitable keys", "the keytab has no key of this principal that the realm accepts", "new"),
    ("Key version", "the keytab has expired: the principal's key was changed since", "new"),
    ("Bad format in keytab", "what is stored is no keytab", "new"),
    ("Unsupported key table format", "what is stored is no keytab", "new"),
    ("Password has expired", "the principal's key has expired", "new"),
    ("entry in database has expired", "the principal has expired", "realm"),
    ("credentials have been revoked", "the principal is locked", "realm"),
    ("not found in Kerberos database", "the realm does not know the principal", "realm"),
    ("Clock skew too great", "the clock of this host is wrong", "clock"),
    ("Cannot contact any KDC", "no key distribution centre answers", "network"),
    ("Cannot find KDC", "no key distribution centre is known for the realm", "network"),
    ("Cannot resolve network address", "the key distribution centre's name is not known", "network"),
)
_REMEDIES = {
    "new": "make a new keytab and store it, as `base64 -w0` prints it: {command}; the next try is within two minutes",
    "realm": "have whoever runs the realm put the principal right",
    "clock": "set `clock: servers:` of `hosts` in environment.yaml, or repair its time service",
    "network": "check `kerberos: kdcs:` of `hosts` in environment.yaml, and what lies between",
}


def storing(tenant: str, variable: str) -> str:
    """Return the command that stores the keytab of *tenant*, the variable *variable*."""
    return f"`make secret TENANT={tenant} NAME={variable} KIND=variable`"


def explain(told: str, principal: str, command: str) -> str:
    """Return why *principal*, whose keytab *command* stores, gets no ticket, from what `kinit` *told*."""
    for words, reason, remedy in _KNOWN:
        if words in told:
            return f"{principal}: {reason}: {_REMEDIES[remedy].format(command=command)}"
    last = told.strip().splitlines()[-1] if told.strip() else "kinit said nothing"
    return f"{principal}: {last}"
