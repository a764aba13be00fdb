"""The engine of multi-task learning, which trains many replicas at a time.

A *replica* is one training run.  Replicas with equal shapes are trained as one fused array: every layer holds a *bank*
of copies for every replica, and one batched product computes them all.  Sharing between tasks is the number of copies:
a stage with one copy is shared, a stage with one copy per task is private.

Letters in every shape annotation:

    r replicas    t tasks    c copies    e experts    b examples    d features    p parameters    k classes

Packages: ``mtl_core`` (this one) imports neither Ray nor pandas; ``study`` runs studies and may import ``mtl_core`` and
``analysis``; ``analysis`` evaluates the records of studies and imports neither of the others.
"""

import os

# MKL chooses kernels by memory alignment, so a replica's rounding would depend on its place in the fused array; in
# strict mode it does not, at no measurable cost (FINDINGS.md).  Read when MKL is first used, so set before that.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")

ENGINE_VERSION = "8"
"""Version of the engine's numbers, part of every replica's content hash: raise it when a change alters results."""
