"""How people work with what is kept."""
