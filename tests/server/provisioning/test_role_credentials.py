"""Role credentials: given by STS itself, to those who may have them, and to nobody else."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import update

from usher.aws.clients import AwsKeys, AwsSettings, make_client
from usher.core.errors import NoAccessError, UnavailableError, UsherError
from usher.core.ids import AccountId
from usher.server.role_credentials import NoAccess, RoleCredentialIssuer
from usher.server.services import RoleCredentials
from usher.server.store.assignments import StoredAssignment, insert_assignment
from usher.server.store.audit_events import read_events
from usher.server.store.identity import StoredUser, insert_user
from usher.server.store.operations import OperationKind
from usher.server.store.permission_sets import update_permission_set
from usher.server.store.tables import users

NAME = "developer@mkdev.example"


@dataclass
class Desk:
    """The directory, and where its people ask for keys."""

    directory: Any
    issuer: RoleCredentialIssuer
    settings: AwsSettings

    def ask(self, account: str, permission_set: str, user_id: str = "developer") -> RoleCredentials:
        return self.issuer.issue(user_id, AccountId(self.directory.mkdev.accounts[account]), permission_set)

    def identity(self, keys: RoleCredentials) -> dict[str, str]:
        """What STS says of those keys."""
        held = AwsKeys(keys.access_key_id, keys.secret_access_key, keys.session_token)
        answer: dict[str, str] = make_client("sts", replace(self.settings, keys=held)).get_caller_identity()
        return answer


@pytest.fixture
def desk(directory: Any) -> Desk:
    with directory.database.change("test") as change:
        insert_user(
            change,
            StoredUser(
                id="developer",
                user_name=NAME,
                display_name="Developer",
                given_name="Example",
                family_name="Developer",
                email=None,
                attributes={},
                active=True,
                revision=1,
                created_at=0.0,
                updated_at=0.0,
            ),
        )
    anonymous = AwsSettings(directory.aws.region, endpoint_url=directory.aws.endpoint_url)
    issuer = RoleCredentialIssuer(
        directory.config,
        directory.instance,
        directory.database,
        directory.accounts,
        directory.signing_keys,
        anonymous,
    )
    return Desk(directory, issuer, anonymous)


@pytest.mark.parametrize("account", ["management", "staging", "production"])
def test_the_keys_open_the_role_of_that_account_in_the_persons_name(desk: Desk, account: str) -> None:
    permission_set = desk.directory.permission_set("Entering", session_duration="PT4H")
    desk.directory.assign(permission_set, account, "developer")
    keys = desk.ask(account, "Entering")
    role = desk.directory.role_name(permission_set, account)
    account_id = desk.directory.mkdev.accounts[account]
    assert desk.identity(keys)["Arn"] == f"arn:aws:sts::{account_id}:assumed-role/{role}/{NAME}"
    assert keys.expiration == pytest.approx(time.time() + 4 * 3_600, abs=60)


def test_the_audit_log_names_the_key_and_never_its_secret(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("Audited")
    desk.directory.assign(permission_set, "staging", "developer")
    keys = desk.ask("staging", "Audited")
    with desk.directory.database.read() as connection:
        event = list(read_events(connection))[-1]
    assert (event.actor, event.action) == (NAME, "sso:GetRoleCredentials")
    assert event.target == desk.directory.recorded(permission_set, "staging").role_arn
    assert keys.access_key_id in event.details
    assert keys.secret_access_key.reveal() not in event.details


def test_a_person_without_the_assignment_has_no_access(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("OnlyStaging")
    desk.directory.assign(permission_set, "staging", "developer")
    for arguments in (
        ("production", "OnlyStaging"),
        ("staging", "OnlyProduction"),
        ("staging", "OnlyStaging", "somebody-else"),
    ):
        with pytest.raises(NoAccess):
            desk.ask(*arguments)


def test_a_removed_assignment_stops_new_keys_before_its_role_is_gone(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("Removed")
    desk.directory.assign(permission_set, "staging", "developer")
    desk.directory.request(OperationKind.ASSIGNMENT_DELETION, permission_set, "staging", "developer")
    assert len(desk.directory.roles_in("staging", permission_set)) == 1
    with pytest.raises(NoAccess):
        desk.ask("staging", "Removed")


def test_a_disabled_person_has_no_access(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("Disabled")
    desk.directory.assign(permission_set, "staging", "developer")
    with desk.directory.database.change("admin") as change:
        change.connection.execute(update(users).where(users.c.id == "developer").values(active=False))
        change.record("test:Disable", "developer")
    with pytest.raises(NoAccess):
        desk.ask("staging", "Disabled")


def test_a_role_that_is_not_made_yet_is_said_so(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("NotYet")
    with desk.directory.database.change("test") as change:
        account_id = desk.directory.mkdev.accounts["staging"]
        insert_assignment(change, StoredAssignment(account_id, permission_set.id, "USER", "developer"))
    with pytest.raises(UnavailableError, match="NotYet in account"):
        desk.ask("staging", "NotYet")


def test_a_session_that_grew_is_an_hour_until_the_role_follows(desk: Desk) -> None:
    permission_set = desk.directory.permission_set("Growing", session_duration="PT2H")
    desk.directory.assign(permission_set, "staging", "developer")
    longer = replace(permission_set, session_duration="PT12H", revision=5)
    with desk.directory.database.change("admin") as change:
        update_permission_set(change, longer, "UpdatePermissionSet")
    assert desk.ask("staging", "Growing").expiration == pytest.approx(time.time() + 3_600, abs=60)
    desk.directory.provision(longer, "staging")
    assert desk.ask("staging", "Growing").expiration == pytest.approx(time.time() + 43_200, abs=60)


def test_an_account_that_does_not_trust_us_refuses_with_its_words_and_no_audit_event(
    desk: Desk,
) -> None:
    permission_set = desk.directory.permission_set("Distrusted")
    desk.directory.assign(permission_set, "staging", "developer")
    provider = desk.directory.provider("staging")
    desk.directory.iam("staging").delete_saml_provider(SAMLProviderArn=provider)
    with pytest.raises(UsherError, match="AWS refused the way into Distrusted") as refused:
        desk.ask("staging", "Distrusted")
    assert not isinstance(refused.value, NoAccessError)
    with desk.directory.database.read() as connection:
        assert "sso:GetRoleCredentials" not in {event.action for event in read_events(connection)}
