"""Where each number lives in the flat arrays that the kernels read: one list, shared by both sides.

The generator copies these lines into `kernels.py`, so that a change here also changes (and recompiles) the kernels.
"""

# A tile is 32 x 8 pixels; its 256 rays are the lanes of every loop.
TILE_WIDTH = 32
TILE_HEIGHT = 8
TILE_SHIFT = 5
LANES = TILE_WIDTH * TILE_HEIGHT

# Height maps are HEIGHT_SIZE squared and repeat; silhouette textures are TEXTURE_SIZE squared and do not.
HEIGHT_SIZE = 1024
TEXTURE_SIZE = 128
# What lies above a height map: for each square of TOP_TEXELS texels a side how high the map is there and just round
# it, and how steeply a line must rise from that height to stay above all of it.
TOP_SHIFT = 1
TOP_TEXELS = 1 << TOP_SHIFT
TOP_SIZE = HEIGHT_SIZE >> TOP_SHIFT
TEXTURE_AREA = TEXTURE_SIZE * TEXTURE_SIZE

# Opcodes that the marcher treats apart: planes and endless boxes are solved, height fields are stepped and bisected,
# what is strewn over a height field is walked alone.
BOX = 1
PLANE = 6
TERRAIN = 7
TREES = 9
ROCKS = 10
LEAFY = 13
RELIEF = 14

# A primitive: opcode, group, smoothness, material, position (3), rotation (9, world to local), parameters (8).
PRIM_WIDTH = 24
PRIM_PARAMS = 16

# What a primitive lies in: a ball (0-3; radius 0: there is none), and a box with level sides (4-6 and 7-9).
BALL_RADIUS = 3
SIDES = 4

# A material. PATTERN picks how PARAMS are read: 0 flat, 1 windows, 2 road, 3 brick, 4 ground, 5 water, 6 puddles,
# 7 planks, 8 planet, 9 seabed, 10 picture, 11 tree.
MATERIAL_WIDTH = 24
ALBEDO = 0
SPECULAR = 3
GLOSS = 4
EMISSION = 5
PATTERN = 8
MIRROR = 9
PARAMS = 10

# A light: position (3), colour (3), reach, halo, direction (3), cosine of the cone (-2: shines all round).
LIGHT_WIDTH = 12

# The air and the sky of one frame.
ENV_WIDTH = 48
ZENITH = 0
HORIZON = 3
SUN = 6
SUN_COLOUR = 9
GLOW = 12
DISC = 13
CLOUD = 14
STARS = 15  # 2 and more: stars and clouds are all round, as in space
CLOUD_SHIFT = 16
CLOUD_SCALE = 17
CLOUD_COLOUR = 18
BELOW = 21
DISC_SIZE = 24
AMBIENT_LOW = 25
AMBIENT_HIGH = 28
RIM = 31
KEY = 32
FOG_DENSITY = 35
FOG_FALLOFF = 36
FOG_COLOUR = 38
HALO = 41

# The camera: FOCAL is in half picture heights, JITTER in pixels.
CAMERA_WIDTH = 15
EYE = 0
RIGHT = 3
UP = 6
FORWARD = 9
FOCAL = 12
JITTER = 13

# How hard to try: counts, reaches and tolerances of one setting.
EFFORT_WIDTH = 11
STEPS = 0
FAR = 1
SHADOW_STEPS = 2
AO_REACH = 3
MIRROR_STEPS = 4
EPSILON = 5
RELAX = 6
SHADOW_FAR = 7
SHADOW_HARDNESS = 8
MIN_STEP = 9
HILL_STEPS = 10

# The discs of a lens, in pixels of half the picture's size: how wide they may be, and the cells that tell where they
# are; a cell is no smaller than a disc.
DISC_MAX = 12
CELL_WIDTH = 64
CELL_HEIGHT = 12
