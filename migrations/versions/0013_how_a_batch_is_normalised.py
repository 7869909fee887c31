"""How a batch is normalised

Revision: 0013, after 0012

Whether a batch's handwritten digits are laid out as in MNIST. What a version writes that does not know of it is `auto`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prediction_batches", sa.Column("normalize", sa.String(6), nullable=False, server_default="auto"))


def downgrade() -> None:
    op.drop_column("prediction_batches", "normalize")
