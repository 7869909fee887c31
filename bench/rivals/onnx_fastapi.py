"""What a careful user does: FastAPI and ONNX Runtime with one thread, a process a core.

MODEL=model.onnx python -m uvicorn bench.rivals.onnx_fastapi:app --port PORT --workers 2
"""

import io
import os
from typing import Any

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from PIL import Image

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
app = FastAPI()


def answer(content: bytes) -> dict[str, Any]:
    """Answer one picture, in a thread as FastAPI advises for work that computes."""
    picture = Image.open(io.BytesIO(content)).convert("L")
    [probabilities] = session.run(None, {"images": np.asarray(picture, np.float32)[None, :, :, None] / 255})[0]
    return {"digit": int(probabilities.argmax()), "probabilities": [float(one) for one in probabilities]}


@app.post("/upload")
async def upload(file: UploadFile) -> dict[str, Any]:
    """Answer one picture that comes as a form: `curl -F file=@digit.png`."""
    return await run_in_threadpool(answer, await file.read())


@app.post("/predict")
async def predict(request: Request) -> dict[str, Any]:
    """Answer one picture."""
    return await run_in_threadpool(answer, await request.body())
