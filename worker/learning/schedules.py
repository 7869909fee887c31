"""Learning rates that move within a training, as a pure function of the step.

Steps count from 0 over the whole training: `step = epoch * steps_per_epoch + step_in_epoch`. There are T of them, and
`warmup_epochs` are W = round(warmup_epochs * steps_per_epoch) of them, at most T - 1.

- `constant`: (step + 1) / W of the rate for step < W, then the rate.
- `step`: the same warm-up, then rate * factor^floor((step - W) / D), where D = every_epochs * steps_per_epoch (as
  PyTorch's StepLR and Keras' staircase ExponentialDecay).
- `exponential`: the same warm-up, then rate * factor^((step - W) / D) (as Keras' ExponentialDecay).
- `cosine`: the same warm-up, then rate * (1 + cos(pi * (step - W) / (T - W))) / 2: from the rate at step W to nearly 0
  (Loshchilov & Hutter 2017, arXiv:1608.03983, without restarts).
- `one_cycle`: a half cosine from rate / 25 at step 0 up to the rate at step W, then a half cosine down to
  rate / 250,000 at step T - 1 (Smith & Topin 2018, arXiv:1708.07120; the divisors are those of PyTorch's OneCycleLR).
  Without `warmup_epochs` the rise takes W = round(0.3 * T) steps.
"""

import math

from worker.learning.recipes import ScheduleSpec

INITIAL_DIVISOR = 25.0
FINAL_DIVISOR = INITIAL_DIVISOR * 1e4
RISE = 0.3
FACTORS = {"step": 0.5, "exponential": 0.9}
EVERY_EPOCHS = {"step": 5.0, "exponential": 1.0}
"""Where the recipe says nothing."""


def learning_rate_at(
    spec: ScheduleSpec, learning_rate: float, step: int, *, epochs: int, steps_per_epoch: int
) -> float:
    """The rate of one step; see the module for the formulas. `learning_rate` is the recipe's: the highest."""
    total = epochs * steps_per_epoch
    warmup = min(round(spec.warmup_epochs * steps_per_epoch), total - 1)
    if spec.name == "one_cycle":
        return _one_cycle(learning_rate, step, total, warmup or min(round(RISE * total), total - 1))
    if step < warmup:
        return learning_rate * (step + 1) / warmup
    if spec.name == "cosine":
        return learning_rate * (1 + math.cos(math.pi * (step - warmup) / (total - warmup))) / 2
    if spec.name in FACTORS:
        return learning_rate * _fallen(spec, (step - warmup) / steps_per_epoch)
    return learning_rate


def _fallen(spec: ScheduleSpec, epochs: float) -> float:
    """What is left of the rate so many epochs after the warm-up."""
    factor = FACTORS[spec.name] if spec.factor is None else spec.factor
    every = EVERY_EPOCHS[spec.name] if spec.every_epochs is None else spec.every_epochs
    # 1e-9: with 3 steps an epoch, 15 steps are 5 epochs, however they are divided.
    times = epochs / every
    return factor ** (math.floor(times + 1e-9) if spec.name == "step" else times)


def _one_cycle(peak: float, step: int, total: int, rise: int) -> float:
    if step < rise:
        return _half_cosine(peak / INITIAL_DIVISOR, peak, step / rise)
    fall = total - 1 - rise
    return _half_cosine(peak, peak / FINAL_DIVISOR, (step - rise) / fall if fall else 0.0)


def _half_cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * part)) / 2
