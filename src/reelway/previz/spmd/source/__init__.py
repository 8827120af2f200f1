"""Text of the kernels: read by `spmd.generate`, never imported; plain float literals become float32 there."""
