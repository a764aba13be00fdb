"""What several metrics are computed from: sums whose bits are reproducible, ranks, classes and their counts."""
