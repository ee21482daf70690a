"""Records become a snapshot or a release: counted, recounted, published."""
