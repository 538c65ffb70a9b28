"""What this machine has and keeps: state folder, locks, owners, accounts, interpreters, ports, certificates."""
