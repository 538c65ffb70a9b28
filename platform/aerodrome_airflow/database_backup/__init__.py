"""What the job that backs up the metadata database does around pg_dump."""
