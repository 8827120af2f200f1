"""A real S3 server, for those who ask."""

from s3 import s3

__all__ = ["s3"]
