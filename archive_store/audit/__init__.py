"""The append-only log: a Merkle tree (RFC 9162) over salted leaves, signed checkpoints, and a witness."""
