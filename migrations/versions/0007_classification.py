"""Labels are proposed, decided with a term, reviewed; what was relabelled is held back until the index has followed.

Revision: 0007, follows 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "label_proposals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("former", sa.String(length=120), nullable=False),
        sa.Column("ground", sa.String(length=500), nullable=False),
        sa.Column("declassify_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("origin_document", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.String(length=32), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_ground", sa.String(length=500), nullable=False),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_label_proposals_decided_by_another")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_label_proposals_case_id_cases")),
        sa.ForeignKeyConstraint(["proposed_by"], ["accounts.id"], name=op.f("fk_label_proposals_proposed_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_label_proposals_decided_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_proposals")),
    )
    op.create_table(
        "label_reviews",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.String(length=32), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_label_reviews_case_id_cases")),
        sa.ForeignKeyConstraint(["done_by"], ["accounts.id"], name=op.f("fk_label_reviews_done_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_reviews")),
    )
    op.create_table(
        "index_holds",
        sa.Column("case_id", sa.String(length=32), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_index_holds_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_index_holds")),
    )
    for table, columns in {
        "label_proposals": ("case_id", "subject_id", "state"),
        "label_reviews": ("case_id", "subject_id", "done_at"),
    }.items():
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    with op.batch_alter_table("label_decisions") as batch:
        batch.add_column(sa.Column("origin_document", sa.String(length=200), nullable=False, server_default=""))
        batch.add_column(sa.Column("proposal_id", sa.String(length=32), nullable=True))
        batch.create_foreign_key(
            op.f("fk_label_decisions_proposal_id_label_proposals"), "label_proposals", ["proposal_id"], ["id"]
        )


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
