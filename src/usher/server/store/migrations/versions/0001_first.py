"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "admin_keys",
        sa.Column("access_key_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("access_key_id", name=op.f("pk_admin_keys")),
    )
    op.create_table(
        "audit_events",
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("actor", sa.String(length=256), nullable=False),
        sa.Column("action", sa.String(length=128), nullable=False),
        sa.Column("target", sa.String(length=512), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_events")),
    )
    op.create_index("ix_audit_events_at", "audit_events", ["at", "sequence"], unique=False)
    op.create_table(
        "groups",
        sa.Column("id", sa.String(length=47), nullable=False),
        sa.Column("display_name", sa.String(length=1024), nullable=False),
        sa.Column("display_name_folded", sa.String(length=1024), nullable=False),
        sa.Column("description", sa.String(length=1024), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sa.UniqueConstraint("display_name_folded", name=op.f("uq_groups_display_name_folded")),
    )
    op.create_table(
        "instances",
        sa.Column("arn", sa.String(length=128), nullable=False),
        sa.Column("identity_store_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("region", sa.String(length=32), nullable=False),
        sa.Column("portal_session_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("arn", name=op.f("pk_instances")),
        sa.UniqueConstraint("identity_store_id", name=op.f("uq_instances_identity_store_id")),
    )
    op.create_table(
        "oidc_clients",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("client_name", sa.String(length=256), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("grant_types", sa.JSON(), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("issued_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oidc_clients")),
    )
    op.create_index(op.f("ix_oidc_clients_expires_at"), "oidc_clients", ["expires_at"], unique=False)
    op.create_table(
        "operations",
        sa.Column("request_id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("permission_set_id", sa.String(length=32), nullable=False),
        sa.Column("permission_set_arn", sa.String(length=160), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=True),
        sa.Column("principal_kind", sa.String(length=5), nullable=True),
        sa.Column("principal_id", sa.String(length=47), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("requested_by", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("finished_at", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_operations")),
    )
    op.create_index("ix_operations_kind_status", "operations", ["kind", "status", "created_at"], unique=False)
    op.create_table(
        "permission_sets",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("arn", sa.String(length=160), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("description", sa.String(length=700), nullable=True),
        sa.Column("session_duration", sa.String(length=100), nullable=False),
        sa.Column("relay_state", sa.String(length=240), nullable=True),
        sa.Column("inline_policy", sa.Text(), nullable=True),
        sa.Column("boundary", sa.JSON(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permission_sets")),
        sa.UniqueConstraint("arn", name=op.f("uq_permission_sets_arn")),
        sa.UniqueConstraint("name", name=op.f("uq_permission_sets_name")),
    )
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_rate_limits")),
    )
    op.create_index(op.f("ix_rate_limits_updated_at"), "rate_limits", ["updated_at"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("certificate_pem", sa.Text(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "tags",
        sa.Column("resource_arn", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("value", sa.String(length=256), nullable=False),
        sa.PrimaryKeyConstraint("resource_arn", "key", name=op.f("pk_tags")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.String(length=47), nullable=False),
        sa.Column("user_name", sa.String(length=128), nullable=False),
        sa.Column("user_name_folded", sa.String(length=256), nullable=False),
        sa.Column("display_name", sa.String(length=1024), nullable=False),
        sa.Column("given_name", sa.String(length=1024), nullable=False),
        sa.Column("family_name", sa.String(length=1024), nullable=False),
        sa.Column("email", sa.String(length=1024), nullable=True),
        sa.Column("email_folded", sa.String(length=1024), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_folded", name=op.f("uq_users_email_folded")),
        sa.UniqueConstraint("user_name_folded", name=op.f("uq_users_user_name_folded")),
    )
    op.create_table(
        "assignments",
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("permission_set_id", sa.String(length=32), nullable=False),
        sa.Column("principal_kind", sa.String(length=5), nullable=False),
        sa.Column("principal_id", sa.String(length=47), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_set_id"], ["permission_sets.id"], name=op.f("fk_assignments_permission_set_id")
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "permission_set_id", "principal_kind", "principal_id", name=op.f("pk_assignments")
        ),
    )
    op.create_index(
        "ix_assignments_permission_set", "assignments", ["permission_set_id", "account_id"], unique=False
    )
    op.create_index(
        "ix_assignments_principal",
        "assignments",
        ["principal_kind", "principal_id", "account_id"],
        unique=False,
    )
    op.create_table(
        "authorization_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=False),
        sa.Column("redirect_uri", sa.String(length=512), nullable=False),
        sa.Column("code_challenge", sa.String(length=128), nullable=False),
        sa.Column("portal_session_id", sa.String(length=36), nullable=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("redeemed_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oidc_clients.client_id"],
            name=op.f("fk_authorization_codes_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_authorization_codes_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_authorization_codes")),
    )
    op.create_index(
        op.f("ix_authorization_codes_client_id"), "authorization_codes", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_authorization_codes_expires_at"), "authorization_codes", ["expires_at"], unique=False
    )
    op.create_table(
        "browser_sessions",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=True),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("last_seen_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_browser_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_browser_sessions")),
    )
    op.create_index(op.f("ix_browser_sessions_expires_at"), "browser_sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_browser_sessions_user_id"), "browser_sessions", ["user_id"], unique=False)
    op.create_table(
        "device_authorizations",
        sa.Column("device_code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_code", sa.String(length=16), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=True),
        sa.Column("source_address", sa.String(length=64), nullable=False),
        sa.Column("last_poll_at", sa.Float(), nullable=True),
        sa.Column("polls", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oidc_clients.client_id"],
            name=op.f("fk_device_authorizations_client_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_device_authorizations_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("device_code_hash", name=op.f("pk_device_authorizations")),
        sa.UniqueConstraint("user_code", name=op.f("uq_device_authorizations_user_code")),
    )
    op.create_index(
        op.f("ix_device_authorizations_client_id"), "device_authorizations", ["client_id"], unique=False
    )
    op.create_index(
        op.f("ix_device_authorizations_expires_at"), "device_authorizations", ["expires_at"], unique=False
    )
    op.create_table(
        "memberships",
        sa.Column("id", sa.String(length=47), nullable=False),
        sa.Column("group_id", sa.String(length=47), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_memberships_group_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_memberships_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("group_id", "user_id", name=op.f("uq_memberships_group_id_user_id")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    op.create_table(
        "passwords",
        sa.Column("user_id", sa.String(length=47), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.Float(), nullable=True),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_passwords_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_passwords")),
    )
    op.create_table(
        "permission_set_customer_policies",
        sa.Column("permission_set_id", sa.String(length=32), nullable=False),
        sa.Column("path", sa.String(length=512), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_set_id"],
            ["permission_sets.id"],
            name=op.f("fk_permission_set_customer_policies_permission_set_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "permission_set_id", "path", "name", name=op.f("pk_permission_set_customer_policies")
        ),
    )
    op.create_table(
        "permission_set_managed_policies",
        sa.Column("permission_set_id", sa.String(length=32), nullable=False),
        sa.Column("policy_arn", sa.String(length=2048), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_set_id"],
            ["permission_sets.id"],
            name=op.f("fk_permission_set_managed_policies_permission_set_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "permission_set_id", "policy_arn", name=op.f("pk_permission_set_managed_policies")
        ),
    )
    op.create_table(
        "portal_sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=47), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("client_name", sa.String(length=256), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("ended_at", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_portal_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_sessions")),
    )
    op.create_index(op.f("ix_portal_sessions_expires_at"), "portal_sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_portal_sessions_user_id"), "portal_sessions", ["user_id"], unique=False)
    op.create_table(
        "provisioned_roles",
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("permission_set_id", sa.String(length=32), nullable=False),
        sa.Column("role_name", sa.String(length=64), nullable=False),
        sa.Column("role_arn", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["permission_set_id"], ["permission_sets.id"], name=op.f("fk_provisioned_roles_permission_set_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "permission_set_id", name=op.f("pk_provisioned_roles")),
    )
    op.create_index(
        "ix_provisioned_roles_permission_set",
        "provisioned_roles",
        ["permission_set_id", "account_id"],
        unique=False,
    )
    op.create_table(
        "tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("portal_session_id", sa.String(length=36), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("replaced_at", sa.Float(), nullable=True),
        sa.Column("predecessor_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["portal_session_id"],
            ["portal_sessions.id"],
            name=op.f("fk_tokens_portal_session_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_portal_session_id"), "tokens", ["portal_session_id"], unique=False)
    op.create_index(op.f("ix_tokens_predecessor_hash"), "tokens", ["predecessor_hash"], unique=False)
    op.create_table(
        "account_access_applications",
        sa.Column("arn", sa.String(length=160), nullable=False),
        sa.Column("instance_arn", sa.String(length=128), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_arn"],
            ["instances.arn"],
            name=op.f("fk_account_access_applications_instance_arn"),
        ),
        sa.PrimaryKeyConstraint("arn", name=op.f("pk_account_access_applications")),
        sa.UniqueConstraint("instance_arn", name=op.f("uq_account_access_applications_instance_arn")),
    )
    op.create_table(
        "entitlements",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("application_arn", sa.String(length=160), nullable=False),
        sa.Column("principal_kind", sa.String(length=5), nullable=False),
        sa.Column("principal_id", sa.String(length=47), nullable=False),
        sa.Column("role_arn", sa.String(length=2048), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_arn"],
            ["account_access_applications.arn"],
            name=op.f("fk_entitlements_application_arn"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entitlements")),
        sa.UniqueConstraint(
            "application_arn",
            "role_arn",
            "principal_kind",
            "principal_id",
            name=op.f("uq_entitlements_application_arn_role_arn_principal_kind_principal_id"),
        ),
    )
    op.create_index("ix_entitlements_account", "entitlements", ["account_id", "id"], unique=False)
    op.create_index(
        "ix_entitlements_principal", "entitlements", ["principal_kind", "principal_id", "id"], unique=False
    )
