"""What is kept: tables, migrations, the connection to the database."""
