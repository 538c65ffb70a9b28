"""What brings the environment to what a commit says: targets, deploy, first runs, tenants that left."""
