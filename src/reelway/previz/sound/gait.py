"""When the feet of whoever leads a shot come down."""

from reelway.previz.settings import Setting
from reelway.previz.sound.steps import moments
from reelway.previz.subjects.human import Human
from reelway.previz.subjects.quadruped import Quadruped

FAR_M = 45.0  # further off than this no step is heard


def footfalls(setting: Setting) -> list[float]:
    """Seconds; empty where nobody walks, or too far off to hear."""
    company = setting.hero
    if company is None or setting.gone(1.0) <= 0:
        return []
    member = company.members[0]
    leader = member.rides.subject if member.rides is not None else member.subject
    scale = member.rides.scale if member.rides is not None else member.scale
    if isinstance(leader, Human):
        stride, feet = leader.strides.get(leader.action, 1.12) * leader.tall / 1.8, 2
        if leader.action in ("dance", "stand", "sit", "wave"):
            return []
    elif isinstance(leader, Quadruped):
        stride, feet = leader.gait().stride * leader.breed.leg, 4
    else:
        return []
    eye, target = setting.camera(0.0).eye, setting.hero_at(0.0)
    if target is None or float(((eye - target) ** 2).sum()) ** 0.5 > FAR_M:
        return []
    per_s = feet * setting.gone(1.0) / (stride * scale)
    return moments(min(per_s, 12.0), setting.duration_s)
