"""The audit log only grows: triggers that refuse change and removal.

Revision: 0002, follows 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = {'postgresql': ['\n'
                'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$\n'
                'BEGIN\n'
                "  RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = "
                "'restrict_violation';\n"
                'END $$\n',
                'CREATE OR REPLACE TRIGGER audit_leaves_delete BEFORE DELETE ON audit_leaves FOR EACH ROW '
                'EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_leaves_truncate BEFORE TRUNCATE ON audit_leaves FOR EACH '
                'STATEMENT EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_leaves_update BEFORE UPDATE ON audit_leaves FOR EACH ROW '
                'WHEN ((OLD.id IS DISTINCT FROM NEW.id) OR (OLD.leaf_hash IS DISTINCT FROM NEW.leaf_hash) OR '
                '(OLD.version IS DISTINCT FROM NEW.version) OR (OLD.name IS DISTINCT FROM NEW.name) OR '
                '(OLD.actor_id IS DISTINCT FROM NEW.actor_id) OR (OLD.object_type IS DISTINCT FROM '
                'NEW.object_type) OR (OLD.object_id IS DISTINCT FROM NEW.object_id) OR (OLD.outcome IS '
                'DISTINCT FROM NEW.outcome) OR (OLD.at IS DISTINCT FROM NEW.at) OR (OLD.request_id IS '
                'DISTINCT FROM NEW.request_id) OR (OLD.commitment IS DISTINCT FROM NEW.commitment) OR '
                '(OLD.position IS NOT NULL AND OLD.position IS DISTINCT FROM NEW.position) OR ((OLD.salt IS '
                'DISTINCT FROM NEW.salt) AND NEW.salt IS NOT NULL OR (OLD.details IS DISTINCT FROM '
                'NEW.details) AND NEW.details IS NOT NULL) OR ((NEW.salt IS NULL) <> (NEW.details IS NULL))) '
                'EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_leaves_insert BEFORE INSERT ON audit_leaves FOR EACH ROW '
                'WHEN (NEW.position IS NOT NULL) EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_nodes_delete BEFORE DELETE ON audit_nodes FOR EACH ROW '
                'EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_nodes_truncate BEFORE TRUNCATE ON audit_nodes FOR EACH '
                'STATEMENT EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_nodes_update BEFORE UPDATE ON audit_nodes FOR EACH ROW WHEN '
                '((OLD.level IS DISTINCT FROM NEW.level) OR (OLD.place IS DISTINCT FROM NEW.place) OR '
                '(OLD.hash IS DISTINCT FROM NEW.hash)) EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_checkpoints_delete BEFORE DELETE ON audit_checkpoints FOR '
                'EACH ROW EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_checkpoints_truncate BEFORE TRUNCATE ON audit_checkpoints '
                'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()',
                'CREATE OR REPLACE TRIGGER audit_checkpoints_update BEFORE UPDATE ON audit_checkpoints FOR '
                'EACH ROW WHEN ((OLD.id IS DISTINCT FROM NEW.id) OR (OLD.size IS DISTINCT FROM NEW.size) OR '
                '(OLD.note IS DISTINCT FROM NEW.note)) EXECUTE FUNCTION refuse_change()'],
 'sqlite': ['CREATE TRIGGER IF NOT EXISTS audit_leaves_delete BEFORE DELETE ON audit_leaves BEGIN SELECT '
            "RAISE(ABORT, 'audit_leaves is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_leaves_update BEFORE UPDATE ON audit_leaves WHEN (OLD.id IS '
            'NOT NEW.id) OR (OLD.leaf_hash IS NOT NEW.leaf_hash) OR (OLD.version IS NOT NEW.version) OR '
            '(OLD.name IS NOT NEW.name) OR (OLD.actor_id IS NOT NEW.actor_id) OR (OLD.object_type IS NOT '
            'NEW.object_type) OR (OLD.object_id IS NOT NEW.object_id) OR (OLD.outcome IS NOT NEW.outcome) OR '
            '(OLD.at IS NOT NEW.at) OR (OLD.request_id IS NOT NEW.request_id) OR (OLD.commitment IS NOT '
            'NEW.commitment) OR (OLD.position IS NOT NULL AND OLD.position IS NOT NEW.position) OR '
            '((OLD.salt IS NOT NEW.salt) AND NEW.salt IS NOT NULL OR (OLD.details IS NOT NEW.details) AND '
            'NEW.details IS NOT NULL) OR ((NEW.salt IS NULL) <> (NEW.details IS NULL)) BEGIN SELECT '
            "RAISE(ABORT, 'audit_leaves is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_leaves_insert BEFORE INSERT ON audit_leaves WHEN EXISTS '
            '(SELECT 1 FROM audit_leaves WHERE id = NEW.id) OR NEW.position IS NOT NULL BEGIN SELECT '
            "RAISE(ABORT, 'audit_leaves is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_nodes_delete BEFORE DELETE ON audit_nodes BEGIN SELECT '
            "RAISE(ABORT, 'audit_nodes is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_nodes_update BEFORE UPDATE ON audit_nodes WHEN (OLD.level IS '
            'NOT NEW.level) OR (OLD.place IS NOT NEW.place) OR (OLD.hash IS NOT NEW.hash) BEGIN SELECT '
            "RAISE(ABORT, 'audit_nodes is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_nodes_insert BEFORE INSERT ON audit_nodes WHEN EXISTS '
            '(SELECT 1 FROM audit_nodes WHERE level = NEW.level AND place = NEW.place) BEGIN SELECT '
            "RAISE(ABORT, 'audit_nodes is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_checkpoints_delete BEFORE DELETE ON audit_checkpoints BEGIN '
            "SELECT RAISE(ABORT, 'audit_checkpoints is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_checkpoints_update BEFORE UPDATE ON audit_checkpoints WHEN '
            '(OLD.id IS NOT NEW.id) OR (OLD.size IS NOT NEW.size) OR (OLD.note IS NOT NEW.note) BEGIN SELECT '
            "RAISE(ABORT, 'audit_checkpoints is append-only'); END",
            'CREATE TRIGGER IF NOT EXISTS audit_checkpoints_insert BEFORE INSERT ON audit_checkpoints WHEN '
            'EXISTS (SELECT 1 FROM audit_checkpoints WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, '
            "'audit_checkpoints is append-only'); END"]}


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS[connection.dialect.name]:
        connection.exec_driver_sql(statement.replace("%", "%%") if connection.dialect.name == "postgresql" else statement)


def downgrade() -> None:
    raise NotImplementedError("an archive is not taken down by a migration")
