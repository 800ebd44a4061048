"""What the window's children run in tests: the real commands, with a detector that finds discs.

`LINEAMENT_TEST_FRAME_S` makes every frame take so long; `LINEAMENT_TEST_HANG` makes it hang.
"""

import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def main() -> int:
    sys.path.insert(0, str(ROOT))
    from core.cli import main
    from core.inference.landmark_predictor import LandmarkPredictor
    from tests.core.inference import blob_model

    blob_model.install()
    locate = LandmarkPredictor.locate
    frame_s = float(os.environ.get("LINEAMENT_TEST_FRAME_S", "0"))

    def slow(self, *arguments):
        time.sleep(frame_s)
        return locate(self, *arguments)

    LandmarkPredictor.locate = slow
    if os.environ.get("LINEAMENT_TEST_HANG"):
        from core.commands import predict

        predict.run = lambda args, console: time.sleep(600)
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
