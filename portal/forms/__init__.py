"""From form fields to checked values."""
