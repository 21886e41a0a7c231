"""The only place where uploaded bytes are parsed: processes without keys, database or network (docs/adr/0002)."""
