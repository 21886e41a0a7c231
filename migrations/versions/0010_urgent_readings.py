"""Urgent readings, and openings of a case that end to the minute.

Revision: 0010, follows 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_grants", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "urgent_readings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=120), nullable=False),
        sa.Column("ground", sa.String(length=500), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_ground", sa.String(length=500), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_by", sa.String(length=32), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("decided_by <> account_id", name=op.f("ck_urgent_readings_decided_by_another")),
        sa.CheckConstraint(
            "reviewed_by <> account_id AND reviewed_by <> decided_by",
            name=op.f("ck_urgent_readings_reviewed_by_a_third"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_urgent_readings_account_id_accounts")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_urgent_readings_case_id_cases")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_urgent_readings_decided_by_accounts")),
        sa.ForeignKeyConstraint(["grant_id"], ["case_grants.id"], name=op.f("fk_urgent_readings_grant_id_case_grants")),
        sa.ForeignKeyConstraint(["reviewed_by"], ["accounts.id"], name=op.f("fk_urgent_readings_reviewed_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urgent_readings")),
    )
    for column in ("account_id", "state"):
        op.create_index(op.f(f"ix_urgent_readings_{column}"), "urgent_readings", [column], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
