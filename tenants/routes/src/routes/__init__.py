"""New York's flights by route."""
