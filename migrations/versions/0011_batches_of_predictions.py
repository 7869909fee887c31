"""Batches of predictions

Revision: 0011, after 0010
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import Instant, JsonColumn

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BATCHES = "prediction_batches"


def upgrade() -> None:
    op.create_table(
        BATCHES,
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("model_version", sa.Integer(), nullable=False),
        sa.Column("onnx_sha256", sa.String(length=64), nullable=False),
        sa.Column("expects", JsonColumn, nullable=False),
        sa.Column("classes", JsonColumn, nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("array", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("labels_from", sa.String(length=16), nullable=True),
        sa.Column("notes", JsonColumn, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("lease_clock", sa.String(length=64), nullable=True),
        sa.Column("lease_began", sa.Double(), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("cancel_requested_at", Instant(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("unreadable", sa.Integer(), nullable=False),
        sa.Column("labelled", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("eta_seconds", sa.Double(), nullable=True),
        sa.Column("error_type", sa.String(length=50), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prediction_batches")),
    )
    op.create_index("ix_prediction_batches_state_created_at_id", BATCHES, ["state", "created_at", "id"])
    op.create_index("ix_prediction_batches_created_at_id", BATCHES, ["created_at", "id"])
    op.create_index("ix_prediction_batches_owner_started_at", BATCHES, ["owner", "started_at"])
    op.create_table(
        "batch_inputs",
        sa.Column("batch_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("source", JsonColumn, nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_inputs")),
    )
    op.create_table(
        "batch_input_parts",
        sa.Column("batch_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batch_inputs.batch_id"],
            name=op.f("fk_batch_input_parts_batch_id_batch_inputs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_input_parts")),
    )
    op.create_table(
        "batch_chunks",
        sa.Column("batch_id", sa.String(length=16), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("names", JsonColumn, nullable=False),
        sa.Column("likeliest", sa.Integer(), nullable=False),
        sa.Column("top", sa.LargeBinary(), nullable=False),
        sa.Column("probabilities", sa.LargeBinary(), nullable=False),
        sa.Column("true", sa.LargeBinary(), nullable=True),
        sa.Column("errors", JsonColumn, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["prediction_batches.id"],
            name=op.f("fk_batch_chunks_batch_id_prediction_batches"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("batch_id", "start", name=op.f("pk_batch_chunks")),
    )


def downgrade() -> None:
    for table in ("batch_chunks", "batch_input_parts", "batch_inputs", BATCHES):
        op.drop_table(table)
