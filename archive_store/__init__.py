"""What is kept, and the rules for keeping it."""
