"""Task logs of hosts outside the cluster: sent from the host to a store, and shown by the API server."""
