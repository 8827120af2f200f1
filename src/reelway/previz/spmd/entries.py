"""What python may call in the compiled kernels, and what each wants: read where they are built and where they are used.

An argument is told by one word: `f`, `d`, `n` are a 32-bit float, a 64-bit float and a 64-bit whole number; `f2` is a
C-ordered array of two dimensions; `b` arrays hold bytes, `i` and `n` arrays 32-bit and 64-bit whole numbers.
"""

#: Each unit is compiled by itself, at the same time as the others.
UNITS = {
    "march": {
        "render": "f3 f2 f2 f1 f2 f2 n f1 f1 f2 n f1 f1 f1 f1 f n n f1",
    },
    "finish": {
        "motion_blur": "f3 f3 f2 f2 d1 d1 f f d n d",
        "defocus": "f3 f2 f3 f3 f2 f3 f f",
        "tame": "f3 f",
        "halve": "f3 f3",
        "soften": "f3 f3 f3 f1",
        "lay_over": "f3 f3 f3 f f",
        "develop": "f3 f3 b3 d1",
        "regrade": "b3 b3 d1",
        "smooth_edges": "b3 b3",
        "sharpen": "b3 b3 d",
        "add_grain": "b2 n d n",
        "splat": "f3 f2 d1 d1 d1 d1 d2 d1 d d",
        "streak": "f3 f2 d1 d1 d1 d1 d1 d1 d1",
        "stretch": "f2 n2 f2 f2 f2",
    },
}
