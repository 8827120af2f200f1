"""The failure suite: real processes under load are harmed, healed and audited; see docs/chaos.md.

Real servers (PostgreSQL, S3) are started by the same modules as in tests/, which is no package.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent

if str(ROOT / "tests") not in sys.path:
    sys.path.append(str(ROOT / "tests"))
