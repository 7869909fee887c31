"""How much of a data set is taken in, by the settings."""

from service.images.archives.limits import ArchiveLimits
from service.images.decoding import Limits
from service.images.intake.options import IntakeLimits
from service.settings import Settings


def intake_limits(settings: Settings) -> IntakeLimits:
    """Return the limits of a service."""
    return IntakeLimits(
        archive=ArchiveLimits(
            max_members=settings.max_dataset_files,
            max_member_bytes=settings.max_upload_bytes,
            max_total_bytes=settings.max_dataset_unpacked_bytes,
        ),
        pictures=Limits(max_pixels=settings.max_image_pixels),
        side=settings.dataset_side,
        prepared_bytes=settings.max_dataset_unpacked_bytes,
    )
