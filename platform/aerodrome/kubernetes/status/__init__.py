"""How an environment in a cluster is: what runs, what waits, what fails. Changes nothing."""
