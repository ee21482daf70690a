"""The code lists that every installation begins with: centres, products, indications. Nothing is made up."""
