"""What a batch leaves behind: tables, records, a manifest and a page."""
