"""The layouts in which test collections are published, a small reader each."""
