"""The places a shot can be in: one file each, and one line here."""

from reelway.previz.settings.alley import Alley
from reelway.previz.settings.base import Setting
from reelway.previz.settings.castle import Castle
from reelway.previz.settings.city import City
from reelway.previz.settings.coast import Coast
from reelway.previz.settings.dream import Dream
from reelway.previz.settings.field import Field
from reelway.previz.settings.forest import Forest
from reelway.previz.settings.mars import Mars
from reelway.previz.settings.mountains import Mountains
from reelway.previz.settings.river import River
from reelway.previz.settings.room import Room
from reelway.previz.settings.sea import Sea
from reelway.previz.settings.space import Space
from reelway.previz.settings.street import Street
from reelway.previz.settings.underwater import Underwater

SETTINGS: dict[str, type[Setting]] = {
    "alley": Alley,
    "castle": Castle,
    "city": City,
    "coast": Coast,
    "dream": Dream,
    "field": Field,
    "forest": Forest,
    "mars": Mars,
    "mountains": Mountains,
    "river": River,
    "room": Room,
    "sea": Sea,
    "space": Space,
    "street": Street,
    "underwater": Underwater,
}

__all__ = ["SETTINGS", "Setting"]
