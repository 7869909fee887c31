"""What API and workers share to say what is on a picture: the path from bytes to probabilities, and that from a file to many.

A picture gets the same answer from `POST /predict` and in a batch, because both go through here.
"""
