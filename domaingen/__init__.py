"""Names businesses in bulk: descriptions in, ranked registrable domain names out, or exactly one reason."""

__version__ = "0.1.0"
