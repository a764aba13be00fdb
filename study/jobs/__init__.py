"""What a worker does: train a shard and write its records, or score trained replicas."""
