"""What objects mean: pure functions over parsed objects, the same for live ones and for manifests."""
