"""What archivists put in the place of the text that was read from a page.

Revision: 0017, follows 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "page_corrections",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_page_corrections_ended_by_accounts")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_files.id"], name=op.f("fk_page_corrections_file_id_stored_files")),
        sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name=op.f("fk_page_corrections_made_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_corrections")),
    )
    op.create_index(op.f("ix_page_corrections_file_id"), "page_corrections", ["file_id"], unique=False)
    op.create_index(
        "uq_page_corrections_in_force",
        "page_corrections",
        ["file_id", "page"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
