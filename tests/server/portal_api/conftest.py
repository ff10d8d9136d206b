"""A portal on a loopback port, two people, what they were assigned, and their sessions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from usher.core.errors import UsherError
from usher.core.ids import AccountId
from usher.core.secrets import Secret
from usher.server.awsapi.portal import portal_api_routes
from usher.server.idp.tokens import issue_tokens, open_portal_session
from usher.server.role_credentials import NoAccess
from usher.server.services import RoleCredentials, Services
from usher.server.store.assignments import StoredAssignment, insert_assignment
from usher.server.store.identity import StoredUser, insert_user
from usher.server.store.oauth import StoredClient, insert_client
from usher.server.store.permission_sets import StoredPermissionSet, insert_permission_set

STAGING, PRODUCTION = "222222222222", "333333333333"


@dataclass
class GivenCredentials:
    """A credential source that says what a test told it to say."""

    asked: list[tuple[str, str, str]] = field(default_factory=list)
    error: UsherError | None = None

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        self.asked.append((user_id, account_id, permission_set_name))
        if self.error:
            raise self.error
        return RoleCredentials("ASIAEXAMPLE", Secret("the-secret"), Secret("the-token"), 1_800_000_000.5)


@dataclass
class Portal:
    """The portal's API as clients see it."""

    services: Services
    origin: str
    credentials: GivenCredentials
    refusal: NoAccess

    def client(self) -> Any:
        return boto3.client(
            "sso",
            region_name="eu-central-1",
            endpoint_url=self.origin,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )

    def sign_in(self, user_id: str) -> str:
        """A new access token of that person."""
        now = self.services.database.now()
        client = StoredClient(
            f"client-{user_id}-{now}", "0" * 64, "test", ["sso:account:access"], [], [], now, now + 9e6
        )
        with self.services.database.change("test") as change:
            insert_client(change.connection, client)
            session = open_portal_session(change, client, user_id, 36_000.0)
            change.record("test:SignIn", user_id)
            return issue_tokens(change, client, session).access_token.reveal()

    def assign(self, user_id: str, account_id: str, *permission_sets: str) -> None:
        """Let that person use those permission sets in that account."""
        with self.services.database.change("test") as change:
            for name in permission_sets:
                assignment = StoredAssignment(account_id, f"ps-{name}", "USER", user_id)
                insert_assignment(change, assignment)


@pytest.fixture
def portal(services: Services, serve: Callable[[list[Any]], str]) -> Portal:
    credentials = GivenCredentials()
    services = replace(services, role_credentials=credentials)
    with services.database.change("test") as change:
        for user in ("operator", "developer"):
            insert_user(
                change,
                StoredUser(
                    id=user,
                    user_name=f"{user}@mkdev.example",
                    display_name=user,
                    given_name=user,
                    family_name="Example",
                    email=None,
                    attributes={},
                    active=True,
                    revision=1,
                    created_at=0.0,
                    updated_at=0.0,
                ),
            )
        for name in ("AdministratorAccess", "Billing", "ReadOnlyAccess", "ViewOnlyAccess"):
            insert_permission_set(
                change,
                StoredPermissionSet(
                    f"ps-{name}", f"arn:{name}", name, None, "PT1H", None, None, None, 1, 0.0
                ),
            )
    origin = serve(portal_api_routes(services))
    return Portal(services, origin, credentials, NoAccess("No access"))


@pytest.fixture
def developer(portal: Portal) -> str:
    """The developer's access token."""
    portal.assign("developer", STAGING, "AdministratorAccess", "Billing", "ReadOnlyAccess")
    portal.assign("developer", PRODUCTION, "ReadOnlyAccess")
    return portal.sign_in("developer")
