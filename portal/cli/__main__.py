"""`python -m portal.cli`: the same as `anjuan`."""

from portal.cli import main

main()
