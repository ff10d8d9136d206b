"""Role credentials for people: a signed SAML response handed to STS, if `decide` lets them in.

The directory holds no AWS key for people's access: STS itself checks the response against the account's
SAML provider and the role's trust, and gives the keys.
"""

from __future__ import annotations

from datetime import UTC, datetime

from usher.aws.clients import AwsSettings, error_code
from usher.aws.sts import RoleSession, SamlDoor
from usher.core.durations import PERMISSION_SET_SESSION_MIN, parse_duration
from usher.core.errors import NoAccessError, UnavailableError, UsherError
from usher.core.ids import AccountId
from usher.server.accounts import AccountList
from usher.server.config import ServerConfig
from usher.server.decide import ActiveUser, Entry, active_user, may_enter
from usher.server.idp.saml.keys import SigningKeys
from usher.server.idp.saml.metadata import entity_id
from usher.server.idp.saml.response import RoleEntry, sign_response
from usher.server.provisioning.provider import provider_arn
from usher.server.services import RoleCredentials
from usher.server.store.database import Connection, Database
from usher.server.store.instance import Instance
from usher.server.store.permission_sets import read_permission_set_by_id

# What STS answers to a session longer than the role allows, among other things.
_TOO_LONG = "ValidationError"


class NoAccess(NoAccessError):  # noqa: N818 (it is an answer, and named as AWS names it)
    """The person has no assignment of that permission set in that account."""


class RoleCredentialIssuer:
    """Gives role credentials to people who may have them. Thread-safe."""

    def __init__(
        self,
        config: ServerConfig,
        instance: Instance,
        database: Database,
        accounts: AccountList,
        signing_keys: SigningKeys,
        aws: AwsSettings,
    ) -> None:
        self._config = config
        self._instance = instance
        self._database = database
        self._accounts = accounts
        self._signing_keys = signing_keys
        self._door = SamlDoor(aws.region, aws.endpoint_url)

    def issue(self, user_id: str, account_id: AccountId, permission_set_name: str) -> RoleCredentials:
        """Credentials for a session of the permission set's length.

        Raises NoAccess when the person may not enter, UnavailableError when trying again may help, and
        UsherError with STS's reason when it refuses.
        """
        with self._database.read() as connection:
            user, entry = _decide(connection, user_id, account_id, permission_set_name)
            permission_set = read_permission_set_by_id(connection, entry.permission_set_id)
        where = f"{permission_set_name} in account {self._accounts.name(account_id)}"
        if entry.role_arn is None or permission_set is None:
            raise UnavailableError(f"the role of {where} is still being made", hint="try again in a moment")
        session = self._enter(user, entry.role_arn, parse_duration(permission_set.session_duration), where)
        with self._database.change(user.user_name) as change:
            # The assignment may have been removed while STS answered: then the keys do not leave.
            _decide(change.connection, user_id, account_id, permission_set_name)
            change.record(
                "sso:GetRoleCredentials",
                entry.role_arn,
                account_id=account_id,
                permission_set=permission_set_name,
                access_key_id=session.keys.access_key_id,
            )
        return _credentials(session)

    def _enter(self, user: ActiveUser, role_arn: str, seconds: int, where: str) -> RoleSession:
        try:
            return self._enter_for(user, role_arn, seconds)
        except UnavailableError:
            raise
        except UsherError as error:
            if error_code(error) != _TOO_LONG or seconds <= PERMISSION_SET_SESSION_MIN:
                raise _refused(error, where) from error
        try:
            # The permission set's session grew and the role was not provisioned again yet. An hour is
            # what every role allows.
            return self._enter_for(user, role_arn, PERMISSION_SET_SESSION_MIN)
        except UnavailableError:
            raise
        except UsherError as error:
            raise _refused(error, where) from error

    def _enter_for(self, user: ActiveUser, role_arn: str, seconds: int) -> RoleSession:
        provider = provider_arn(self._config, self._instance, role_arn.split(":")[4])
        entry = RoleEntry(
            issuer=entity_id(self._config.public_url),
            user_name=user.user_name,
            role_arn=role_arn,
            provider_arn=provider,
            recipient=self._config.partition.saml_recipient,
            session_seconds=seconds,
        )
        now = datetime.fromtimestamp(self._database.now(), UTC)
        response = sign_response(entry, self._signing_keys.signer(), now)
        return self._door.enter(role_arn, provider, response, seconds)


def _decide(
    connection: Connection, user_id: str, account_id: AccountId, permission_set_name: str
) -> tuple[ActiveUser, Entry]:
    user = active_user(connection, user_id)
    entry = may_enter(connection, user_id, account_id, permission_set_name)
    if user is None or entry is None:
        raise NoAccess("No access", hint="see which accounts and permission sets you may enter")
    return user, entry


def _refused(error: UsherError, where: str) -> UsherError:
    return UsherError(
        f"AWS refused the way into {where}: {error.message}",
        hint="provision the permission set again: that mends the account's SAML provider and role",
    )


def _credentials(session: RoleSession) -> RoleCredentials:
    token = session.keys.session_token
    if token is None:
        raise UsherError("STS gave keys without a session token")
    return RoleCredentials(
        session.keys.access_key_id, session.keys.secret_access_key, token, session.expiration
    )
