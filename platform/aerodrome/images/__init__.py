"""What the images of a cluster are made of."""
