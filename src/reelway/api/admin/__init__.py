"""What only the operator may see, under `/admin/`."""

from reelway.api.admin.routes import routes

__all__ = ["routes"]
