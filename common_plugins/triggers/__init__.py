"""Triggers of the catalogue's operators; they run in a triggerer."""
