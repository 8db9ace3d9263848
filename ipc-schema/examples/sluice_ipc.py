"""sluice_ipc.h for Python: the same records as ctypes structures, and the attach handshake.

`python3 sluice_ipc.py` prints a C program that compiles only if every size and offset below equals the header's.
SPDX-License-Identifier: Apache-2.0
"""
import array
import ctypes
import mmap
import socket
from ctypes import c_char, c_int64, c_uint8, c_uint16, c_uint32, c_uint64

ABI_MAJOR, ABI_MINOR = 1, 1
MAGIC_CONTROL, MAGIC_LEASE = 0x314C5443454C5553, 0x3145534C454C5553
MAGIC_FRAME, MAGIC_HELLO = 0x314D5246, 0x314F4C48
MAX_RINGS, MAX_WORKERS, MAX_SLOTS, MAX_INPUTS, MAX_PLANES = 32, 64, 4096, 496, 4
FRAME_BYTES, TEXT_BYTES, TEXT_COUNT = 256, 512, 6
ROLE_DECODER, ROLE_RENDERER, ROLE_ENCODER, ROLE_AUDIO, ROLE_FILTER = 1, 2, 3, 4, 5
FREE, GRANTED, READY = 0, 1, 2
REGION_CONTROL, REGION_LEASE, REGION_PLAN, REGION_RING = 1, 2, 3, 4
MSG_GRANT, MSG_OPEN, MSG_CLOSE, MSG_RENDER, MSG_ENCODE, MSG_FINISH, MSG_QUIT, MSG_FILTER = range(1, 9)
MSG_READY, MSG_DONE, MSG_RELEASE, MSG_END, MSG_FINISHED, MSG_FAIL, MSG_WARN = range(32, 39)
YUV420P = 1 | 8 << 4 | 1 << 10 | 1 << 12
# What a filter reads of the plan (sluice_plan.h): places in its header.
PLAN_MAGIC, PLAN_VERSION = 0x314E4C5043554C53, 4
PLAN = {"version": 8, "text_offset": 168, "text_bytes": 176, "filter_count": 308, "filter_offset": 312}
REFUSALS = {1: "version", 2: "role", 3: "full", 4: "token"}


class Plane(ctypes.Structure):
    _fields_ = [("offset", c_uint64), ("stride", c_uint32), ("reserved", c_uint32)]


class Frame(ctypes.Structure):
    _fields_ = [
        ("magic", c_uint32), ("flags", c_uint32), ("format", c_uint32), ("width", c_uint32), ("height", c_uint32),
        ("sar_num", c_uint32), ("sar_den", c_uint32), ("matrix", c_uint8), ("primaries", c_uint8),
        ("transfer", c_uint8), ("full_range", c_uint8), ("chroma_location", c_uint8), ("rotation", c_uint8),
        ("mirror", c_uint8), ("plane_count", c_uint8), ("reserved0", c_uint32), ("pts_num", c_int64),
        ("pts_den", c_int64), ("number", c_int64), ("plane", Plane * MAX_PLANES), ("reserved1", c_uint8 * 128)]


class Control(ctypes.Structure):
    _fields_ = [
        ("magic", c_uint64), ("abi_major", c_uint16), ("abi_minor", c_uint16), ("ring_count", c_uint32),
        ("bytes", c_uint64), ("epoch", c_uint64), ("slot_count", c_uint32), ("job_count", c_uint32),
        ("ring_offset", c_uint64), ("slot_offset", c_uint64), ("job_offset", c_uint64)]


class Ring(ctypes.Structure):
    _fields_ = [
        ("epoch", c_uint32), ("fill_role", c_uint32), ("first_slot", c_uint32), ("slot_count", c_uint32),
        ("slot_bytes", c_uint64), ("bytes", c_uint64)]


class Slot(ctypes.Structure):
    _fields_ = [
        ("word", c_uint64), ("holders", c_uint64), ("frame", c_int64), ("ring", c_uint32), ("stream", c_uint32),
        ("reserved", c_uint64 * 4)]


class Input(ctypes.Structure):
    _fields_ = [("stream", c_uint32), ("slot", c_uint32), ("generation", c_uint32), ("reserved", c_uint32)]


class Job(ctypes.Structure):
    _fields_ = [
        ("sequence", c_uint64), ("frame", c_int64), ("slot", c_uint32), ("generation", c_uint32),
        ("input_count", c_uint32), ("reserved", c_uint32 * 9), ("input", Input * MAX_INPUTS)]


class Lease(ctypes.Structure):
    _fields_ = [
        ("magic", c_uint64), ("worker", c_uint32), ("slot_count", c_uint32), ("heartbeat", c_uint64),
        ("done_offset", c_uint64), ("released_offset", c_uint64), ("text_count", c_uint64),
        ("reserved0", c_uint64 * 2), ("frames", c_uint64), ("busy_ns", c_uint64), ("blocked_ns", c_uint64),
        ("direct_frames", c_uint64), ("fallback_frames", c_uint64), ("copied_bytes", c_uint64),
        ("buffers_created", c_uint64), ("damaged_frames", c_uint64),
        ("audio_quanta", c_uint64), ("audio_load_average_ppm", c_uint64), ("audio_load_peak_ppm", c_uint64),
        ("audio_underruns", c_uint64), ("audio_underrun_ns", c_uint64), ("audio_latency_ns", c_uint64),
        ("audio_allocations", c_uint64), ("audio_pool_pressure", c_uint64), ("audio_loudness_mlufs", c_int64),
        ("audio_true_peak_mdb", c_int64), ("reserved1", c_uint64 * 6),
        ("text", c_char * TEXT_BYTES * TEXT_COUNT)]


class Message(ctypes.Structure):
    _fields_ = [
        ("type", c_uint16), ("worker", c_uint16), ("ring_epoch", c_uint32), ("slot", c_uint32),
        ("generation", c_uint32), ("frame", c_int64), ("stream", c_uint32), ("job", c_uint32), ("count", c_uint32),
        ("slot2", c_uint32), ("generation2", c_uint32), ("reserved", c_uint32), ("arg", c_uint64), ("arg2", c_uint64)]


class Hello(ctypes.Structure):
    _fields_ = [
        ("magic", c_uint32), ("abi_major", c_uint16), ("abi_minor", c_uint16), ("role", c_uint32),
        ("features", c_uint32), ("token", c_uint64), ("filter", c_uint64)]


class Welcome(ctypes.Structure):
    _fields_ = [
        ("magic", c_uint32), ("abi_major", c_uint16), ("abi_minor", c_uint16), ("status", c_uint32),
        ("worker", c_uint32), ("epoch", c_uint64), ("region_count", c_uint32), ("reserved", c_uint32),
        ("endpoint", c_char * 224)]


class Region(ctypes.Structure):
    _fields_ = [
        ("kind", c_uint32), ("ring", c_uint32), ("epoch", c_uint32), ("writable", c_uint32), ("bytes", c_uint64),
        ("reserved", c_uint64)]


class PlanText(ctypes.Structure):
    _fields_ = [("offset", c_uint32), ("bytes", c_uint32)]


class PlanFilter(ctypes.Structure):
    _fields_ = [("name", PlanText), ("parameters", PlanText), ("version", PlanText), ("flags", c_uint32), ("reserved", c_uint32)]


RECORDS = [Plane, Frame, Control, Ring, Slot, Input, Job, Lease, Message, Hello, Welcome, Region, PlanText, PlanFilter]
assert [ctypes.sizeof(r) for r in RECORDS] == [16, 256, 64, 32, 64, 16, 8000, 3328, 64, 32, 256, 32, 8, 32]


def slot_word(generation, owner, state, flags=0):
    return generation << 32 | flags << 16 | owner << 8 | state


def filter_key(name):
    """FNV-1a, 64 bits: how a filter says its name in HELLO; no name: any filter."""
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return key if name else 0


def plan_filter(plan, index):
    """Name and parameters (JSON text) of a filter record of the plan; None when there is none."""
    head = {name: (c_uint64 if name.endswith(("offset", "text_bytes")) else c_uint32).from_buffer_copy(plan, at).value
            for name, at in PLAN.items()}
    if c_uint64.from_buffer_copy(plan).value != PLAN_MAGIC or head["version"] != PLAN_VERSION or index >= head["filter_count"]:
        return None
    record = PlanFilter.from_buffer_copy(plan, head["filter_offset"] + index * ctypes.sizeof(PlanFilter))

    def text(place):
        at = head["text_offset"] + place.offset
        return plan[at:at + place.bytes].decode()
    return text(record.name), text(record.parameters)


def routing_id(worker):
    """A worker's ZeroMQ routing id: 'W' and its index, little-endian."""
    return b"W" + worker.to_bytes(4, "little")


def receive(link, record):
    """One SEQPACKET packet of exactly `record`'s size, and its descriptor or None."""
    size = ctypes.sizeof(record)
    data, ancillary, flags, _ = link.recvmsg(size + 1, socket.CMSG_SPACE(4), socket.MSG_CMSG_CLOEXEC)
    fds = array.array("i")
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[:4])
    if len(data) != size:
        raise ConnectionError("the supervisor is gone" if not data else f"a packet of {len(data)} bytes, not {size}")
    return record.from_buffer_copy(data), fds[0] if fds else None


def map_region(fd, size, writable):
    return mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0))


def c_checks():
    """C that compiles only where the header agrees with this file."""
    lines = ['#include "sluice_ipc.h"', '#include "sluice_plan.h"']
    lines += [f'_Static_assert(offsetof(sluice_plan, {name}) == {at}, "sluice_plan.{name}");' for name, at in PLAN.items()]
    for record in RECORDS:
        name = "sluice_" + (record.__name__ if record is Plane else record.__name__.replace("Plan", "plan_")).lower()
        lines.append(f'_Static_assert(sizeof({name}) == {ctypes.sizeof(record)}, "{name}");')
        for field, kind in record._fields_:
            at, size = getattr(record, field).offset, ctypes.sizeof(kind)
            lines.append(f'_Static_assert(offsetof({name}, {field}) == {at}, "{name}.{field}");')
            lines.append(f'_Static_assert(sizeof((({name} *)0)->{field}) == {size}, "{name}.{field}");')
    for name in ["ABI_MAJOR", "ABI_MINOR", "MAGIC_CONTROL", "MAGIC_LEASE", "MAGIC_FRAME", "MAGIC_HELLO", "MAX_RINGS",
                 "MAX_WORKERS", "MAX_SLOTS", "MAX_INPUTS", "MAX_PLANES", "TEXT_COUNT", "ROLE_DECODER", "ROLE_FILTER",
                 "REGION_CONTROL", "REGION_RING", "MSG_GRANT", "MSG_FILTER", "MSG_READY", "MSG_WARN", "PLAN_MAGIC",
                 "PLAN_VERSION"]:
        lines.append(f'_Static_assert(SLUICE_{name} == {globals()[name]}, "{name}");')
    return "\n".join(lines + ["int main(void) { return 0; }"])


if __name__ == "__main__":
    print(c_checks())
