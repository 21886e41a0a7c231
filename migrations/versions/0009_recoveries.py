"""Recoveries of accounts by two people.

Revision: 0009, follows 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recoveries",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=500), nullable=False),
        sa.Column("begun_by", sa.String(length=32), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("settled_by", sa.String(length=32), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settle_ground", sa.String(length=500), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=True),
        sa.Column("code_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("begun_by <> account_id", name=op.f("ck_recoveries_not_for_oneself")),
        sa.CheckConstraint("settled_by <> account_id", name=op.f("ck_recoveries_not_by_oneself")),
        sa.CheckConstraint(
            "settled_by <> begun_by OR state = 'withdrawn'", name=op.f("ck_recoveries_settled_by_another")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recoveries_account_id_accounts")),
        sa.ForeignKeyConstraint(["begun_by"], ["accounts.id"], name=op.f("fk_recoveries_begun_by_accounts")),
        sa.ForeignKeyConstraint(["settled_by"], ["accounts.id"], name=op.f("fk_recoveries_settled_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recoveries")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recoveries_code_hash")),
    )
    for column in ("account_id", "state"):
        op.create_index(op.f(f"ix_recoveries_{column}"), "recoveries", [column], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
