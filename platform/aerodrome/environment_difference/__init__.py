"""What differs between two environments: as the repository declares them, and where it is asked for, as they run."""
