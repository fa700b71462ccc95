"""The driver: presets, the training loop, evaluation and the command line; imports everything, imported by nobody."""
