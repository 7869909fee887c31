"""The lecture's trainings once more, through the HTTP API: `make reproduce-lecture` writes docs/lecture.md."""
