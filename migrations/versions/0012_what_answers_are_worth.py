"""What answers are worth

Revision: 0012, after 0011

What a report says of a model's confidence, and the verdicts on a batch's pictures. A model's calibration is in its file.
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import JsonColumn

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("confidence", JsonColumn, nullable=True))
    op.add_column("batch_chunks", sa.Column("verdicts", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("batch_chunks", "verdicts")
    op.drop_column("reports", "confidence")
