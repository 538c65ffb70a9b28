"""The tenant's own loop: one run without a scheduler, and publishing on every save."""
