"""What people write by hand: the lecture's network and `model.fit`, images in memory as float32.

python -m bench.rivals.keras_training DATA.npz; TF_ENABLE_ONEDNN_OPTS decides about oneDNN
"""

import sys

import keras
from keras import layers

from bench.rivals.rounds import answer, images

BATCH = 512

x, y = images(sys.argv[1], BATCH)
x, y = x.astype("float32") / 255, keras.utils.to_categorical(y, 10)
model = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        *(layers.MaxPooling2D(2), layers.Dropout(0.20)),
        layers.Conv2D(64, 3, padding="same", activation="relu"),
        *(layers.MaxPooling2D(2), layers.Dropout(0.25)),
        layers.Conv2D(128, 3, padding="same", activation="relu"),
        *(layers.MaxPooling2D(2), layers.Dropout(0.30)),
        layers.Conv2D(256, 3, padding="same", activation="relu"),
        layers.Dropout(0.40),
        layers.Conv2D(512, 3, padding="same", activation="relu"),
        layers.Dropout(0.50),
        layers.Flatten(),
        *(layers.Dense(256, activation="relu"), layers.Dropout(0.35)),
        *(layers.Dense(128, activation="relu"), layers.Dropout(0.25)),
        layers.Dense(10, activation="softmax"),
    ]
)
model.compile(keras.optimizers.Adadelta(1.0), "categorical_crossentropy", metrics=["accuracy"])
answer(lambda: model.fit(x, y, batch_size=BATCH, verbose=0), len(x))
