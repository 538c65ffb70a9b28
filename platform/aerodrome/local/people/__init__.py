"""Who may do what in Airflow: roles, the example people, their rights on DAGs."""
