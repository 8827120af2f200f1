"""Sky, sun and fog of a frame; the times of day and the weathers that change them."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from reelway.previz.spmd import layout

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Air:
    """Light values are linear and may exceed 1."""

    zenith: Colour
    horizon: Colour
    below: Colour
    sun: Colour  # direction towards it, any length
    sun_colour: Colour
    glow: float
    disc: float
    disc_size: float = 0.9996  # cosine of its radius
    clouds: float
    cloud_colour: Colour
    cloud_shift: float = 0.0
    cloud_scale: float = 0.010
    stars: float = 0.0
    ambient_low: Colour
    ambient_high: Colour
    rim: float = 0.35
    key: Colour
    fog: float
    fog_falloff: float
    fog_colour: Colour
    halo: float = 0.0

    def row(self) -> npt.NDArray[np.float32]:
        """As the kernels read it."""
        row = np.zeros(layout.ENV_WIDTH, np.float32)
        sun = np.asarray(self.sun, np.float64)
        for start, triple in (
            (layout.ZENITH, self.zenith),
            (layout.HORIZON, self.horizon),
            (layout.SUN, sun / np.linalg.norm(sun)),
            (layout.SUN_COLOUR, self.sun_colour),
            (layout.CLOUD_COLOUR, self.cloud_colour),
            (layout.BELOW, self.below),
            (layout.AMBIENT_LOW, self.ambient_low),
            (layout.AMBIENT_HIGH, self.ambient_high),
            (layout.KEY, self.key),
            (layout.FOG_COLOUR, self.fog_colour),
        ):
            row[start : start + 3] = triple
        row[layout.GLOW], row[layout.DISC], row[layout.DISC_SIZE] = self.glow, self.disc, self.disc_size
        row[layout.CLOUD], row[layout.STARS] = self.clouds, self.stars
        row[layout.CLOUD_SHIFT], row[layout.CLOUD_SCALE] = self.cloud_shift, self.cloud_scale
        row[layout.RIM], row[layout.HALO] = self.rim, self.halo
        row[layout.FOG_DENSITY], row[layout.FOG_FALLOFF] = self.fog, self.fog_falloff
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What the time of day decides; the setting decides the rest."""

    zenith: Colour
    horizon: Colour
    below: Colour
    sun_height: float  # tangent of its elevation
    sun_colour: Colour
    glow: float
    disc: float
    cloud_colour: Colour
    stars: float = 0.0
    ambient_low: Colour
    ambient_high: Colour
    key: Colour
    fog_colour: Colour
    dark: float  # 0 at noon, 1 at night: how much of the lamps and windows is lit


HOURS = {
    "night": Hour(
        zenith=(0.006, 0.010, 0.028),
        horizon=(0.030, 0.042, 0.080),
        below=(0.012, 0.014, 0.022),
        sun_height=0.40,
        sun_colour=(0.55, 0.66, 1.0),
        glow=0.22,
        disc=5.0,
        cloud_colour=(0.030, 0.036, 0.058),
        stars=1.0,
        ambient_low=(0.018, 0.020, 0.028),
        ambient_high=(0.050, 0.066, 0.115),
        key=(0.30, 0.40, 0.66),
        fog_colour=(0.026, 0.036, 0.062),
        dark=1.0,
    ),
    "dusk": Hour(
        zenith=(0.03, 0.05, 0.16),
        horizon=(0.62, 0.22, 0.10),
        below=(0.20, 0.11, 0.12),
        sun_height=0.045,
        sun_colour=(1.0, 0.50, 0.20),
        glow=0.85,
        disc=7.0,
        cloud_colour=(0.20, 0.13, 0.22),
        stars=0.15,
        ambient_low=(0.065, 0.05, 0.055),
        ambient_high=(0.16, 0.165, 0.28),
        key=(1.3, 0.60, 0.26),
        fog_colour=(0.24, 0.11, 0.11),
        dark=0.9,
    ),
    "sunset": Hour(
        zenith=(0.07, 0.13, 0.30),
        horizon=(0.95, 0.36, 0.14),
        below=(0.30, 0.18, 0.14),
        sun_height=0.105,
        sun_colour=(1.0, 0.50, 0.17),
        glow=1.15,
        disc=20.0,
        cloud_colour=(0.36, 0.21, 0.25),
        ambient_low=(0.12, 0.09, 0.075),
        ambient_high=(0.32, 0.32, 0.42),
        key=(3.2, 1.65, 0.70),
        fog_colour=(0.52, 0.25, 0.15),
        dark=0.5,
    ),
    "dawn": Hour(
        zenith=(0.13, 0.20, 0.36),
        horizon=(0.90, 0.55, 0.40),
        below=(0.30, 0.25, 0.25),
        sun_height=0.13,
        sun_colour=(1.0, 0.66, 0.42),
        glow=0.95,
        disc=10.0,
        cloud_colour=(0.55, 0.40, 0.42),
        ambient_low=(0.10, 0.095, 0.085),
        ambient_high=(0.31, 0.32, 0.38),
        key=(2.2, 1.45, 0.95),
        fog_colour=(0.50, 0.36, 0.32),
        dark=0.4,
    ),
    "day": Hour(
        zenith=(0.075, 0.20, 0.50),
        horizon=(0.36, 0.52, 0.75),
        below=(0.30, 0.34, 0.38),
        sun_height=0.62,
        sun_colour=(1.0, 0.94, 0.82),
        glow=0.35,
        disc=16.0,
        cloud_colour=(0.80, 0.82, 0.86),
        ambient_low=(0.11, 0.10, 0.09),
        ambient_high=(0.30, 0.36, 0.47),
        key=(2.7, 2.4, 1.95),
        fog_colour=(0.46, 0.55, 0.66),
        dark=0.06,
    ),
}


def at_hour(air: Air, hour: Hour, *, tint: Colour = (1.0, 1.0, 1.0)) -> Air:
    """`air` at another time of day; `tint` is the colour of the place itself (Mars stays red at noon)."""

    def tinted(colour: Colour) -> Colour:
        return (colour[0] * tint[0], colour[1] * tint[1], colour[2] * tint[2])

    return replace(
        air,
        zenith=tinted(hour.zenith),
        horizon=tinted(hour.horizon),
        below=tinted(hour.below),
        sun=(air.sun[0], hour.sun_height * float(np.hypot(air.sun[0], air.sun[2])), air.sun[2]),
        sun_colour=tinted(hour.sun_colour),
        glow=hour.glow,
        disc=hour.disc,
        cloud_colour=tinted(hour.cloud_colour),
        stars=hour.stars,
        ambient_low=tinted(hour.ambient_low),
        ambient_high=tinted(hour.ambient_high),
        key=tinted(hour.key),
        fog_colour=tinted(hour.fog_colour),
        clouds=min(air.clouds, 0.46) if hour.dark < 0.1 else air.clouds,  # a bright day has some blue
    )


def in_weather(air: Air, weather: str | None) -> Air:
    """`air` under rain, snow, clouds, fog, dust or a clear sky."""
    match weather:
        case "rain":
            return _overcast(air, sun=0.30, fog=1.8, sky=1.4)
        case "snow":
            return _overcast(air, sun=0.50, fog=2.2, sky=1.1)
        case "overcast":
            return _overcast(air, sun=0.38, fog=1.1, sky=1.25)
        case "fog":
            return replace(
                _overcast(air, sun=0.60, fog=1.0, sky=1.3),
                fog=max(air.fog * 4, 0.012),
                fog_falloff=min(air.fog_falloff * 2, 0.1),
            )
        case "dust":
            return _dusty(air)
        case "clear":
            return replace(air, clouds=min(air.clouds, 0.25), fog=air.fog * 0.6)
        case _:
            return air


def _dusty(air: Air) -> Air:
    """The sky goes the colour of sand; what is far goes into it."""

    def sandy(colour: Colour) -> Colour:
        grey = 0.25 * colour[0] + 0.55 * colour[1] + 0.20 * colour[2]
        return (
            0.35 * colour[0] + 0.65 * grey * 1.25,
            0.35 * colour[1] + 0.65 * grey * 0.90,
            0.35 * colour[2] + 0.65 * grey * 0.55,
        )

    return replace(
        air,
        zenith=sandy(air.zenith),
        horizon=sandy(air.horizon),
        cloud_colour=sandy(air.cloud_colour),
        fog_colour=sandy(air.fog_colour),
        ambient_high=sandy(air.ambient_high),
        key=sandy(air.key),
        disc=air.disc * 0.4,
        fog=air.fog * 2.5 + 0.0035,
        fog_falloff=min(air.fog_falloff, 0.03),
    )


def _scaled(colour: Colour, factor: float) -> Colour:
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)


def _overcast(air: Air, *, sun: float, fog: float, sky: float) -> Air:
    def greyed(colour: Colour) -> Colour:
        grey = 0.25 * colour[0] + 0.55 * colour[1] + 0.20 * colour[2]
        mixed = [0.45 * channel + 0.55 * grey for channel in colour]
        return (mixed[0] * 0.85, mixed[1] * 0.88, mixed[2] * 0.95)

    return replace(
        air,
        zenith=greyed(air.zenith),
        horizon=greyed(air.horizon),
        cloud_colour=greyed(air.cloud_colour),
        fog_colour=greyed(air.fog_colour),
        # What the sun loses the clouds give back, from everywhere.
        ambient_low=_scaled(air.ambient_low, sky),
        ambient_high=_scaled(air.ambient_high, sky),
        key=_scaled(air.key, sun),
        disc=air.disc * sun * 0.3,
        glow=air.glow * sun,
        stars=0.0,
        clouds=max(air.clouds, 0.85),
        fog=air.fog * fog + 0.0008,
    )
