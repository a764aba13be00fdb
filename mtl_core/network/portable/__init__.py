"""Models that are taken home: networks as lists of PyTorch's own operators, and the one file that runs them."""
