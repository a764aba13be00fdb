"""Every architecture as one would write it: ordinary modules, one network at a time.

The fused engine is held against these, in values (``tests/mtl_core/sharing``) and in time (``tests/benchmarks``).
"""
