"""Small dense problems that weighting methods solve at every step, for all rows at once.

They see a Gramian as cosines and norms (:func:`gramians.unit`), in float64.  No row's bits depend on another row: what
is done to a row follows from that row alone, and a row that is done is left alone.  Whether a row was solved comes back
beside its solution, for methods to count.
"""
