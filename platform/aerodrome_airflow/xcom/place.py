"""Where the results of a task lie: `<environment>/<tenant>/<dag>/<run>/<task>/<map index>/<key>-<uuid>`."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from urllib.parse import quote

from aerodrome import names

LONGEST = 180
"""Characters of one part; a longer one is cut and told apart by its digest. A whole key stays below S3's 1,024."""
PARTS = 7
_SEGMENT = re.compile(r"[A-Za-z0-9_.%~-]{1,240}")
_OBJECT = re.compile(r"[A-Za-z0-9_.%~-]+-[0-9a-f]{32}")


@dataclass(frozen=True)
class Place:
    """The task of one run whose results lie together."""

    environment: str
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1

    @property
    def tenant(self) -> str:
        """Return who owns what lies here; ValueError where the DAG is no tenant's."""
        return names.tenant_of(self.dag_id)

    @property
    def prefix(self) -> str:
        """Return what every key here begins with; it ends with a slash."""
        run, task = segment(self.run_id), segment(self.task_id)
        return f"{dag_prefix(self.environment, self.dag_id)}{run}/{task}/{self.map_index}/"

    def new_key(self, key: str) -> str:
        """Return an object's key for the result *key* that nothing has had before."""
        return f"{self.prefix}{segment(key)}-{uuid.uuid4().hex}"


def tenant_prefix(environment: str, tenant: str) -> str:
    """Return what every key of *tenant* begins with; it ends with a slash."""
    return f"{environment}/{tenant}/"


def dag_prefix(environment: str, dag_id: str) -> str:
    """Return what every key of the DAG begins with; it ends with a slash."""
    return f"{tenant_prefix(environment, names.tenant_of(dag_id))}{names.name_of(dag_id)}/"


def is_key(text: str) -> bool:
    """Return whether *text* has the form of a key: seven plain parts, none of which goes up or is empty."""
    parts = text.split("/")
    plain = all(_SEGMENT.fullmatch(part) and part.strip(".") for part in parts)
    return len(parts) == PARTS and plain and _OBJECT.fullmatch(parts[-1]) is not None


def segment(text: str) -> str:
    """Return *text* as one part of a key: different texts give different parts, whatever they hold."""
    # `~` is quoted too: below it stands only before a digest. So is a part of nothing but dots.
    plain = quote(text, safe="", errors="surrogatepass").replace("~", "%7E")
    plain = plain if plain.strip(".") else plain.replace(".", "%2E")
    if plain and len(plain) <= LONGEST:
        return plain
    digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
    return f"{plain[: LONGEST - 60]}~{digest}"
