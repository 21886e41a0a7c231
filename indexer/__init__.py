"""How what is kept is found."""
