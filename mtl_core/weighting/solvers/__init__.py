"""Solvers of the small dense problems that weighting methods pose at every step, for all rows at once.

The solvers take a Gramian as cosines and norms (:func:`mtl_core.weighting.solvers.gramian.normalised`), in float64.  A
row is the problem of one replica, and its bits depend on no other row: every operation on a row follows from that row
alone, and a row that is solved is not changed any more.  A solver returns beside each solution whether it was found, so
that methods can count failures.
"""
