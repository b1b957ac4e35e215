"""One simulated attack presentation: a print or a screen, filling the frame or with its edges in view."""

from __future__ import annotations

from dataclasses import dataclass

from ..crops import Box
from .fields import Image, Rng, chance
from .paper import print_picture
from .scene import cut_out, fill_frame, held_in_room
from .screen import show_picture


@dataclass(frozen=True)
class Simulated:
    """The scene before the camera shoots it, and where the face is in it."""

    image: Image
    box: Box
    species: str
    """`print`, `cut` or `screen`."""
    edges: bool
    """Whether an edge of the paper or screen may be in view."""


def simulate_attack(image: Image, box: Box, rng: Rng, room: Image | None = None, species: str | None = None, edges: bool | None = None) -> Simulated:
    """An attack on `image` (bona fide, RGB 0..1); `room` is any other picture, for backgrounds and reflections."""
    if species is None:
        species = 'screen' if chance(rng, 0.6) else 'cut' if chance(rng, 0.15) else 'print'
    if edges is None:
        edges = chance(rng, 0.45)
    if species == 'cut':
        out, where = cut_out(print_picture(image, rng), image, box, rng)
        return Simulated(out, where, species, True)
    sheet = show_picture(image, rng, room) if species == 'screen' else print_picture(image, rng)
    if edges:
        out, where = held_in_room(sheet, box, rng, room, bezel=species == 'screen')
    else:
        out, where = fill_frame(sheet, box, rng)
    return Simulated(out, where, species, edges)
