"""How people log in: passwords of the company's directory, OpenID Connect, or users of Airflow's own database."""
