"""What the access file's tests share: the organization `mkdev` and short ways to load and to fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from usher.access.diagnostics import AccessFileError
from usher.access.load import load_access_file
from usher.access.model import AccessFile
from usher.core.accounts import Account
from usher.core.ids import AccountId


@pytest.fixture(scope="session")
def project() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def mkdev() -> list[Account]:
    """The organization's accounts, as AWS Organizations lists them."""
    return [
        Account(AccountId("111111111111"), "management", is_management=True),
        Account(AccountId("222222222222"), "staging", tags={"team": "web"}),
        Account(AccountId("333333333333"), "production", tags={"env": "live"}),
        Account(AccountId("999999999999"), "closed", active=False),
    ]


@pytest.fixture
def load() -> Callable[[str], AccessFile]:
    """Load text as `access.yaml`."""
    return lambda text: load_access_file(text, "access.yaml")


@pytest.fixture
def mistakes() -> Callable[[Callable[[], object]], list[str]]:
    """The lines with which an action complains about the access file."""

    def complaints(action: Callable[[], object]) -> list[str]:
        with pytest.raises(AccessFileError) as caught:
            action()
        return str(caught.value).split("\n")

    return complaints
