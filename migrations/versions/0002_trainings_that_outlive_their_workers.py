"""Trainings that outlive their workers

Revision: 0002, after 0001

Tables are altered in place, never copied: SQLite would carry out the foreign keys' cascades on dropping the original.
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import Instant, JsonColumn

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "label", name=op.f("pk_counters")),
    )
    op.create_table(
        "workers",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_workers")),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("caller", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", JsonColumn, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotent_answers")),
    )
    op.create_index(op.f("ix_idempotent_answers_created_at"), "idempotent_answers", ["created_at"])
    _create_checkpoints()
    op.add_column("trainings", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.add_column("trainings", sa.Column("lease_clock", sa.String(length=64), nullable=True))
    op.add_column("trainings", sa.Column("lease_until", sa.Double(), nullable=True))
    op.add_column("trainings", sa.Column("compute_seconds", sa.Double(), server_default="0", nullable=False))
    op.drop_column("trainings", "lease_expires_at")  # what runs now has no lease, so it is rescued at the first look
    op.create_index("ix_trainings_alike", "trainings", ["dataset", "network", "state", "finished_at"])
    op.create_index(
        "ix_trainings_queue", "trainings", ["owner", "state", sa.literal_column("priority DESC"), "created_at", "id"]
    )
    _create_owners()


def _create_checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_checkpoints_training_id_trainings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoints")),
    )
    op.create_index(op.f("ix_checkpoints_training_id"), "checkpoints", ["training_id"])
    op.create_table(
        "checkpoint_parts",
        sa.Column("checkpoint_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["checkpoint_id"],
            ["checkpoints.id"],
            name=op.f("fk_checkpoint_parts_checkpoint_id_checkpoints"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("checkpoint_id", "number", name=op.f("pk_checkpoint_parts")),
    )
    if op.get_bind().dialect.name == "postgresql":  # weights do not compress: do not try
        op.execute("ALTER TABLE checkpoint_parts ALTER COLUMN content SET STORAGE EXTERNAL")


def _create_owners() -> None:
    op.create_table(
        "owners",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("usage", sa.Double(), nullable=False),
        sa.Column("next_priority", sa.Integer(), nullable=True),
        sa.Column("next_created_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_owners")),
    )
    op.create_index(
        "ix_owners_turn",
        "owners",
        [sa.literal_column("next_priority DESC"), "running", "usage", "next_created_at", "name"],
        sqlite_where=sa.text("next_priority IS NOT NULL"),
        postgresql_where=sa.text("next_priority IS NOT NULL"),
    )
    op.execute(
        "INSERT INTO owners (name, running, usage, next_priority, next_created_at) "
        "SELECT owner, sum(CASE state WHEN 'running' THEN 1 ELSE 0 END), -1e9, "
        "max(CASE state WHEN 'queued' THEN priority END), min(CASE state WHEN 'queued' THEN created_at END) "
        "FROM trainings GROUP BY owner"
    )


def downgrade() -> None:
    op.drop_table("owners")
    op.drop_index("ix_trainings_queue", "trainings")
    op.drop_index("ix_trainings_alike", "trainings")
    op.add_column("trainings", sa.Column("lease_expires_at", Instant(), nullable=True))
    for column in ("compute_seconds", "lease_until", "lease_clock", "priority"):
        op.drop_column("trainings", column)
    for table in ("checkpoint_parts", "checkpoints", "idempotent_answers", "workers", "counters"):
        op.drop_table(table)
