"""An installation goes elsewhere: rows to PostgreSQL, files to a bucket, nothing lost on the way."""
