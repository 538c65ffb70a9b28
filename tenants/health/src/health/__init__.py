"""Personal records made fit to be studied."""
