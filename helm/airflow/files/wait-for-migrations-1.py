import logging
import os
import time

from airflow import settings
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

package = os.path.abspath(os.path.dirname(settings.__file__))
config = Config(os.path.join(package, "alembic.ini"))
config.set_main_option("script_location", os.path.join(package, "migrations"))
config.set_main_option("sqlalchemy.url", settings.SQL_ALCHEMY_CONN.replace("%", "%%"))
wanted = set(ScriptDirectory.from_config(config).get_heads())
for second in range({{timeout}}):
    with settings.engine.connect() as connection:
        if set(MigrationContext.configure(connection).get_current_heads()) == wanted:
            break
    logging.info("waiting for the migrations of the database, %s s", second)
    time.sleep(1)
else:
    raise TimeoutError("the database is not migrated after {{timeout}} s")
