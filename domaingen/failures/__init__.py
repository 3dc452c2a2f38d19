"""What went wrong: the taxonomy, the record that every finder files, and the evidence that a row leaves behind."""
