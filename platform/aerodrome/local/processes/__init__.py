"""What runs: each process with its configuration, its start, its readiness and its end."""
