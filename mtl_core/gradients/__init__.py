"""Gradients of a training step: task gradients, their inner products, their combination and their conflict."""
