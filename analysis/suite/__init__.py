"""One answer from several studies: what is ranked in each of them is ranked over all of their task sets.

The claim is about these task sets.  They were chosen, not drawn, so no interval here speaks of others.
"""
