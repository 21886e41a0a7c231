"""The tests: one folder a room, files mirroring the sources; shared helpers stand here."""
