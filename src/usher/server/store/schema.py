"""Bringing a database to this version's schema, forward only.

SQLAlchemy and Alembic do the work; a database from a newer Usher is refused and left as it is.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from usher.core.errors import UsageError
from usher.server.store.database import Database


def migrate(database: Database) -> None:
    """Run the steps that this database has not had. Raises UsageError for a newer one."""
    config = Config()
    config.set_main_option("script_location", "usher.server.store:migrations")
    script = ScriptDirectory.from_config(config)
    with database.engine.connect() as connection:
        connection.execute(text("BEGIN IMMEDIATE"))
        current = MigrationContext.configure(connection).get_current_revision()
        known = {step.revision for step in script.walk_revisions()}
        if current is not None and current not in known:
            raise UsageError(
                f"the database was made by a newer Usher (schema {current})",
                hint="install that version; a schema is never taken back",
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
