"""What Prometheus is told of a host's workers, as a file that the node exporter serves with its own metrics."""
