"""What is opened to a person by name is read at each request: whole cases and parts each from an index alone.

Revision: 0016, follows 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WHOLE = sa.text("ended_at IS NULL AND item_id IS NULL AND ends_at IS NULL")
PARTS = sa.text("ended_at IS NULL AND (item_id IS NOT NULL OR ends_at IS NOT NULL)")


def upgrade() -> None:
    for name, columns, where in (
        ("ix_case_grants_whole", ["account_id", "valid_to", "case_id"], WHOLE),
        ("ix_case_grants_parts", ["account_id"], PARTS),
    ):
        op.create_index(name, "case_grants", columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
