"""A tenant's keys for its results: the variable `xcom_key` of the tenant."""

from __future__ import annotations

import base64
import binascii

from aerodrome import names
from airflow.sdk import Variable

from aerodrome_airflow.xcom.errors import RefusedError
from aerodrome_airflow.xcom.seal import TenantKey

VARIABLE = "xcom_key"
"""One key of 32 bytes in base64 a line: the first seals, all of them open. A new key goes on top."""


def sealing_key(tenant: str) -> TenantKey:
    """Return the key that seals what *tenant* stores now."""
    return _keys(tenant)[0]


def opening_key(tenant: str, name: str) -> TenantKey:
    """Return the key that references call *name*; RefusedError where the tenant has it no longer."""
    for key in _keys(tenant):
        if key.name == name:
            return key
    raise RefusedError(
        f"the variable '{VARIABLE}' of '{tenant}' no longer holds the key that sealed this result"
    )


def _keys(tenant: str) -> list[TenantKey]:
    lines = str(Variable.get(names.variable_key(tenant, VARIABLE))).split()
    try:
        keys = [base64.b64decode(line, validate=True) for line in lines]
    except (binascii.Error, ValueError):
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise RefusedError(
            f"the variable '{VARIABLE}' of '{tenant}' must hold 32 random bytes in base64: openssl rand -base64 32"
        )
    return [TenantKey(key) for key in keys]
