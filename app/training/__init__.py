"""What the training dock knows of a training: its curves, its job, its model."""
