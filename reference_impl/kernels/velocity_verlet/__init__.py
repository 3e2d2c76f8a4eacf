"""A step of unit masses: ``first_half`` before the forces, ``second_half`` after them.

Coordinates, velocities and forces are (3, N) float64, changed in place; 40 and 24 bytes of each coordinate are moved.
The oracle is the formula (W. C. Swope et al., J. Chem. Phys. 76, 637 (1982)).
"""
