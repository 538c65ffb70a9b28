"""What a person sees of Airflow: members of tenants see their tenants, in every list and on every route.

Three layers, each enough for most routes: the auth manager decides about single things, the gate lets members of
tenants on known routes only, and every row that a request reads is one of its person's tenants.
"""
