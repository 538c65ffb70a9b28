"""What stands in the list of an image's packages."""

from __future__ import annotations

import json
import re
from pathlib import Path

from aerodrome.images.sbom import sbom
from aerodrome.runtime.worker_packages import worker_lock


def test_every_package_of_the_lock_is_listed_with_its_digests(repository: Path) -> None:
    """As many packages and digests as the real lock has."""
    text = worker_lock(repository).read_text()
    found = sbom(worker_lock(repository))["components"]
    listed = [f"{each['name']}=={each['version']}" for each in found]
    assert listed == [re.sub(r"\[.*\]", "", name) for name in re.findall(r"(?m)^[^ #]\S*==[^ \\;]+", text)]
    assert sum(len(each["hashes"]) for each in found) == text.count("--hash=sha256:") > 1000
    assert all(each["hashes"] for each in found)


def test_a_component_is_one_of_cyclonedx(tmp_path: Path) -> None:
    """Extras and markers are not part of a name or a version."""
    lock = tmp_path / "a.lock"
    digests = [f"{number}" * 64 for number in (1, 2)]
    hashes = " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests)
    lock.write_text(f"some-thing[all,x]==1.2+local ; python_version < '4' \\\n{hashes}\n    # via other==3\n")
    (found,) = sbom(lock)["components"]
    assert found == {
        "type": "library",
        "name": "some-thing",
        "version": "1.2+local",
        "purl": "pkg:pypi/some-thing@1.2+local",
        "bom-ref": "pkg:pypi/some-thing@1.2+local",
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
    }


def test_the_document_says_what_it_is_and_no_time(repository: Path) -> None:
    """A time or a number of its own would make other bytes of the same lock; references are unique."""
    made = [json.dumps(sbom(worker_lock(repository))) for _ in range(2)]
    document = json.loads(made[0])
    assert made[0] == made[1]
    assert document.keys() == {"bomFormat", "specVersion", "version", "components"}
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    references = [each["bom-ref"] for each in document["components"]]
    assert len(references) == len(set(references))
