"""Everything the first version keeps

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

from service.records.base import Instant, JsonColumn

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "artefacts",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_artefacts")),
    )
    op.create_table(
        "models",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_models")),
    )
    op.create_table(
        "trainings",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "failed",
                "cancelled",
                name="trainingstate",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("spec", JsonColumn, nullable=False),
        sa.Column("preset", sa.String(length=100), nullable=True),
        sa.Column("dataset", sa.String(length=100), nullable=False),
        sa.Column("dataset_sha256", sa.String(length=64), nullable=True),
        sa.Column("network", sa.String(length=100), nullable=True),
        sa.Column("register_as", sa.String(length=100), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("losses", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=True),
        sa.Column("lease_expires_at", Instant(), nullable=True),
        sa.Column("cancel_requested_at", Instant(), nullable=True),
        sa.Column("activity", sa.String(length=100), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("eta_seconds", sa.Double(), nullable=True),
        sa.Column("loss", sa.Double(), nullable=True),
        sa.Column("accuracy", sa.Double(), nullable=True),
        sa.Column("parameters", sa.BigInteger(), nullable=True),
        sa.Column("test_loss", sa.Double(), nullable=True),
        sa.Column("test_accuracy", sa.Double(), nullable=True),
        sa.Column("error_type", sa.String(length=50), nullable=True),
        sa.Column("error_detail", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainings")),
    )
    op.create_index("ix_trainings_created_at_id", "trainings", ["created_at", "id"], unique=False)
    op.create_index("ix_trainings_state_created_at_id", "trainings", ["state", "created_at", "id"], unique=False)
    op.create_table(
        "artefact_contents",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"], ["artefacts.sha256"], name=op.f("fk_artefact_contents_sha256_artefacts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_artefact_contents")),
    )
    op.create_table(
        "class_figures",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("class_index", sa.Integer(), nullable=False),
        sa.Column("class_name", sa.String(length=200), nullable=False),
        sa.Column("precision", sa.Double(), nullable=False),
        sa.Column("recall", sa.Double(), nullable=False),
        sa.Column("f1", sa.Double(), nullable=False),
        sa.Column("support", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_class_figures_training_id_trainings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("training_id", "class_index", name=op.f("pk_class_figures")),
    )
    op.create_table(
        "epochs",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("loss", sa.Double(), nullable=False),
        sa.Column("accuracy", sa.Double(), nullable=False),
        sa.Column("val_loss", sa.Double(), nullable=True),
        sa.Column("val_accuracy", sa.Double(), nullable=True),
        sa.Column("learning_rate", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_epochs_training_id_trainings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("training_id", "epoch", name=op.f("pk_epochs")),
    )
    op.create_table(
        "misclassified_examples",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("test_index", sa.Integer(), nullable=False),
        sa.Column("true_class", sa.Integer(), nullable=False),
        sa.Column("predicted_class", sa.Integer(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name=op.f("fk_misclassified_examples_training_id_trainings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("training_id", "test_index", name=op.f("pk_misclassified_examples")),
    )
    op.create_index(
        "ix_misclassified_examples_pair",
        "misclassified_examples",
        ["training_id", "true_class", "predicted_class"],
        unique=False,
    )
    op.create_table(
        "model_versions",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.String(length=16), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("dataset", sa.String(length=100), nullable=False),
        sa.Column("input", JsonColumn, nullable=False),
        sa.Column("classes", JsonColumn, nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("test_accuracy", sa.Double(), nullable=False),
        sa.Column("keras_sha256", sa.String(length=64), nullable=False),
        sa.Column("onnx_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["keras_sha256"], ["artefacts.sha256"], name=op.f("fk_model_versions_keras_sha256_artefacts")
        ),
        sa.ForeignKeyConstraint(
            ["name"], ["models.name"], name=op.f("fk_model_versions_name_models"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["onnx_sha256"], ["artefacts.sha256"], name=op.f("fk_model_versions_onnx_sha256_artefacts")
        ),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_model_versions_training_id_trainings"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("name", "version", name=op.f("pk_model_versions")),
    )
    op.create_index(op.f("ix_model_versions_keras_sha256"), "model_versions", ["keras_sha256"], unique=False)
    op.create_index(op.f("ix_model_versions_onnx_sha256"), "model_versions", ["onnx_sha256"], unique=False)
    op.create_index(op.f("ix_model_versions_training_id"), "model_versions", ["training_id"], unique=False)
    op.create_table(
        "reports",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("test_count", sa.Integer(), nullable=False),
        sa.Column("test_loss", sa.Double(), nullable=False),
        sa.Column("test_accuracy", sa.Double(), nullable=False),
        sa.Column("misclassified_count", sa.Integer(), nullable=False),
        sa.Column("classification", JsonColumn, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("confusion_matrix", JsonColumn, nullable=False),
        sa.Column("notes", JsonColumn, nullable=False),
        sa.Column("predicted", sa.LargeBinary(), nullable=False),
        sa.Column("confidences", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_reports_training_id_trainings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("training_id", name=op.f("pk_reports")),
    )
    op.create_table(
        "training_artefacts",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("format", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["artefacts.sha256"], name=op.f("fk_training_artefacts_sha256_artefacts")),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name=op.f("fk_training_artefacts_training_id_trainings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("training_id", "format", name=op.f("pk_training_artefacts")),
    )
    op.create_index(op.f("ix_training_artefacts_sha256"), "training_artefacts", ["sha256"], unique=False)
    op.create_table(
        "training_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "running",
                "succeeded",
                "failed",
                "cancelled",
                name="trainingstate",
                native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["training_id"],
            ["trainings.id"],
            name=op.f("fk_training_changes_training_id_trainings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_changes")),
    )
    op.create_index(op.f("ix_training_changes_training_id"), "training_changes", ["training_id"], unique=False)
    op.create_table(
        "training_labels",
        sa.Column("training_id", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=63), nullable=False),
        sa.Column("value", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["training_id"], ["trainings.id"], name=op.f("fk_training_labels_training_id_trainings"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("training_id", "key", name=op.f("pk_training_labels")),
    )
    op.create_index("ix_training_labels_key_value", "training_labels", ["key", "value"], unique=False)
    op.create_table(
        "model_aliases",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("alias", sa.String(length=63), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["name", "version"],
            ["model_versions.name", "model_versions.version"],
            name="fk_model_aliases_version_model_versions",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["name"], ["models.name"], name=op.f("fk_model_aliases_name_models"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("name", "alias", name=op.f("pk_model_aliases")),
    )


def downgrade() -> None:
    op.drop_table("model_aliases")
    op.drop_index("ix_training_labels_key_value", table_name="training_labels")
    op.drop_table("training_labels")
    op.drop_index(op.f("ix_training_changes_training_id"), table_name="training_changes")
    op.drop_table("training_changes")
    op.drop_index(op.f("ix_training_artefacts_sha256"), table_name="training_artefacts")
    op.drop_table("training_artefacts")
    op.drop_table("reports")
    op.drop_index(op.f("ix_model_versions_training_id"), table_name="model_versions")
    op.drop_index(op.f("ix_model_versions_onnx_sha256"), table_name="model_versions")
    op.drop_index(op.f("ix_model_versions_keras_sha256"), table_name="model_versions")
    op.drop_table("model_versions")
    op.drop_index("ix_misclassified_examples_pair", table_name="misclassified_examples")
    op.drop_table("misclassified_examples")
    op.drop_table("epochs")
    op.drop_table("class_figures")
    op.drop_table("artefact_contents")
    op.drop_index("ix_trainings_state_created_at_id", table_name="trainings")
    op.drop_index("ix_trainings_created_at_id", table_name="trainings")
    op.drop_table("trainings")
    op.drop_table("models")
    op.drop_table("artefacts")
