"""Reading and writing the exchange file: CSV or XLSX in, rows of text out."""
