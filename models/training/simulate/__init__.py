"""Attack presentations made from bona fide pictures: prints and screens, held before a camera.

Every function takes and gives float32 RGB pictures in 0..1 and draws from the `numpy` generator it is given, so that
a seed names a picture. One camera pipeline (`camera`) is run over bona fide and attack alike: what the camera does
must never tell the class.
"""

from .attack import Simulated, simulate_attack
from .camera import Camera, shoot

__all__ = ['Camera', 'Simulated', 'shoot', 'simulate_attack']
