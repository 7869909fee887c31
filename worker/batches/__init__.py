"""Batches of predictions: a process of its own beside the one that trains, `python -m worker.batches`.

Why a process of its own: a training takes hours, a batch seconds, and where there is one worker the batch must not wait. In the
training's process it would share its interpreter's lock and its end (a training that is stuck, or too large for the memory, is
killed with its process). This one never imports Keras; it looks at the database once a second, for rings go to whoever trains.
"""
