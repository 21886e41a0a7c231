"""Rights are asked for, granted and ended with a ground; cases are opened by name; sessions know from where they began.

Revision: 0006, follows 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

GRANTS = ("role_grants", "clearance_grants", "mark_grants", "memberships", "leaderships", "case_grants")
WITHOUT_GROUND = ("memberships", "leaderships")


def upgrade() -> None:
    for table in GRANTS:
        bare = table in WITHOUT_GROUND
        with op.batch_alter_table(table) as batch:
            if bare:
                batch.add_column(sa.Column("ground", sa.String(length=500), nullable=False, server_default=""))
                batch.add_column(sa.Column("granted_by", sa.String(length=32), nullable=True))
                batch.add_column(sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True))
                batch.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
                batch.create_foreign_key(op.f(f"fk_{table}_granted_by_accounts"), "accounts", ["granted_by"], ["id"])
            batch.add_column(sa.Column("ended_by", sa.String(length=32), nullable=True))
            batch.add_column(sa.Column("end_ground", sa.String(length=500), nullable=False, server_default=""))
            batch.create_foreign_key(op.f(f"fk_{table}_ended_by_accounts"), "accounts", ["ended_by"], ["id"])
        if bare:
            _date_by_first_day(table)
    op.create_table(
        "department_grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("department_id", sa.String(length=32), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ground", sa.String(length=500), nullable=False),
        sa.Column("granted_by", sa.String(length=32), nullable=True),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=32), nullable=True),
        sa.Column("end_ground", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_department_grants_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["department_id"], ["departments.id"], name=op.f("fk_department_grants_department_id_departments")
        ),
        sa.ForeignKeyConstraint(["granted_by"], ["accounts.id"], name=op.f("fk_department_grants_granted_by_accounts")),
        sa.ForeignKeyConstraint(["ended_by"], ["accounts.id"], name=op.f("fk_department_grants_ended_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_department_grants")),
    )
    op.create_index(op.f("ix_department_grants_account_id"), "department_grants", ["account_id"], unique=False)
    _asks()
    with op.batch_alter_table("web_sessions") as batch:
        batch.add_column(sa.Column("address", sa.String(length=45), nullable=False, server_default=""))


def _date_by_first_day(table: str) -> None:
    """What was given before grants had a moment began on its first day."""
    begun = "valid_from || ' 00:00:00.000000'" if op.get_bind().dialect.name == "sqlite" else "valid_from"
    op.execute(f"UPDATE {table} SET granted_at = {begun}")
    with op.batch_alter_table(table) as batch:
        batch.alter_column("granted_at", existing_type=sa.DateTime(timezone=True), nullable=False)


def _asks() -> None:
    op.create_table(
        "rights_asks",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("ground", sa.String(length=500), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_ground", sa.String(length=500), nullable=False),
        sa.Column("grant_id", sa.String(length=32), nullable=True),
        sa.CheckConstraint("asked_by <> account_id", name=op.f("ck_rights_asks_not_for_oneself")),
        sa.CheckConstraint("decided_by <> account_id", name=op.f("ck_rights_asks_not_to_oneself")),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_rights_asks_decided_by_another")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_rights_asks_account_id_accounts")),
        sa.ForeignKeyConstraint(["asked_by"], ["accounts.id"], name=op.f("fk_rights_asks_asked_by_accounts")),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name=op.f("fk_rights_asks_decided_by_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_asks")),
    )
    for column in ("account_id", "asked_by", "state"):
        op.create_index(op.f(f"ix_rights_asks_{column}"), "rights_asks", [column], unique=False)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
