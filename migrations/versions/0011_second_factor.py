"""One-time codes as the second factor, their recovery codes, and a recovery that takes a lost one away.

Revision: 0011, follows 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "second_factors",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_second_factors_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "factor_codes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_factor_codes_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_factor_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_factor_codes_code_hash")),
    )
    op.create_index(op.f("ix_factor_codes_account_id"), "factor_codes", ["account_id"], unique=False)
    op.add_column("recoveries", sa.Column("lifts_factor", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
