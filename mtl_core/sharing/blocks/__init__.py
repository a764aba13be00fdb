"""Building blocks of sharing architectures: experts, gates, stitches, branches, descriptors and masks."""
