"""Kerberos on a host outside of Kubernetes: each tenant's ticket, from a keytab in the secrets store."""
