"""Who or what a shot is about: one file each, and one line here."""

from reelway.previz.subjects.astronaut import Astronaut
from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.bird import Bird
from reelway.previz.subjects.boat import Boat
from reelway.previz.subjects.car import Car
from reelway.previz.subjects.dog import Cat, Dog
from reelway.previz.subjects.duck import Duck
from reelway.previz.subjects.fish import Fish
from reelway.previz.subjects.horse import Horse
from reelway.previz.subjects.lion import Lion
from reelway.previz.subjects.motorbike import Motorbike
from reelway.previz.subjects.person import Detective, Person
from reelway.previz.subjects.plane import Plane
from reelway.previz.subjects.product import Product
from reelway.previz.subjects.robot import Robot
from reelway.previz.subjects.silhouette import Silhouette
from reelway.previz.subjects.spaceship import Spaceship

SUBJECTS: dict[str, type[Subject]] = {
    "astronaut": Astronaut,
    "bird": Bird,
    "boat": Boat,
    "car": Car,
    "cat": Cat,
    "detective": Detective,
    "dog": Dog,
    "duck": Duck,
    "fish": Fish,
    "horse": Horse,
    "lion": Lion,
    "motorbike": Motorbike,
    "person": Person,
    "plane": Plane,
    "product": Product,
    "robot": Robot,
    "silhouette": Silhouette,
    "spaceship": Spaceship,
}

__all__ = ["SUBJECTS", "Stage", "Subject"]
