"""Steps and evaluations on a CPU as straight-line programs: recorded, then run without the Python that led to them.

A step of small networks is some two hundred operations of a few microseconds each.  Deciding on them in Python, and
building and walking autograd's graph, takes as long as computing them.  A program does the same operations in the same
order, so that every number stays the same to the last bit.
"""
