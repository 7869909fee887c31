"""Compute on the lease's clock

Revision: 0009, after 0008

When an attempt began, on the clock that its lease is on: what it computed no longer follows the time of day, which may be set.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("trainings", sa.Column("lease_began", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("trainings", "lease_began")
