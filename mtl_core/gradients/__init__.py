"""From a batch to the gradient of a step: task gradients, their inner products, and how far they conflict."""
