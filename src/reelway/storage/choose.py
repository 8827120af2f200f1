"""From the settings to the Storage they name."""

from reelway.errors import ConfigError
from reelway.settings import Settings
from reelway.storage.base import Storage
from reelway.storage.local import LocalStorage


def choose(settings: Settings) -> Storage:
    """`local`: files in the data folder; `s3://bucket/prefix`: a bucket. Raises ConfigError for anything else."""
    if settings.storage == "local":
        return LocalStorage(settings.data / "files")
    scheme = settings.storage.split(":", 1)[0]  # alone: the rest of a bucket's URL may hold a secret
    if scheme == "s3":
        from reelway.storage.s3 import S3Storage  # an installation on one machine has no use for it

        return S3Storage.from_settings(settings)
    raise ConfigError(f"no storage {scheme!r}; there is local, s3://bucket/prefix")
