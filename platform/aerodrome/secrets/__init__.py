"""Who may read which connection and variable: the desired state of the secrets store, and bringing it about."""
