import os
import sys

os.environ["AIRFLOW__CORE__LOGGING_LEVEL"] = "ERROR"
os.environ["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
from airflow.jobs.scheduler_job import {{job}}
from airflow.utils.net import get_hostname
from airflow.utils.db import create_session

with create_session() as session:
    jobs = session.query({{job}}).filter_by(hostname=get_hostname())
    latest = jobs.order_by({{job}}.latest_heartbeat.desc()).first()
sys.exit(0 if latest and latest.is_alive() else 1)
