"""Layers as banks: one layer object stands for c copies in each of r replicas and runs as one batched product."""
