"""Index a folder with rclip's own code: ``rclip_index.py FOLDER SIDE``, in rclip's environment.

RCLIP_DATADIR names the folder with the model. All is rclip's: the walk, threads, look-ahead, batches of its command
line's default size, its ONNX session, its database; only the side of its pictures changes, with SIDE other than 256.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["RCLIP_USE_ONNX_ON_MACOS"] = "1"

import numpy as np
import rclip.utils.preprocess as rclip_preprocess
from rclip import db, model
from rclip.main import RClip
from rclip.utils import helpers


def main() -> None:
    folder, side = sys.argv[1], int(sys.argv[2])
    rclip_preprocess.IMAGE_SIZE = side
    clip = model.Model()
    clip.compute_preprocessed_image_features([np.zeros((3, side, side), np.float32)], for_indexing=True)
    with tempfile.TemporaryDirectory() as own:
        database = db.DB(Path(own) / "db.sqlite3")
        index = RClip(clip, database, default_batch_size(), None)
        print("ready", flush=True)
        start = time.perf_counter()
        index.ensure_index(folder)
        seconds = time.perf_counter() - start
        vectors = [row["vector"] for row in database.get_image_vectors_by_dir_path(folder)]
        assert all(len(vector) == 512 * 4 for vector in vectors)
        index.close()
        database.close()
    print(json.dumps({"seconds": seconds, "pictures": len(vectors)}))


def default_batch_size() -> int:
    parser: argparse.ArgumentParser = helpers.init_arg_parser()
    return int(parser.get_default("indexing_batch_size"))


if __name__ == "__main__":
    main()
