"""What people write by hand with PyTorch: the lecture's network, a loop, channels last, images in memory as float32.

python -m bench.rivals.torch_training DATA.npz
"""

import sys

import torch
from torch import nn

from bench.rivals.rounds import answer, cores, images

BATCH = 512

torch.set_num_threads(cores())
x, y = images(sys.argv[1], BATCH)
pixels = torch.from_numpy(x.astype("float32") / 255).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
labels = torch.from_numpy(y.astype("int64"))
model = nn.Sequential(
    *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.20)),
    *(nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)),
    *(nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.30)),
    *(nn.Conv2d(128, 256, 3, padding=1), nn.ReLU(), nn.Dropout(0.40)),
    *(nn.Conv2d(256, 512, 3, padding=1), nn.ReLU(), nn.Dropout(0.50)),
    *(nn.Flatten(), nn.Linear(512 * 3 * 3, 256), nn.ReLU(), nn.Dropout(0.35)),
    *(nn.Linear(256, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10)),
).to(memory_format=torch.channels_last)
optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0, rho=0.95, eps=1e-7)
loss_of = nn.CrossEntropyLoss()
model.train()


def epoch() -> None:
    """Train on every image once, in an order of its own."""
    order = torch.randperm(len(pixels))
    right = 0.0
    for start in range(0, len(pixels), BATCH):
        picked = order[start : start + BATCH]
        optimizer.zero_grad(set_to_none=True)
        scores = model(pixels[picked])
        loss_of(scores, labels[picked]).backward()
        optimizer.step()
        right += (scores.argmax(1) == labels[picked]).sum().item()


answer(epoch, len(pixels))
