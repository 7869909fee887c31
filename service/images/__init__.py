"""Images: uploaded bytes -> an upright picture -> the pixels that a network expects; and labelled sets to train on."""
