"""What templates see as `tenant`: the values of tenant.yaml, and the tenant's data folder on this worker."""

from __future__ import annotations

from collections.abc import Mapping

Value = str | int | float | bool


class TenantValues:
    """`{{ tenant.region }}` is a value of tenant.yaml, `{{ tenant.data }}` the path of the data folder.

    Not a dict: `{{ tenant.items }}` would be the dict's method.
    """

    def __init__(self, tenant: str, values: Mapping[str, Value]) -> None:
        self._tenant = tenant
        self._values = dict(values)

    def __getattr__(self, name: str) -> Value:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "data":
            return self._data()
        try:
            return self._values[name]
        except KeyError:
            raise AttributeError(f"tenant.yaml of '{self._tenant}' has no value '{name}'") from None

    def __repr__(self) -> str:
        return f"TenantValues({self._tenant!r}, {self._values!r})"

    def _data(self) -> str:
        from airflow.sdk import conf

        # Asked when a task runs: each worker says where the folder is on its machine.
        return str(conf.get("aerodrome", "data_folder")).replace("{tenant}", self._tenant)
