"""The queue of a user: what the server tells of it, what it lets in and turns away, and what its ledger says."""
