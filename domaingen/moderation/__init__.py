"""What may be named and what a name may say."""
