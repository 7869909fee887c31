"""Misclassified examples by confidence

Revision: 0007, after 0004
"""

from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_misclassified_examples_confidence", "misclassified_examples", ["training_id", "confidence", "test_index"]
    )


def downgrade() -> None:
    op.drop_index("ix_misclassified_examples_confidence", "misclassified_examples")
