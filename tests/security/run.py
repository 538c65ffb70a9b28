"""`make test-security`: every attack on a platform of its own, then whether the security page says the same."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

from debian import NotHereError, ensure  # noqa: E402

PACKAGES = ("slapd", "ldap-utils", "iproute2")
# One deploys a platform and attacks it, the other one attacks what needs none and tests the login: each waits a good
# part of its time. What belongs together is said in tests/conftest.py.
TWO_AT_ONCE = ("-n", "2")


def main() -> int:
    """Install, attack, compare; 0 also where there is no root, which is said."""
    if os.geteuid() != 0:
        print("test-security: skipped. It needs root: tenants' code must run as users of their own.")
        print("    make test runs the attacks that need none; those on LDAP where slapd is installed")
        return 0
    try:
        ensure(PACKAGES)
    except NotHereError as problem:
        print(f"test-security: {problem}", file=sys.stderr)
        return 1
    command = [
        sys.executable,
        "-m",
        "pytest",
        str(HERE),
        "--all-attacks",
        *TWO_AT_ONCE,
        "--timeout=900",
        "--durations=12",
        *sys.argv[1:],
    ]
    if code := subprocess.run(command, check=False).returncode:
        return code
    if sys.argv[1:]:
        return 0
    return subprocess.run([sys.executable, "-m", "suite.page", "--check"], cwd=HERE, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
