"""Layers as banks: one layer object holds c copies for each of r replicas and runs as one batched product."""
