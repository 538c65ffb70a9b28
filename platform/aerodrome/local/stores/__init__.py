"""What keeps data: PostgreSQL, Redis, OpenBao or SSM, the directory; each with its users and rights."""
