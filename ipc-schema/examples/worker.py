#!/usr/bin/env python3
"""A Sluice worker in Python: a decoder of synthetic frames, or a filter that inverts pictures.

    SLUICE_TOKEN=... worker.py --socket PATH --role decoder|filter [--size 64x64]

Pixels are numpy views on the slot: nothing is copied. Everything it relies on is in ../SPEC.md.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import ctypes
import os
import socket
import sys
import time

import numpy as np
import zmq

import sluice_ipc as ipc

libc = ctypes.CDLL(None)


def fence():
    """Orders what was written before it ahead of what is stored after it, for a reader in another process.

    The control words are aligned 4-byte words, which numpy stores with one instruction, so none is ever seen in halves.
    x86-64 shows stores in program order. arm64 may not; there this call does it: a ctypes call lets go of the
    interpreter's lock (a release) and takes it again (an acquire), and nothing moves across that pair. The doorbell
    that follows is a system call of its own.
    """
    libc.sched_yield()


class Worker:
    def __init__(self, path, role, size):
        self.width, self.height = size
        self.granted = {}  # slot: (generation, stream), not yet filled
        self.streams = {}  # stream: [next frame, end]
        self.payload, self.ring_epoch = {}, {}
        self.attach(path, role)
        bus = self.bus = zmq.Context().socket(zmq.DEALER)
        bus.set(zmq.ROUTING_ID, ipc.routing_id(self.index))
        bus.set(zmq.LINGER, 0)
        bus.set_hwm(0)  # credit bounds the queues
        bus.connect(self.endpoint)
        self.post(ipc.Message(type=ipc.MSG_READY, arg=self.epoch))

    # ---- attach ----

    def attach(self, path, role):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.connect(path)
        token = int(os.environ.get("SLUICE_TOKEN", "0"), 0)
        self.link.send(bytes(ipc.Hello(ipc.MAGIC_HELLO, ipc.ABI_MAJOR, ipc.ABI_MINOR, role, 0, token, 0)))
        welcome, _ = ipc.receive(self.link, ipc.Welcome)
        if welcome.magic != ipc.MAGIC_HELLO:
            sys.exit("worker: that is no supervisor")
        if welcome.status or welcome.abi_major != ipc.ABI_MAJOR:
            sys.exit(f"worker: refused: {ipc.REFUSALS.get(welcome.status or 1, welcome.status)}")
        self.index, self.epoch, self.endpoint = welcome.worker, welcome.epoch, welcome.endpoint.decode()
        for _ in range(welcome.region_count):
            region, fd = ipc.receive(self.link, ipc.Region)
            if ipc.REGION_CONTROL <= region.kind <= ipc.REGION_RING:
                self.keep(region, ipc.map_region(fd, region.bytes, region.writable))
            if fd is not None:
                os.close(fd)
        self.prepare_lease()

    def keep(self, region, memory):
        if region.kind == ipc.REGION_CONTROL:
            head = np.frombuffer(memory, np.uint8)[:64].tobytes()
            self.control = ipc.Control.from_buffer_copy(head)
            if self.control.magic != ipc.MAGIC_CONTROL:
                sys.exit("worker: no control region")
            # Live views; rows of 64 bytes: word, holders, frame, ring and stream.
            self.slots = np.frombuffer(memory, np.uint64, self.control.slot_count * 8, self.control.slot_offset).reshape(-1, 8)
            self.rings = [ipc.Ring.from_buffer_copy(memory, self.control.ring_offset + 32 * i) for i in range(ipc.MAX_RINGS)]
        elif region.kind == ipc.REGION_LEASE:
            self.lease_memory = memory
        elif region.kind == ipc.REGION_RING:
            self.payload[region.ring] = np.frombuffer(memory, np.uint8)
            self.ring_epoch[region.ring] = region.epoch

    def prepare_lease(self):
        lease = self.lease = ipc.Lease.from_buffer(self.lease_memory)
        count, at = self.control.slot_count, ctypes.sizeof(ipc.Lease)
        lease.worker, lease.slot_count, lease.done_offset, lease.released_offset = self.index, count, at, at + 4 * count
        self.done, self.released = np.frombuffer(self.lease_memory, np.uint32, 2 * count, at).reshape(2, count)
        fence()
        lease.magic = ipc.MAGIC_LEASE  # last: now it is ready

    # ---- slots ----

    def slot(self, slot, generation, state):
        """The slot's bytes if it is at `generation` and ours to use; None when the message is stale."""
        if slot >= len(self.slots):
            return None
        word, holders, number = (int(self.slots[slot, i]) for i in (0, 1, 3))
        number &= 0xFFFFFFFF
        if word >> 32 != generation or word & 0xFF != state or number not in self.payload:
            return None
        mine = word >> 8 & 0xFF == self.index if state == ipc.GRANTED else holders >> self.index & 1
        ring = self.rings[number]
        at = (slot - ring.first_slot) * ring.slot_bytes
        return self.payload[number][at:at + ring.slot_bytes] if mine else None

    def about(self, kind, slot, generation, **fields):
        epoch = self.ring_epoch[int(self.slots[slot, 3]) & 0xFFFFFFFF]
        return ipc.Message(type=kind, ring_epoch=epoch, slot=slot, generation=generation, **fields)

    def publish(self, slot, generation, held, **fields):
        """Truth first, doorbell second. `held`: a codec would read the picture for a while; we let it go at once."""
        fence()
        self.done[slot] = generation
        self.lease.frames += 1
        self.post(self.about(ipc.MSG_DONE, slot, generation, count=1, arg=int(held), **fields))
        if held:
            fence()
            self.released[slot] += 1
            self.post(self.about(ipc.MSG_RELEASE, slot, generation, count=1, stream=fields["stream"]))

    def post(self, *batch):
        for message in batch:
            message.worker = self.index
        self.bus.send(b"".join(bytes(m) for m in batch))

    # ---- decoder: a gradient that moves by one sample a frame, 8-bit 4:2:0 ----

    def draw(self, memory, number):
        head = ipc.Frame(magic=ipc.MAGIC_FRAME, format=ipc.YUV420P, width=self.width, height=self.height, sar_num=1,
                         sar_den=1, matrix=1, primaries=1, transfer=1, plane_count=3, pts_num=number, pts_den=30,
                         number=number)
        at = ipc.FRAME_BYTES
        for p in range(3):
            w, h = (self.width, self.height) if p == 0 else ((self.width + 1) // 2, (self.height + 1) // 2)
            stride = (w + 63) // 64 * 64
            if at + stride * h > len(memory):
                sys.exit("worker: --size does not fit the slots")
            head.plane[p] = ipc.Plane(at, stride, 0)
            plane = memory[at:at + stride * h].reshape(h, stride)[:, :w]
            if p == 0:
                plane[:] = (np.arange(w)[None, :] + np.arange(h)[:, None] + number) & 255
            else:
                plane[:] = (number if p == 1 else 255 - number) & 255
            at += stride * h
        memory[:ipc.FRAME_BYTES] = np.frombuffer(bytes(head), np.uint8)

    def decode(self):
        for slot, (generation, stream) in list(self.granted.items()):
            number, end = self.streams.get(stream, (0, 0))
            if number >= end:
                continue
            del self.granted[slot]
            memory = self.slot(slot, generation, ipc.GRANTED)
            if memory is not None:
                self.draw(memory, number)
                self.streams[stream][0] += 1
                self.publish(slot, generation, True, stream=stream, frame=number)
        for stream in [stream for stream, (number, end) in self.streams.items() if number >= end]:
            self.end(stream)

    def end(self, stream):
        """After END none of the stream's slots is written, granted or not."""
        number, _ = self.streams.pop(stream)
        self.granted = {slot: grant for slot, grant in self.granted.items() if grant[1] != stream}
        self.post(ipc.Message(type=ipc.MSG_END, stream=stream, frame=number))

    # ---- filter: 255 - sample, from one slot into another ----

    def filter(self, m):
        source = self.slot(m.slot, m.generation, ipc.READY)
        target = self.slot(m.slot2, m.generation2, ipc.GRANTED)
        if source is None or target is None or self.done[m.slot2] == m.generation2:
            return
        head = ipc.Frame.from_buffer_copy(source[:ipc.FRAME_BYTES].tobytes())
        if head.magic != ipc.MAGIC_FRAME or head.format != ipc.YUV420P or head.plane_count != 3:
            sys.exit("worker: a frame that this filter cannot read")
        target[:ipc.FRAME_BYTES] = source[:ipc.FRAME_BYTES]
        for p in range(3):
            w, h = (head.width, head.height) if p == 0 else ((head.width + 1) // 2, (head.height + 1) // 2)
            at, stride = head.plane[p].offset, head.plane[p].stride
            rows = np.ndarray((h, w), np.uint8, source, at, (stride, 1))  # numpy refuses what lies outside the slot
            np.subtract(255, rows, out=np.ndarray((h, w), np.uint8, target, at, (stride, 1)))
        # A job that is done has let go of its input, too.
        self.publish(m.slot2, m.generation2, False, stream=m.stream, frame=m.frame, job=m.job)

    # ---- loop ----

    def handle(self, m):
        """False when the run is over."""
        if m.type == ipc.MSG_GRANT:
            if self.slot(m.slot, m.generation, ipc.GRANTED) is not None and self.done[m.slot] != m.generation:
                self.granted[m.slot] = (m.generation, m.stream)
        elif m.type == ipc.MSG_OPEN:
            self.streams.setdefault(m.stream, [m.frame, m.arg2])
        elif m.type == ipc.MSG_CLOSE:
            if m.stream in self.streams:
                self.end(m.stream)
        elif m.type == ipc.MSG_FILTER:
            self.filter(m)
        elif m.type == ipc.MSG_QUIT:
            return False
        self.decode()
        return True

    def run(self):
        poller = zmq.Poller()
        poller.register(self.bus, zmq.POLLIN)
        poller.register(self.link.fileno(), zmq.POLLIN)
        while True:
            self.lease.heartbeat = time.monotonic_ns()
            ready = dict(poller.poll(250))
            if self.link.fileno() in ready:
                try:
                    _, fd = ipc.receive(self.link, ipc.Region)  # what comes later is for encoders
                except ConnectionError:
                    return  # EOF: the supervisor is gone
                if fd is not None:
                    os.close(fd)
            while self.bus.poll(0):
                data = self.bus.recv()
                for at in range(0, len(data) // 64 * 64, 64):
                    if not self.handle(ipc.Message.from_buffer_copy(data, at)):
                        return


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--socket", required=True)
    options.add_argument("--role", choices=["decoder", "filter"], default="decoder")
    options.add_argument("--size", default="64x64", type=lambda text: tuple(map(int, text.split("x"))))
    options = options.parse_args()
    role = ipc.ROLE_FILTER if options.role == "filter" else ipc.ROLE_DECODER
    Worker(options.socket, role, options.size).run()
