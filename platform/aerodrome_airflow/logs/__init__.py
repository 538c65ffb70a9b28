"""Task logs of hosts outside the cluster and of pods: sent from there to a store, and shown by the API server."""
