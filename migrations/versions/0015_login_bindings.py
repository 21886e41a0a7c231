"""Identities elsewhere that an account is bound to.

Revision: 0015, follows 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "login_bindings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_login_bindings_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_bindings")),
        sa.UniqueConstraint("kind", "issuer", "subject", name=op.f("uq_login_bindings_kind_issuer_subject")),
    )
    op.create_index(op.f("ix_login_bindings_account_id"), "login_bindings", ["account_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
