"""What the login of any environment needs beside its settings: authorities, given secrets, roles that follow."""
