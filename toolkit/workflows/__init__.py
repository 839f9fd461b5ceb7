"""What the product does, as straight pipelines."""
