"""Networks, one a file, and the model file that carries them."""
