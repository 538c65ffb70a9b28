"""Compiles a module that comes in a zip file once for all test hosts, not at every import.

Ansible sends each task as such a file, whose hundred modules cost more processor time than what they do. Only for root.
"""

# Every Python of root loads this: it is not to wait for pathlib.
# ruff: noqa: PTH105, PTH123

import _imp
import marshal
import os
import zipimport

FOLDER = "/var/cache/kept-modules"
compiled = zipimport._compile_source
found = {}


def kept(path, source):
    """Return the code of *source*, as if it had been compiled at *path*."""
    name = _imp.source_hash(zipimport._bootstrap_external._RAW_MAGIC_NUMBER, source).hex()
    if name not in found:
        found[name] = read(name) or written(name, compiled(path, source))
    _imp._fix_co_filename(found[name], path)
    return found[name]


def read(name):
    """Return what an earlier process has compiled, None where there is nothing."""
    try:
        with open(f"{FOLDER}/{name}", "rb") as file:
            return marshal.loads(file.read())
    except FileNotFoundError:
        return None


def written(name, code):
    """Keep *code* for later processes and return it; where that cannot be, they compile it themselves."""
    draft = f"{FOLDER}/.{os.urandom(8).hex()}"
    try:
        with open(draft, "wb") as file:
            file.write(marshal.dumps(code))
        os.replace(draft, f"{FOLDER}/{name}")
    except OSError:
        pass
    return code


if os.geteuid() == 0:
    zipimport._compile_source = kept
