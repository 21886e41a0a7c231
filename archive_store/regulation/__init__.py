"""The regulation as data: rules, document types, and what evaluates them."""
