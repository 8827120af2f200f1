"""The ModelsLab wire (API v7 and v6): what its programs and SDKs send is taken, what they read is answered.

Facts from ModelsLab/docs-v2 c1440bc, modelslab-py 0.2.3 and modelslab-cli 0.2.2, read 2026-11. Where the documents
disagree with the clients we follow the clients: `output_type` is mp4 unless a request says gif, also on v6
text2video, whose page calls gif the default, because every known client downloads the result as a video.
"""

from reelway.api.dialects.modelslab.problem import problem
from reelway.api.dialects.modelslab.routes import router

__all__ = ["problem", "router"]
