"""Every table of the directory, as SQLAlchemy Core objects. Migrations create exactly these.

Times are UTC epoch seconds as floats. Bearer values (tokens, codes, cookies) are stored only as
SHA-256 hashes; values that must be read back (administrator keys, signing keys) are sealed.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The instance: exactly one row.
instances = Table(
    "instances",
    metadata,
    Column("arn", String(128), primary_key=True),
    Column("identity_store_id", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("region", String(32), nullable=False),
    Column("portal_session_seconds", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
)

# Identity store.
users = Table(
    "users",
    metadata,
    Column("id", String(47), primary_key=True),
    Column("user_name", String(128), nullable=False),
    Column("user_name_folded", String(256), nullable=False, unique=True),
    Column("display_name", String(1024), nullable=False),
    Column("given_name", String(1024), nullable=False),
    Column("family_name", String(1024), nullable=False),
    Column("email", String(1024)),
    Column("email_folded", String(1024), unique=True),
    Column("attributes", JSON, nullable=False),  # the rest of the API's user, as it came
    Column("active", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

groups = Table(
    "groups",
    metadata,
    Column("id", String(47), primary_key=True),
    Column("display_name", String(1024), nullable=False),
    Column("display_name_folded", String(1024), nullable=False, unique=True),
    Column("description", String(1024), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("id", String(47), primary_key=True),
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("group_id", "user_id"),
)

# Permission sets. `revision` rises with every change of content; a role that was made from an
# older revision is stale (LATEST_PERMISSION_SET_NOT_PROVISIONED).
permission_sets = Table(
    "permission_sets",
    metadata,
    Column("id", String(32), primary_key=True),  # ps- and 16 hex digits
    Column("arn", String(160), nullable=False, unique=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("description", String(700)),
    Column("session_duration", String(100), nullable=False),  # ISO 8601, as given
    Column("relay_state", String(240)),
    Column("inline_policy", Text),
    Column("boundary", JSON),  # {"ManagedPolicyArn": …} or {"CustomerManagedPolicyReference": …}
    Column("revision", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
)

managed_policies = Table(
    "permission_set_managed_policies",
    metadata,
    Column("permission_set_id", ForeignKey("permission_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("policy_arn", String(2048), primary_key=True),
)

customer_policies = Table(
    "permission_set_customer_policies",
    metadata,
    Column("permission_set_id", ForeignKey("permission_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("path", String(512), primary_key=True),
    Column("name", String(128), primary_key=True),
)

tags = Table(
    "tags",
    metadata,
    Column("resource_arn", String(160), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("value", String(256), nullable=False),
)

# Assignments. The principal has no foreign key: as in AWS, deleting a principal leaves its
# assignments behind with a dangling id.
assignments = Table(
    "assignments",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("permission_set_id", ForeignKey("permission_sets.id"), primary_key=True),
    Column("principal_kind", String(5), primary_key=True),
    Column("principal_id", String(47), primary_key=True),
    Column("created_at", Float, nullable=False),
    Index("ix_assignments_principal", "principal_kind", "principal_id", "account_id"),
    Index("ix_assignments_permission_set", "permission_set_id", "account_id"),
)

# The role that stands for a permission set in an account. The suffix lives as long as the row,
# which goes when the last assignment goes.
provisioned_roles = Table(
    "provisioned_roles",
    metadata,
    Column("account_id", String(12), primary_key=True),
    Column("permission_set_id", ForeignKey("permission_sets.id"), primary_key=True),
    Column("role_name", String(64), nullable=False),
    Column("role_arn", String(256), nullable=False),
    Column("revision", Integer, nullable=False),  # 0 until the role exists in the account
    Column("updated_at", Float, nullable=False),
    Index("ix_provisioned_roles_permission_set", "permission_set_id", "account_id"),
)

# Account Access Manager: the instance's application, and who may assume which role that the organization
# owns. As with assignments, deleting a principal leaves its entitlements behind.
account_access_applications = Table(
    "account_access_applications",
    metadata,
    Column("arn", String(160), primary_key=True),
    Column("instance_arn", ForeignKey("instances.arn"), nullable=False, unique=True),
    Column("created_at", Float, nullable=False),
)

entitlements = Table(
    "entitlements",
    metadata,
    Column("id", String(36), primary_key=True),
    Column(
        "application_arn", ForeignKey("account_access_applications.arn", ondelete="CASCADE"), nullable=False
    ),
    Column("principal_kind", String(5), nullable=False),
    Column("principal_id", String(47), nullable=False),
    Column("role_arn", String(2048), nullable=False),
    Column("account_id", String(12), nullable=False),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("application_arn", "role_arn", "principal_kind", "principal_id"),
    Index("ix_entitlements_account", "account_id", "id"),
    Index("ix_entitlements_principal", "principal_kind", "principal_id", "id"),
)

# Asynchronous requests, with the status objects of the real API. IN_PROGRESS rows are the work
# still owed: they are picked up again after a restart.
operations = Table(
    "operations",
    metadata,
    Column("request_id", String(36), primary_key=True),
    Column("kind", String(24), nullable=False),  # ASSIGNMENT_CREATION, ASSIGNMENT_DELETION, PROVISIONING
    Column("status", String(16), nullable=False),  # IN_PROGRESS, FAILED, SUCCEEDED
    Column("permission_set_id", String(32), nullable=False),
    Column("permission_set_arn", String(160), nullable=False),
    Column("account_id", String(12)),  # absent: ALL_PROVISIONED_ACCOUNTS
    Column("principal_kind", String(5)),
    Column("principal_id", String(47)),
    Column("failure_reason", Text),
    Column("requested_by", String(256), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Index("ix_operations_kind_status", "kind", "status", "created_at"),
)

# Administration keys for SigV4. Verifying a signature needs the secret itself: it is sealed.
admin_keys = Table(
    "admin_keys",
    metadata,
    Column("access_key_id", String(32), primary_key=True),
    Column("sealed_secret", LargeBinary, nullable=False),
    # No foreign key: a key of a deleted person stays on record, and is worth nothing.
    Column("user_id", String(47), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
)

# Keys the directory signs SAML responses with; the newest active one signs.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("certificate_pem", Text, nullable=False),
    Column("sealed_private_key", LargeBinary, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("created_at", Float, nullable=False),
)

# Sign-in.
passwords = Table(
    "passwords",
    metadata,
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False),  # a one-time password
    Column("valid_until", Float),  # one-time passwords lapse
    Column("changed_at", Float, nullable=False),
)

# A browser's session: before sign-in without a user, after it with a new id.
browser_sessions = Table(
    "browser_sessions",
    metadata,
    Column("id_hash", String(64), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), index=True),
    Column("csrf_token", String(64), nullable=False),
    Column("state", JSON, nullable=False),  # where to go after sign-in
    Column("created_at", Float, nullable=False),
    Column("last_seen_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

# A client's portal session: what one sign-in of the CLI or an SDK gave. Ending it ends its tokens.
portal_sessions = Table(
    "portal_sessions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("client_id", String(64), nullable=False),
    Column("client_name", String(256), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
    Column("ended_at", Float),
)

oidc_clients = Table(
    "oidc_clients",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("secret_hash", String(64), nullable=False),
    Column("client_name", String(256), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("grant_types", JSON, nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("issued_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

device_authorizations = Table(
    "device_authorizations",
    metadata,
    Column("device_code_hash", String(64), primary_key=True),
    Column("user_code", String(16), nullable=False, unique=True),
    Column("client_id", ForeignKey("oidc_clients.client_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String(16), nullable=False),  # PENDING, APPROVED, DENIED, REDEEMED
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE")),
    Column("source_address", String(64), nullable=False),
    Column("last_poll_at", Float),
    Column("polls", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
)

authorization_codes = Table(
    "authorization_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("client_id", ForeignKey("oidc_clients.client_id", ondelete="CASCADE"), nullable=False, index=True),
    Column("user_id", ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("redirect_uri", String(512), nullable=False),
    Column("code_challenge", String(128), nullable=False),
    Column("portal_session_id", String(36)),  # set when redeemed: a second use ends that session
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False, index=True),
    Column("redeemed_at", Float),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("kind", String(8), nullable=False),  # ACCESS, REFRESH
    Column(
        "portal_session_id", ForeignKey("portal_sessions.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("client_id", String(64), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("replaced_at", Float),  # a refresh token that was rotated
    Column("predecessor_hash", String(64), index=True),  # the refresh token that this one came for
)

# One token bucket per limited thing (an account's password, a source address, a user code).
rate_limits = Table(
    "rate_limits",
    metadata,
    Column("key", String(256), primary_key=True),
    Column("tokens", Float, nullable=False),
    Column("updated_at", Float, nullable=False, index=True),
)

# One event per state change, in the same transaction, each carrying the hash of the one before.
audit_events = Table(
    "audit_events",
    metadata,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", Float, nullable=False),
    Column("actor", String(256), nullable=False),
    Column("action", String(128), nullable=False),
    Column("target", String(512), nullable=False),
    Column("details", Text, nullable=False),  # canonical JSON
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_events_at", "at", "sequence"),
)
