"""A directory's signing keys in a database of the test's own, and an entry to sign for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import entity_id
from usher.server.idp.saml.response import RoleEntry
from usher.server.sealing import Sealer, create_sealing_key
from usher.server.store.database import Database, open_sqlite
from usher.server.store.tables import metadata

PUBLIC_URL = "https://sso.mkdev.example"


@pytest.fixture
def public_url() -> str:
    return PUBLIC_URL


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_sqlite(tmp_path / "state.db", time.time)
    metadata.create_all(database.engine)
    yield database
    database.engine.dispose()


@pytest.fixture
def sealer(tmp_path: Path) -> Sealer:
    return create_sealing_key(tmp_path / "sealing.key")


@pytest.fixture
def keys(database: Database, sealer: Sealer) -> SigningKeys:
    return SigningKeys(database, sealer)


@pytest.fixture
def entry() -> RoleEntry:
    return RoleEntry(
        issuer=entity_id(PUBLIC_URL),
        user_name="operator@mkdev.example",
        role_arn="arn:aws:iam::222222222222:role/usher/UsherSSO_AdministratorAccess_0123456789abcdef",
        provider_arn="arn:aws:iam::222222222222:saml-provider/UsherSSO_0123456789abcdef_DO_NOT_DELETE",
        recipient="https://signin.aws.amazon.com/saml",
        session_seconds=28_800,
    )
