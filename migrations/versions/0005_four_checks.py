"""Reports of the four checks are kept.

Revision: 0005, follows 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "four_check_reports",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("moment", sa.String(length=40), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_four_check_reports_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_four_check_reports")),
    )
    op.create_index(op.f("ix_four_check_reports_case_id"), "four_check_reports", ["case_id"], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
