"""The database: schema, migrations, one writer, the few named queries. Imports nothing else of ours."""
