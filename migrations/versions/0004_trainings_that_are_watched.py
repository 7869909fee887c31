"""Trainings that are watched

Revision: 0004, after 0003

On PostgreSQL every transaction that adds a training, raises its version or removes it tells of that, with the training's id, on
the channel that `service.live.sources` listens to. A trigger does it, so that no writer can forget to.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TELL = """
CREATE FUNCTION cyfra_tell_of_training() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('cyfra_trainings', coalesce(NEW.id, OLD.id));
    RETURN NULL;
END
$$
"""
TELL_OF_ROWS = """
CREATE TRIGGER tell_of_rows AFTER INSERT OR DELETE ON trainings
FOR EACH ROW EXECUTE FUNCTION cyfra_tell_of_training()
"""
TELL_OF_VERSIONS = """
CREATE TRIGGER tell_of_versions AFTER UPDATE ON trainings
FOR EACH ROW WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION cyfra_tell_of_training()
"""


def upgrade() -> None:
    op.add_column("training_changes", sa.Column("resumes_after_epoch", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":  # SQLite counts commits by itself
        for statement in (TELL, TELL_OF_ROWS, TELL_OF_VERSIONS):
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for trigger in ("tell_of_versions", "tell_of_rows"):
            op.execute(f"DROP TRIGGER {trigger} ON trainings")
        op.execute("DROP FUNCTION cyfra_tell_of_training()")
    op.drop_column("training_changes", "resumes_after_epoch")
