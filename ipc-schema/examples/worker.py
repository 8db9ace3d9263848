#!/usr/bin/env python3
"""A Sluice worker in Python: a filter of pictures (put your own into `process`), or a decoder of synthetic frames.

    worker.py --role filter [--filter NAME] [--socket PATH]
    worker.py --role decoder [--size 64x64] [--socket PATH]

A launch file starts it by itself (workers.filters, see ../../launch/filter.json5): then socket, token and name of the
filter stand in the environment. Pixels are numpy views on the slot: nothing is copied. Everything it relies on is in
../SPEC.md.
SPDX-License-Identifier: Apache-2.0
"""
import argparse
import ctypes
import json
import os
import socket
import sys
import threading
import time

import numpy as np
import zmq

import sluice_ipc as ipc

libc = ctypes.CDLL(None)


def process(picture, out, parameters, frame):
    """YOUR FILTER. Reads `picture.planes`, writes all of `out.planes`; both are lists of numpy arrays (height, width) that
    lie in the slots themselves, uint8 for 8 bits a sample, uint16 above: Y U V, or R G B, or gray, then alpha if
    `picture.alpha`. `parameters`: what the project says, as Python has it. `frame`: number of the output frame.

    The same picture and parameters must give the same result, whoever computes it. Raise what makes it impossible: the
    render ends with its text. OpenCV and torch take the arrays as they are: cv2.GaussianBlur(plane, (9, 9), 0, dst=out),
    torch.from_numpy(plane).

    This one inverts, {"planes": [0]} only those planes; alpha stays.
    """
    colors = len(picture.planes) - picture.alpha
    inverted = parameters.get("planes", range(colors))
    for number, (plane, target) in enumerate(zip(picture.planes, out.planes)):
        if number < colors and number in inverted:
            np.subtract(plane.dtype.type(picture.peak), plane, out=target)
        else:
            np.copyto(target, plane)


class Picture:
    """A slot's picture: its header, and numpy views on its planes."""

    def __init__(self, memory, head):
        kind = head.format
        self.head, self.depth, self.alpha = head, kind >> 4 & 63, kind >> 14 & 1
        self.width, self.height, self.peak = head.width, head.height, (1 << self.depth) - 1
        if head.magic != ipc.MAGIC_FRAME or kind >> 15 or kind & 15 > 2 or not 1 <= self.depth <= 16:
            raise ValueError("not a picture that this filter can read")
        if head.plane_count != (1 if kind & 15 == 0 else 3) + self.alpha:
            raise ValueError("not as many planes as its format has")
        self.dtype = np.dtype(np.uint8 if self.depth <= 8 else np.uint16)
        # numpy refuses what lies outside the slot.
        self.planes = [np.ndarray(self.shape(p), self.dtype, memory, head.plane[p].offset, (head.plane[p].stride, self.dtype.itemsize))
                       for p in range(head.plane_count)]

    def shape(self, plane):
        if self.head.format & 15 != 1 or plane not in (1, 2):
            return self.height, self.width
        across, down = self.head.format >> 10 & 3, self.head.format >> 12 & 3
        return -(-self.height >> down), -(-self.width >> across)

    def like(self, memory):
        """A picture of the same kind, its planes one after another in `memory`; its header is not written yet."""
        head = ipc.Frame.from_buffer_copy(self.head)
        at = ipc.FRAME_BYTES
        for p in range(head.plane_count):
            height, width = self.shape(p)
            stride = (width * self.dtype.itemsize + 63) // 64 * 64
            head.plane[p] = ipc.Plane(at, stride, 0)
            at += stride * height
        return Picture(memory, head)


def fence():
    """Orders what was written before it ahead of what is stored after it, for a reader in another process.

    The control words are aligned 4-byte words, which numpy stores with one instruction, so none is ever seen in halves.
    x86-64 shows stores in program order. arm64 may not; there this call does it: a ctypes call lets go of the
    interpreter's lock (a release) and takes it again (an acquire), and nothing moves across that pair. The doorbell
    that follows is a system call of its own.
    """
    libc.sched_yield()


class Worker:
    def __init__(self, path, role, size, name):
        self.width, self.height = size
        self.plan, self.parameters = None, {}  # of the filters of the plan, by number
        self.granted = {}  # slot: (generation, stream), not yet filled
        self.streams = {}  # stream: [next frame, end]
        self.payload, self.ring_epoch = {}, {}
        self.attach(path, role, name)
        threading.Thread(target=self.beat, daemon=True).start()
        bus = self.bus = zmq.Context().socket(zmq.DEALER)
        bus.set(zmq.ROUTING_ID, ipc.routing_id(self.index))
        bus.set(zmq.LINGER, 0)
        bus.set_hwm(0)  # credit bounds the queues
        bus.connect(self.endpoint)
        self.post(ipc.Message(type=ipc.MSG_READY, arg=self.epoch))

    # ---- attach ----

    def attach(self, path, role, name):
        self.link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.link.connect(path)
        token = int(os.environ.get("SLUICE_TOKEN", "0"), 0)
        self.link.send(bytes(ipc.Hello(
            ipc.MAGIC_HELLO, ipc.ABI_MAJOR, ipc.ABI_MINOR, role, 0, token, ipc.filter_key(name))))
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
        elif region.kind == ipc.REGION_PLAN:
            self.plan = memory
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

    # ---- filter: from one slot into another ----

    def filter(self, m):
        source = self.slot(m.slot, m.generation, ipc.READY)
        target = self.slot(m.slot2, m.generation2, ipc.GRANTED)
        if source is None or target is None or self.done[m.slot2] == m.generation2:
            return
        start = time.monotonic_ns()
        try:
            picture = Picture(source, ipc.Frame.from_buffer_copy(source[:ipc.FRAME_BYTES].tobytes()))
            out = picture.like(target)
            process(picture, out, self.parameters_of(m.arg), m.frame)
        except Exception as problem:
            return self.fail(m, f"{type(problem).__name__}: {problem}")
        target[:ipc.FRAME_BYTES] = np.frombuffer(bytes(out.head), np.uint8)
        self.lease.busy_ns += time.monotonic_ns() - start
        # A job that is done has let go of its input, too.
        self.publish(m.slot2, m.generation2, False, stream=m.stream, frame=m.frame, job=m.job)

    def parameters_of(self, number):
        if number not in self.parameters:
            record = ipc.plan_filter(self.plan, number) if self.plan else None
            self.parameters[number] = (json.loads(record[1]) if record else None) or {}
        return self.parameters[number]

    def fail(self, m, text):
        """A line for the user, and the end of the render: this picture cannot be filtered."""
        number = self.lease.text_count
        self.lease.text[number % ipc.TEXT_COUNT].value = text.encode()[:ipc.TEXT_BYTES - 1]
        fence()
        self.lease.text_count = number + 1
        self.post(ipc.Message(type=ipc.MSG_FAIL, frame=m.frame, stream=m.stream, job=m.job, arg=number, count=70))

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

    def beat(self):
        """Also while a picture takes long; that it takes for ever is seen by its deadline."""
        while True:
            self.lease.heartbeat = time.monotonic_ns()
            time.sleep(0.25)

    def run(self):
        poller = zmq.Poller()
        poller.register(self.bus, zmq.POLLIN)
        poller.register(self.link.fileno(), zmq.POLLIN)
        while True:
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


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--socket", default=os.environ.get("SLUICE_SOCKET"), help="default: $SLUICE_SOCKET")
    name = os.environ.get("SLUICE_FILTER", "")
    options.add_argument("--role", choices=["decoder", "filter"], default="filter" if name else "decoder")
    options.add_argument("--filter", default=name, help="name that the project gives the filter; default: any")
    options.add_argument("--size", default="64x64", type=lambda text: tuple(map(int, text.split("x"))))
    options = options.parse_args()
    if not options.socket:
        sys.exit("worker: no --socket, and no SLUICE_SOCKET in the environment")
    role = ipc.ROLE_FILTER if options.role == "filter" else ipc.ROLE_DECODER
    Worker(options.socket, role, options.size, options.filter).run()


if __name__ == "__main__":
    main()
