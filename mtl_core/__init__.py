"""The engine: several tasks learnt at once, many replicas at a time.

A *replica* is one training run.  Replicas with equal shapes are trained as one fused array: every layer holds a
*bank* of copies for every replica, and one batched product serves them all.  Sharing between tasks is nothing but
the number of copies: one copy of a stage is shared, one copy per task is private.

Letters in every shape annotation:

    r replicas    t tasks    c copies    e experts    b examples    d features    p parameters    k classes

Houses: ``mtl_core`` (this one) knows neither Ray nor pandas; ``study`` asks the question many times and may import
``mtl_core`` and ``analysis``; ``analysis`` answers it from records alone and imports neither of the others.
"""

import os

# MKL chooses kernels by memory alignment, so a replica's last bits would depend on its place in the fused array; in
# strict mode they do not, at no measurable cost (FINDINGS.md).  Read when MKL is first used, so set before that.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

ENGINE_VERSION = "3"
"""Part of every replica's content hash: raise it when a change alters the numbers that a replica yields."""
