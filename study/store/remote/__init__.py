"""Run directories in an object store: a working copy on the driver's disk, and a log of commits in the store.

The driver works in an ordinary run directory on its own disk.  Workers write there, or hand their files to the
driver, as with any other run directory; the driver alone speaks to the store, so credentials stay on its machine, and
a machine that trains needs no way to the store.

Under the address lie ``objects/``, files by the digest of their content; ``commits/``, a numbered log; ``head.json``,
which names a commit from which the log is complete; and ``lease.json``, which says who works there.  A commit
lists the files that came and went since the one before, and holds the ledger's new lines.  An object is never changed,
so writes that arrive twice or late change nothing; what is torn has another digest, or is no commit, and is written
again.

What is durable when: an event of the ledger is told (``append`` returns) only after a commit with it, and with all
files that were there before it, has been written and read back.  So a shard counts as ended when its records are in
the store, the opening of the test split is there before anything is scored, and whoever reads the store sees the
study as it was at one moment.  ``started`` events alone wait for the next commit.  Snapshots of running shards are
sent with the next commit, too.
"""
