"""Recipes, augmentation and the one training loop."""
