"""What a report says of the likeliest classes

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import JsonColumn

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("top_k", JsonColumn, nullable=True))


def downgrade() -> None:
    op.drop_column("reports", "top_k")
