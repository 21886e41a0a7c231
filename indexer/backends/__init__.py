"""Engines that hold the index; nothing outside this room knows one by name."""
