"""The company's directory: who somebody is, in which groups, and whether a password is theirs."""
