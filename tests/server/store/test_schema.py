"""The migrations make exactly the tables that the code uses, and never take a newer database back."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from usher.core.errors import UsageError
from usher.server.store.database import open_sqlite
from usher.server.store.schema import migrate
from usher.server.store.tables import metadata


def test_the_migrated_schema_is_the_one_in_the_code(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "state.db", lambda: 0.0)
    migrate(database)
    migrate(database)
    with database.engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)
    database.close()
    assert difference == []


def test_a_database_of_a_newer_usher_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = open_sqlite(tmp_path / "state.db", lambda: 0.0)
    migrate(database)
    with database.housekeeping() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match="newer Usher"):
        migrate(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    database.close()
