"""Start tenants' code in processes and users of their own.

`server.py` is one process per zone. Each connection to its socket is one job: the server forks a keeper for
it (`keeper.py`), the keeper starts the job's process as the tenant's user (`sandbox.py`) and ends the whole
process tree when the connection closes. `client.py` is the worker's side. The server's side uses the standard
library only.
"""
