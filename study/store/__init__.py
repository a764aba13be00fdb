"""What is on disk: the archive of records, the ledger, atomic writes and scratch folders."""
