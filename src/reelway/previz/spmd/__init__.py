"""The ray marcher: lane-parallel (SPMD) numba kernels, generated from `source/` into `kernels.py`."""
