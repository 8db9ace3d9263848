#!/usr/bin/env python3
"""The smallest supervisor that drives one worker: for trying a worker out, and for the tests.

    mini_supervisor.py [--role decoder|filter] [--frames 100] [--size 64x64] [--deaf N] -- WORKER ARG...

Starts WORKER with `--socket PATH --role R --size S`, checks every frame's pixels, and ends it by QUIT (or, with
`--vanish`, by going away, which must end it, too). With `--deaf N` every Nth doorbell is lost, which must do no harm.
Prints one line and exits 0 when all held.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import ctypes
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time

import numpy as np
import zmq

import sluice_ipc as ipc

SLOTS = 3          # slots 0 to 2 in ring 0 (filled by decoders), 3 to 5 in ring 1 (filled by filters)
STREAM, WORKER = 7, 5


class Supervisor:
    def __init__(self, options):
        self.role = ipc.ROLE_FILTER if options.role == "filter" else ipc.ROLE_DECODER
        self.width, self.height = options.size
        self.token, self.epoch = secrets.randbits(64), secrets.randbits(64)
        self.deaf, self.heard, self.ignored = options.deaf, 0, 0
        self.first = 3 if self.role == ipc.ROLE_FILTER else 0  # first slot that the worker fills
        self.make_regions()

    # ---- regions ----

    def make_regions(self):
        strides = [(self.width + 63) // 64 * 64, ((self.width + 1) // 2 + 63) // 64 * 64]
        picture = strides[0] * self.height + 2 * strides[1] * ((self.height + 1) // 2)
        self.slot_bytes = (ipc.FRAME_BYTES + picture + 4095) // 4096 * 4096
        self.regions = []
        control = self.region(ipc.REGION_CONTROL, 4096, 0)
        head = ipc.Control.from_buffer(control)
        self.slots = (ipc.Slot * (2 * SLOTS)).from_buffer(control, 1088)
        for ring, role in enumerate([ipc.ROLE_DECODER, ipc.ROLE_FILTER]):
            ipc.Ring.from_buffer(control, 64 + 32 * ring).__init__(
                1, role, ring * SLOTS, SLOTS, self.slot_bytes, SLOTS * self.slot_bytes)
        for i, slot in enumerate(self.slots):
            slot.ring, slot.stream = i // SLOTS, STREAM
        head.__init__(0, ipc.ABI_MAJOR, ipc.ABI_MINOR, 2, 4096, self.epoch, 2 * SLOTS, 0, 64, 1088, 0)
        head.magic = ipc.MAGIC_CONTROL  # last: now it is ready
        lease = self.region(ipc.REGION_LEASE, 4096, 1)
        self.lease = ipc.Lease.from_buffer(lease)  # the worker fills it; where its tables lie is fixed
        self.done, self.released = np.frombuffer(lease, np.uint32, 4 * SLOTS, ctypes.sizeof(ipc.Lease)).reshape(2, -1)
        self.lent = [0] * (2 * SLOTS)  # uses lent to the worker so far, to be matched by released[]
        self.pixels = []
        for ring, role in enumerate([ipc.ROLE_DECODER, ipc.ROLE_FILTER]):
            memory = self.region(ipc.REGION_RING, SLOTS * self.slot_bytes, int(role == self.role), ring)
            self.pixels += list(np.frombuffer(memory, np.uint8).reshape(SLOTS, -1))

    def region(self, kind, size, writable, ring=0):
        fd = os.memfd_create("sluice")
        os.posix_fallocate(fd, 0, size)
        lent = fd if writable else os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
        self.regions.append((ipc.Region(kind, ring, 1, writable, size, 0), lent))
        return ipc.map_region(fd, size, True)

    # ---- attach ----

    def start(self, command, options, directory):
        path = f"{directory}/attach"
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        listener.listen()
        listener.settimeout(20)
        endpoint = f"ipc://{directory}/bus"
        self.bus = zmq.Context().socket(zmq.ROUTER)
        self.bus.set(zmq.ROUTER_MANDATORY, 1)
        self.bus.set(zmq.LINGER, 0)
        self.bus.bind(endpoint)
        self.process = subprocess.Popen(
            command + ["--socket", path, "--role", options.role, "--size", "{}x{}".format(*options.size)],
            env=os.environ | {"SLUICE_TOKEN": str(self.token)})
        self.link, _ = listener.accept()
        hello, _ = ipc.receive(self.link, ipc.Hello)
        assert hello.magic == ipc.MAGIC_HELLO and hello.abi_major == ipc.ABI_MAJOR, "hello"
        assert hello.token == self.token and hello.role == self.role, "token or role"
        self.link.send(bytes(ipc.Welcome(
            ipc.MAGIC_HELLO, 1, ipc.ABI_MINOR, 0, WORKER, self.epoch, len(self.regions), 0, endpoint.encode())))
        for region, fd in self.regions:
            socket.send_fds(self.link, [bytes(region)], [fd])
        ready = self.receive(20_000)
        assert [(m.type, m.arg) for m in ready] == [(ipc.MSG_READY, self.epoch)], "READY"

    # ---- messages ----

    def send(self, *batch):
        self.bus.send_multipart([ipc.routing_id(WORKER), b"".join(bytes(m) for m in batch)])

    def receive(self, timeout):
        if not self.bus.poll(timeout):
            return []
        sender, data = self.bus.recv_multipart()
        assert sender == ipc.routing_id(WORKER) and len(data) % 64 == 0, "malformed message"
        self.heard += 1
        if self.deaf and self.heard % self.deaf == 0:
            return []  # lost
        return [ipc.Message.from_buffer_copy(data, at) for at in range(0, len(data), 64)]

    # ---- ledger ----

    def generation(self, slot):
        return self.slots[slot].word >> 32

    def grant(self, slot):
        """free → granted, and three GRANTs: a stale one, the right one, and the right one again."""
        generation = self.generation(slot) + 1
        self.slots[slot].holders = 0
        self.slots[slot].word = ipc.slot_word(generation, WORKER, ipc.GRANTED)
        if self.role == ipc.ROLE_DECODER:
            self.lent[slot] += 1  # a decoder's codec reads what it filled
            grants = [ipc.Message(type=ipc.MSG_GRANT, worker=WORKER, ring_epoch=1, slot=slot, generation=g, stream=STREAM,
                                  frame=-1) for g in (generation - 1, generation, generation)]
            self.send(*grants)
        return generation

    def filter(self, frame, slot):
        """A picture in ring 0, held by the worker, to be inverted into `slot`."""
        source = slot - SLOTS
        head = ipc.Frame(magic=ipc.MAGIC_FRAME, format=ipc.YUV420P, width=self.width, height=self.height, sar_num=1,
                         sar_den=1, plane_count=3, pts_den=30, number=frame)
        at = ipc.FRAME_BYTES
        for p, (plane, stride) in enumerate(self.expected(frame)):
            head.plane[p] = ipc.Plane(at, stride, 0)
            rows = np.ndarray(plane.shape, np.uint8, self.pixels[source], at, (stride, 1))
            rows[:] = 255 - plane
            at += stride * plane.shape[0]
        self.pixels[source][:ipc.FRAME_BYTES] = np.frombuffer(bytes(head), np.uint8)
        self.slots[source].holders = 1 << WORKER
        self.slots[source].word = word = ipc.slot_word(self.generation(source) + 1, 0xFF, ipc.READY)
        job = dict(type=ipc.MSG_FILTER, worker=WORKER, ring_epoch=1, slot=source, frame=frame, slot2=slot)
        right = dict(generation=word >> 32, generation2=self.grant(slot))
        stale = dict(generation=(word >> 32) - 1, generation2=self.generation(slot) - 1)
        self.send(*[ipc.Message(**job, **g) for g in (stale, right, right)])

    def settle(self, slot):
        """granted → ready → free by what the lease says, whatever the messages said. The frame's number, or None."""
        generation = self.generation(slot)
        assert self.done[slot] <= generation and self.released[slot] <= self.lent[slot], "what was never granted or lent"
        released = self.released[slot] == self.lent[slot]
        if not released or self.done[slot] != generation or self.slots[slot].word & 0xFF != ipc.GRANTED:
            return None
        self.slots[slot].word = ipc.slot_word(generation, WORKER, ipc.READY)
        number = self.check(slot)
        self.slots[slot].word = ipc.slot_word(generation, WORKER, ipc.FREE)
        return number

    def expected(self, number):
        w, h, cw, ch = self.width, self.height, (self.width + 1) // 2, (self.height + 1) // 2
        luma = (np.arange(w)[None, :] + np.arange(h)[:, None] + number & 255).astype(np.uint8)
        chroma = [np.full((ch, cw), value & 255, np.uint8) for value in (number, 255 - number)]
        return [(plane, (plane.shape[1] + 63) // 64 * 64) for plane in [luma, *chroma]]

    def check(self, slot):
        memory = self.pixels[slot]
        head = ipc.Frame.from_buffer_copy(memory[:ipc.FRAME_BYTES].tobytes())
        assert (head.magic, head.width, head.height) == (ipc.MAGIC_FRAME, self.width, self.height), "frame header"
        for p, (plane, _) in enumerate(self.expected(head.number)):
            at, stride = head.plane[p].offset, head.plane[p].stride
            rows = np.ndarray(plane.shape, np.uint8, memory, at, (stride, 1))
            assert (rows == plane).all(), f"pixels of frame {head.number}, plane {p}"
        return head.number

    # ---- run ----

    def run(self, frames):
        mine = range(self.first, self.first + SLOTS)
        if self.role == ipc.ROLE_DECODER:
            self.send(*[ipc.Message(type=ipc.MSG_OPEN, worker=WORKER, stream=STREAM, frame=0, arg2=frames + SLOTS)] * 2)
        next_frame, seen, messages = 0, [], []
        deadline = time.monotonic() + 60
        while len(seen) < frames:
            assert time.monotonic() < deadline, f"stalled after {len(seen)} frames"
            for slot in mine:
                if self.slots[slot].word & 0xFF == ipc.FREE and next_frame < frames:
                    self.filter(next_frame, slot) if self.first else self.grant(slot)
                    next_frame += 1
            messages = self.receive(50)
            for m in messages:
                assert m.type in (ipc.MSG_DONE, ipc.MSG_RELEASE) and m.worker == WORKER and m.slot < 2 * SLOTS, "message"
                assert m.type != ipc.MSG_DONE or m.count == 1, "count"
                self.ignored += m.generation != self.generation(m.slot)  # late: its slot was settled by a scan
            seen += [n for n in map(self.settle, mine) if n is not None]  # on every doorbell, and on the timer
        assert sorted(seen) == list(range(frames)), f"every frame once: {seen}"
        assert [self.generation(s) for s in mine] == [int(self.done[s]) for s in mine], "generations"
        assert self.lease.frames == frames and time.monotonic_ns() - self.lease.heartbeat < 5_000_000_000, "lease"

    def end(self, vanish):
        """Ends the worker by going away; or its stream by its last frames, another one by CLOSE, then the worker by QUIT."""
        self.deaf = 0
        if vanish:
            self.link.close()
        elif self.role == ipc.ROLE_DECODER:
            for slot in range(SLOTS):
                self.grant(slot)
            self.await_end(STREAM)
            assert all(self.settle(slot) is not None for slot in range(SLOTS)), "frames before END"
            other = dict(worker=WORKER, stream=STREAM + 1)
            self.send(ipc.Message(type=ipc.MSG_OPEN, frame=5, arg2=50, **other), ipc.Message(type=ipc.MSG_CLOSE, **other))
            self.await_end(STREAM + 1)
        if not vanish:
            self.send(ipc.Message(type=ipc.MSG_QUIT))
        assert self.process.wait(10) == 0, "exit status"

    def await_end(self, stream):
        while True:
            batch = self.receive(10_000)
            assert batch, "END"
            if any(m.type == ipc.MSG_END and m.stream == stream for m in batch):
                return


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--role", choices=["decoder", "filter"], default="decoder")
    options.add_argument("--frames", type=int, default=100)
    options.add_argument("--size", default="64x64", type=lambda text: tuple(map(int, text.split("x"))))
    options.add_argument("--deaf", type=int, default=0)
    options.add_argument("--vanish", action="store_true")
    options.add_argument("worker", nargs="+")
    options = options.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        supervisor = Supervisor(options)
        try:
            supervisor.start(options.worker, options, directory)
            supervisor.run(options.frames)
            supervisor.end(options.vanish)
        except AssertionError as problem:
            sys.exit(f"mini_supervisor: {problem}")
        finally:
            if getattr(supervisor, "process", None):
                supervisor.process.kill()
    print(f"{options.role}: {options.frames} frames, {supervisor.heard} doorbells, {supervisor.ignored} late")


if __name__ == "__main__":
    main()
