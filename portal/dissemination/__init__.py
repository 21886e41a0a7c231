"""From an approved release to a signed copy, and from a file back to a verdict.

Pure: no database and no Flask. What a party may get and how a copy looks: 办法 Art. 30, 31.
"""
