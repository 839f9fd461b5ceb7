"""Images: build contexts, the Pulumi stack, where Pulumi comes from."""
