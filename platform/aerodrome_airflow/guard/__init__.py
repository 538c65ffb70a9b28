"""The guard before Airflow's execution API: a task's token reaches things of the task's own tenant only.

Airflow gives every running task a token that opens every connection, variable, XCom and DAG run. The guard stands
before `/execution` on the API server, knows each route that a task needs, and refuses all others.
"""
