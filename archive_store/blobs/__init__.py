"""Bytes at rest: stores that never overwrite and acknowledge only what a power cut cannot take back."""
