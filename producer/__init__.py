"""The producer room: reading CSVs, submitting batches, following and exporting them."""
