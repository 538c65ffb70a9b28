"""What people write, as plain data with positions, and the mistakes placed in it."""
