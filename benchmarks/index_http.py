"""Indexing over the network: 2,000 pictures from a server that is as far away and as narrow as one wants.

    python -m benchmarks.index_http [--pictures 2000] [--connections 6] [--latency 80] [--megabytes-a-second 8]

A loopback server in a process of its own waits 80 ms before the first byte of each answer and shares one line of
8 MB/s among all its connections: of a piece of 16 KB, nothing arrives before the line had the time to carry all of it.
The real downloader fetches, and the pictures (JPEG, 20 to 60 KB, all different) are decoded, encoded by the fingerprint
and kept in a store on disk.

What that allows: each connection brings a picture every L + s / B seconds (L the latency, s the mean size of an answer
with its headers, B the line's bytes a second), so ``connections`` of them at most connections / (L + s / B) a second;
and the line at most B / s. The limit is the smaller of the two; it counts no time for the client, and none for answers
that wait for each other on the line. The bar is 90 % of it.

In the same run: how fast a client that does nothing but read gets the first pictures over as many connections, and how
fast the server alone is, without latency and line. And the plain loop, over the first 100: ``requests.get`` without a
session, decode, encode, the next.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import functools
import http.client
import io
import json
import multiprocessing
import os
import selectors
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import requests
from PIL import Image

from benchmarks.big_store import made_archive
from ras.downloader import Downloader
from ras.encoders.fingerprint import FingerprintEncoder
from ras.indexing import fill_store
from ras.records import Archive, finish
from ras.settings import Settings
from ras.store import EmbeddingStore

PIECE = 16 * 1024


def make_answers(amount: int) -> list[bytes]:
    """So many HTTP answers, each with a JPEG of its own: cut out of one large texture, in different sizes."""
    random = np.random.default_rng(1)
    texture = np.zeros((1800, 2400, 3), np.float32)
    for cells, weight in ((6, 1.0), (20, 0.6), (80, 0.35), (300, 0.2), (1000, 0.15)):
        grid = Image.fromarray(random.integers(0, 256, (cells * 3 // 4, cells, 3), np.uint8))
        texture += weight * np.asarray(grid.resize((2400, 1800), Image.Resampling.BICUBIC), np.float32)
    whole = Image.fromarray((texture / texture.max() * 255).astype(np.uint8))
    widths = random.integers(450, 780, amount).tolist()
    places = random.random((amount, 2)).tolist()

    def answer(number: int) -> bytes:
        width, height = widths[number], widths[number] * 3 // 4
        left, top = int(places[number][0] * (2400 - width)), int(places[number][1] * (1800 - height))
        buffer = io.BytesIO()
        whole.crop((left, top, left + width, top + height)).save(buffer, "JPEG", quality=82)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {buffer.tell()}\r\n\r\n"
        return head.encode() + buffer.getvalue()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(answer, range(amount)))


class Line:
    """A line that carries so many bytes a second, whoever sends them; pieces wait for each other."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free_at = 0.0

    async def carry(self, amount: int) -> None:
        """Returns when the line has carried so many bytes more."""
        now = time.monotonic()
        self._free_at = max(self._free_at, now) + amount / self._rate
        if self._free_at > now:
            await asyncio.sleep(self._free_at - now)


class Source:
    """The server: ``GET /<number>.jpg`` after the latency, ``GET /counts`` at once."""

    def __init__(self, answers: list[bytes], latency: float, line: Line) -> None:
        self._answers, self._latency, self._line = answers, latency, line
        self._connections = self._requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counted = False
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()
                return
            name = head.split(b" ", 2)[1].decode().lstrip("/")
            if name == "counts":
                body = json.dumps([self._connections, self._requests]).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                self._connections = self._requests = 0
                continue
            self._connections += not counted
            counted = True
            self._requests += 1
            answer = self._answers[int(name.partition(".")[0])]
            if self._latency:
                await asyncio.sleep(self._latency)
            for start in range(0, len(answer), PIECE):
                piece = answer[start : start + PIECE]
                await self._line.carry(len(piece))
                writer.write(piece)


def run_server(amount: int, latency: float, rate: float, told: Connection) -> None:
    """Runs in its own process, until that is killed. Tells the two ports and the sizes of the answers."""

    async def run() -> None:
        answers = make_answers(amount)
        far, near = Source(answers, latency, Line(rate)), Source(answers, 0, Line(float("inf")))
        servers = [await asyncio.start_server(source.serve, "127.0.0.1", 0) for source in (far, near)]
        told.send(([server.sockets[0].getsockname()[1] for server in servers], [len(answer) for answer in answers]))
        await asyncio.gather(*(server.serve_forever() for server in servers))

    # epoll's time limits are whole milliseconds, select's are not: 80 ms shall not become 81.
    asyncio.SelectorEventLoop(selectors.SelectSelector()).run_until_complete(run())


def archive_at(port: int, amount: int) -> Archive:
    archive = made_archive(amount)
    records = (
        dataclasses.replace(record, url=f"http://127.0.0.1:{port}/{number}.jpg", file_size=None)
        for number, record in enumerate(archive.records)
    )
    return dataclasses.replace(archive, records=tuple(records))


def index(port: int, amount: int, connections: int) -> float:
    """Seconds that it takes to bring so many pictures into a new store."""
    settings = Settings(connections=connections, allowed_hosts=(f"127.0.0.1:{port}",))
    archive, encoder = archive_at(port, amount), FingerprintEncoder()
    encoder.encode_images([Image.new("RGB", (400, 300))])  # the first call also pays for what is set up lazily
    with tempfile.TemporaryDirectory() as folder, EmbeddingStore(Path(folder) / "store") as store:
        start = time.perf_counter()
        with Downloader(settings) as downloader:
            job = fill_store(
                archive, store, downloader.fetch, encoder, connections=connections, max_pixels=settings.max_pixels
            )
            report = finish(job)
        seconds = time.perf_counter() - start
    assert report.indexed == report.encoded == amount, report
    return seconds


def plain_loop(port: int, amount: int) -> float:
    """Pictures a second of the loop that one would write first."""
    encoder = FingerprintEncoder()
    start = time.perf_counter()
    for number in range(amount):
        data = requests.get(f"http://127.0.0.1:{port}/{number}.jpg", timeout=60).content
        encoder.encode_images([Image.open(io.BytesIO(data)).convert("RGB")])
    return amount / (time.perf_counter() - start)


def only_read(port: int, amount: int, connections: int) -> float:
    """Pictures a second of a client that keeps its connections and drops what it reads."""

    def read(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for number in range(first, amount, connections):
            connection.request("GET", f"/{number}.jpg")
            connection.getresponse().read()
        connection.close()

    start = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(read, range(connections)))
    return amount / (time.perf_counter() - start)


def counts(port: int) -> tuple[int, int]:
    """Connections and requests that the server had since this was last asked."""
    connections, made = requests.get(f"http://127.0.0.1:{port}/counts", timeout=60).json()
    return connections, made


def measure(far: int, near: int, sizes: list[int], options: argparse.Namespace) -> None:
    latency, rate, connections = options.latency / 1000, options.megabytes_a_second * 1e6, options.connections
    mean = sum(sizes) / len(sizes)
    by_connections, by_line = connections / (latency + mean / rate), rate / mean
    limit = min(by_connections, by_line)
    smallest, largest = min(sizes) / 1000, max(sizes) / 1000
    print(f"{len(sizes):,} pictures of {smallest:.0f} to {largest:.0f} KB, {mean / 1000:.1f} KB in the mean")
    print(f"{connections} connections, {options.latency:g} ms, {options.megabytes_a_second:g} MB/s: ", end="")
    print(f"the connections allow {by_connections:.1f} pictures/s, the line {by_line:.1f}", flush=True)
    few = min(len(sizes), 50 * connections)
    bare = only_read(far, few, connections)
    print(f"a client that only reads: {bare:.1f} pictures/s, {bare / limit:.1%} (the first {few})")
    print(f"the server without latency and line: {only_read(near, len(sizes), 4):,.0f} answers/s", flush=True)
    counts(far)
    seconds = index(far, len(sizes), connections)
    opened, made = counts(far)
    reached = len(sizes) / seconds
    print(f"indexing: {seconds:.1f} s, {reached:.1f} pictures/s, {reached / limit:.1%} of the limit (bar: 90 %)")
    print(f"the server counted {opened} connections and {made:,} requests", flush=True)
    plain = plain_loop(far, min(len(sizes), 100))
    print(f"the plain loop: {plain:.1f} pictures/s, {len(sizes) / plain:.0f} s for all; ", end="")
    print(f"indexing is {reached / plain:.1f} times as fast")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=6, help="6 is the program's default")
    parser.add_argument("--latency", type=float, default=80, help="milliseconds before an answer's first byte")
    parser.add_argument("--megabytes-a-second", type=float, default=8)
    options = parser.parse_args()
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    spawn = multiprocessing.get_context("spawn")
    hears, tells = spawn.Pipe(duplex=False)
    serve = functools.partial(
        run_server, options.pictures, options.latency / 1000, options.megabytes_a_second * 1e6, tells
    )
    server = spawn.Process(target=serve, daemon=True)
    server.start()
    try:
        (far, near), sizes = hears.recv()
        measure(far, near, sizes, options)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
