"""Browsers that are known for a person, and wrong tries counted by network address.

Revision: 0012, follows 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_devices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_known_devices_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("account_id", "token_hash", name=op.f("uq_known_devices_account_id_token_hash")),
    )
    op.create_index(op.f("ix_known_devices_token_hash"), "known_devices", ["token_hash"], unique=False)
    op.create_table(
        "address_guards",
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("failed_logins", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_address_guards")),
    )


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
