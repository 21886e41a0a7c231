"""Copy requests: releases that the worker makes, decisions that can fall, items referred to a reviewer.

The tables of the first migration were never written to by any version, so they are made anew.

Revision: 0003, follows 0002
"""

import sqlalchemy as sa
from alembic import op


revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


NEVER_WRITTEN = (
    'deliveries',
    'signed_copies',
    'decisions',
    'releases',
    'redaction_boxes',
    'opinions',
    'requested_items',
    'request_steps',
    'copy_requests',
)


def upgrade() -> None:
    for table in NEVER_WRITTEN:
        if op.get_bind().scalar(sa.text(f'SELECT count(*) FROM {table}')):
            raise RuntimeError(f'{table} holds rows that no version of this program can have written')
        op.drop_table(table)
    op.create_table('copy_requests',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('number', sa.String(length=40), nullable=True),
    sa.Column('case_id', sa.String(length=32), nullable=False),
    sa.Column('person_id', sa.String(length=32), nullable=True),
    sa.Column('requester_id', sa.String(length=32), nullable=True),
    sa.Column('entered_by', sa.String(length=32), nullable=True),
    sa.Column('recipient', sa.String(length=200), nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=40), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('delivery', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('extended', sa.Boolean(), nullable=False),
    sa.Column('accepted_by', sa.String(length=32), nullable=True),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('identity_proof', sa.String(length=500), nullable=False),
    sa.Column('relation_proof', sa.String(length=500), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['accepted_by'], ['accounts.id'], name=op.f('fk_copy_requests_accepted_by_accounts')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_copy_requests_case_id_cases')),
    sa.ForeignKeyConstraint(['entered_by'], ['accounts.id'], name=op.f('fk_copy_requests_entered_by_accounts')),
    sa.ForeignKeyConstraint(['person_id'], ['persons.id'], name=op.f('fk_copy_requests_person_id_persons')),
    sa.ForeignKeyConstraint(['requester_id'], ['accounts.id'], name=op.f('fk_copy_requests_requester_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_copy_requests')),
    sa.UniqueConstraint('number', name=op.f('uq_copy_requests_number'))
    )
    with op.batch_alter_table('copy_requests', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_copy_requests_case_id'), ['case_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_copy_requests_requester_id'), ['requester_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_copy_requests_state'), ['state'], unique=False)

    op.create_table('opinions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.String(length=32), nullable=False),
    sa.Column('reviewer_id', sa.String(length=32), nullable=False),
    sa.Column('label', sa.String(length=120), nullable=False),
    sa.Column('advice', sa.String(length=40), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_opinions_item_id_items')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_opinions_request_id_copy_requests')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['accounts.id'], name=op.f('fk_opinions_reviewer_id_accounts')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_opinions'))
    )
    with op.batch_alter_table('opinions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_opinions_request_id'), ['request_id'], unique=False)

    op.create_table('redaction_boxes',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.String(length=32), nullable=False),
    sa.Column('page', sa.Integer(), nullable=False),
    sa.Column('x0', sa.Double(), nullable=False),
    sa.Column('y0', sa.Double(), nullable=False),
    sa.Column('x1', sa.Double(), nullable=False),
    sa.Column('y1', sa.Double(), nullable=False),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('drawn_by', sa.String(length=32), nullable=False),
    sa.Column('drawn_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['drawn_by'], ['accounts.id'], name=op.f('fk_redaction_boxes_drawn_by_accounts')),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_redaction_boxes_item_id_items')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_redaction_boxes_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redaction_boxes'))
    )
    with op.batch_alter_table('redaction_boxes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_redaction_boxes_request_id'), ['request_id'], unique=False)

    op.create_table('releases',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('prepared_by', sa.String(length=32), nullable=False),
    sa.Column('prepared_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('plan_sha256', sa.String(length=64), nullable=False),
    sa.Column('page_total', sa.Integer(), nullable=False),
    sa.Column('pages_done', sa.Integer(), nullable=False),
    sa.Column('manifest', sa.Text(), nullable=True),
    sa.Column('manifest_sha256', sa.String(length=64), nullable=True),
    sa.Column('pages', sa.JSON(), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['prepared_by'], ['accounts.id'], name=op.f('fk_releases_prepared_by_accounts')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_releases_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_releases'))
    )
    with op.batch_alter_table('releases', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_releases_request_id'), ['request_id'], unique=False)

    op.create_table('request_steps',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('step', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=40), nullable=False),
    sa.Column('actor_id', sa.String(length=40), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_request_steps_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_request_steps'))
    )
    with op.batch_alter_table('request_steps', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_request_steps_request_id'), ['request_id'], unique=False)

    op.create_table('requested_items',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('item_id', sa.String(length=32), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('own_marks', sa.JSON(), nullable=False),
    sa.Column('withheld_ground', sa.String(length=60), nullable=True),
    sa.ForeignKeyConstraint(['item_id'], ['items.id'], name=op.f('fk_requested_items_item_id_items')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_requested_items_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_requested_items')),
    sa.UniqueConstraint('request_id', 'item_id', name=op.f('uq_requested_items_request_id_item_id'))
    )
    with op.batch_alter_table('requested_items', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_requested_items_request_id'), ['request_id'], unique=False)

    op.create_table('decisions',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('release_id', sa.String(length=32), nullable=True),
    sa.Column('manifest_sha256', sa.String(length=64), nullable=False),
    sa.Column('leader_id', sa.String(length=32), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('ground', sa.String(length=60), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('withheld', sa.JSON(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('voided_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("outcome <> 'refused' OR ground <> ''", name=op.f('ck_decisions_refusal_has_ground')),
    sa.CheckConstraint("outcome = 'refused' OR release_id IS NOT NULL", name=op.f('ck_decisions_grant_binds_release')),
    sa.CheckConstraint("outcome IN ('granted','partly_granted','refused')", name=op.f('ck_decisions_outcome_known')),
    sa.ForeignKeyConstraint(['leader_id'], ['accounts.id'], name=op.f('fk_decisions_leader_id_accounts')),
    sa.ForeignKeyConstraint(['release_id'], ['releases.id'], name=op.f('fk_decisions_release_id_releases')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_decisions_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decisions'))
    )
    with op.batch_alter_table('decisions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decisions_request_id'), ['request_id'], unique=False)

    op.create_table('signed_copies',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('request_id', sa.String(length=32), nullable=False),
    sa.Column('decision_id', sa.String(length=32), nullable=False),
    sa.Column('blob', sa.String(length=80), nullable=True),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha512', sa.String(length=128), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('check_code', sa.String(length=32), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('withdrawn_reason', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['decision_id'], ['decisions.id'], name=op.f('fk_signed_copies_decision_id_decisions')),
    sa.ForeignKeyConstraint(['request_id'], ['copy_requests.id'], name=op.f('fk_signed_copies_request_id_copy_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signed_copies')),
    sa.UniqueConstraint('blob', name=op.f('uq_signed_copies_blob')),
    sa.UniqueConstraint('check_code', name=op.f('uq_signed_copies_check_code')),
    sa.UniqueConstraint('decision_id', name=op.f('uq_signed_copies_decision_id'))
    )
    with op.batch_alter_table('signed_copies', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signed_copies_request_id'), ['request_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_signed_copies_sha256'), ['sha256'], unique=False)

    op.create_table('deliveries',
    sa.Column('id', sa.String(length=32), nullable=False),
    sa.Column('copy_id', sa.String(length=32), nullable=False),
    sa.Column('account_id', sa.String(length=32), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_deliveries_account_id_accounts')),
    sa.ForeignKeyConstraint(['copy_id'], ['signed_copies.id'], name=op.f('fk_deliveries_copy_id_signed_copies')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deliveries'))
    )
    with op.batch_alter_table('deliveries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_deliveries_copy_id'), ['copy_id'], unique=False)

    with op.batch_alter_table('case_grants', schema=None) as batch_op:
        batch_op.add_column(sa.Column('item_id', sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column('request_id', sa.String(length=32), nullable=True))
        batch_op.create_index(batch_op.f('ix_case_grants_request_id'), ['request_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_case_grants_request_id_copy_requests'), 'copy_requests', ['request_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_case_grants_item_id_items'), 'items', ['item_id'], ['id'])



def downgrade() -> None:
    raise NotImplementedError("an archive does not go back: restore the backup that was made before the upgrade")
