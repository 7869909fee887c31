"""What most tutorials do: FastAPI, and Keras' `model.predict` for each request.

python -m bench.rivals.keras_fastapi MODEL.keras PORT
"""

import io
import sys
from typing import Any

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from PIL import Image

app = FastAPI()
model = keras.models.load_model(sys.argv[1])


@app.post("/predict")
async def predict(request: Request) -> dict[str, Any]:
    """Answer one picture."""
    picture = Image.open(io.BytesIO(await request.body())).convert("L")
    pixels = np.asarray(picture, np.float32)[None, :, :, None] / 255
    return {"digit": int(model.predict(pixels, verbose=0).argmax())}


uvicorn.run(app, port=int(sys.argv[2]), log_level="error")
