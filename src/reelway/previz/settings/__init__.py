"""The places a shot can be in: one file each, and one line here."""

from reelway.previz.settings.alley import Alley
from reelway.previz.settings.base import Setting
from reelway.previz.settings.city import City
from reelway.previz.settings.coast import Coast
from reelway.previz.settings.mars import Mars
from reelway.previz.settings.river import River
from reelway.previz.settings.vista import Vista

SETTINGS: dict[str, type[Setting]] = {
    "alley": Alley,
    "city": City,
    "coast": Coast,
    "mars": Mars,
    "river": River,
    "vista": Vista,
}

__all__ = ["SETTINGS", "Setting"]
