"""What a training has to show, below `/v1/trainings/{id}`: a file for each kind of document."""

from fastapi import APIRouter

from service.reports.endpoints import artefacts, confusion_matrix, curves, misclassified, predictions, report

router = APIRouter(prefix="/v1/trainings/{training_id}", tags=["reports"])
for each in (report, confusion_matrix, curves, misclassified, predictions, artefacts):
    router.include_router(each.router)
