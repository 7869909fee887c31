"""What a training was made with

Revision: 0008, after 0007

Tables of their own: a training has an attempt or many, and few are reruns. What was trained before has no receipt.
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import Instant, JsonColumn

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "training_attempts",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("after_epoch", sa.Integer(), nullable=False),
        sa.Column("after_step", sa.Integer(), nullable=False),
        sa.Column("dataset_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_with", JsonColumn, nullable=False),
        _of_training("training_attempts"),
        sa.PrimaryKeyConstraint("training_id", "attempt", name=op.f("pk_training_attempts")),
    )
    op.create_table(
        "receipts",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("weights_sha256", sa.String(length=64), nullable=False),
        sa.Column("weights", JsonColumn, nullable=False),
        _of_training("receipts"),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_receipts")),
    )
    op.create_table(
        "reruns",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("original_id", sa.String(length=16), nullable=False),
        sa.Column("difference", JsonColumn, nullable=True),
        _of_training("reruns"),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_reruns")),
    )
    op.create_index(op.f("ix_reruns_original_id"), "reruns", ["original_id"])


def _of_training(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_training_id_trainings")
    return sa.ForeignKeyConstraint(["training_id"], ["trainings.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("reruns", "receipts", "training_attempts"):
        op.drop_table(table)
