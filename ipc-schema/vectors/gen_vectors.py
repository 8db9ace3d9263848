#!/usr/bin/env python3
"""Writes the conformance vectors and their table (README.md) from the layout in ../examples/sluice_ipc.py.

    gen_vectors.py            write all files beside this one
    gen_vectors.py --check    say what would change, exit 1 if anything would
SPDX-License-Identifier: Apache-2.0
"""
import ctypes
import pathlib
import sys

here = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(here.parent / "examples"))
sys.dont_write_bytecode = True
import sluice_ipc as ipc  # noqa: E402

vectors = []  # (name, verdict, why, bytes)


def add(name, verdict, why, image):
    vectors.append((name, verdict, why, bytes(image)))


def make(record, **fields):
    value = record()
    for name, content in fields.items():
        setattr(value, name, content)
    return value


def variants(kind, good, cases):
    """Adds `good` with fields changed: (suffix, verdict, why, changes or a function of the bytes)."""
    for suffix, verdict, why, change in cases:
        image = bytes(good)
        if callable(change):
            image = change(image)
        else:
            value = type(good).from_buffer_copy(image)
            for name, content in change.items():
                setattr(value, name, content)
            image = bytes(value)
        add(f"{kind}-{suffix}", verdict, why, image)


# ---- attach ----
hello = make(ipc.Hello, magic=ipc.MAGIC_HELLO, abi_major=1, role=ipc.ROLE_DECODER, token=0x0123456789ABCDEF)
variants("hello", hello, [
    ("decoder", "accept", "a worker that the supervisor started", {}),
    ("newer-minor", "accept", "minor versions only add", {"abi_minor": 7, "features": 4}),
    ("filter", "accept", "the filter \"invert\", attached by hand",
     {"abi_minor": 1, "role": ipc.ROLE_FILTER, "token": 0, "filter": ipc.filter_key("invert")}),
    ("bad-magic", "refuse", "not a hello", {"magic": ipc.MAGIC_FRAME}),
    ("bad-major", "refuse", "status 1: majors must be equal", {"abi_major": 2}),
    ("role-none", "refuse", "status 2: no role", {"role": 0}),
    ("role-unknown", "refuse", "status 2: no such role", {"role": 9}),
    ("short", "refuse", "a packet of 31 bytes", lambda b: b[:31]),
    ("long", "refuse", "a packet of 33 bytes", lambda b: b + b"\0")])

welcome = make(ipc.Welcome, magic=ipc.MAGIC_HELLO, abi_major=1, worker=5, epoch=0xC0FFEE, region_count=4,
               endpoint=b"ipc:///run/user/1000/sluice/r1/bus")
variants("welcome", welcome, [
    ("ok", "accept", "worker 5, four regions follow", {}),
    ("refused-version", "refuse", "status 1: the supervisor speaks another major", {"status": 1, "abi_major": 2}),
    ("refused-token", "refuse", "status 4: wrong token", {"status": 4}),
    ("bad-magic", "refuse", "not a welcome", {"magic": 0}),
    ("bad-major", "refuse", "majors must be equal", {"abi_major": 2}),
    ("bad-worker", "refuse", "holder bitmaps have 64 bits", {"worker": 64}),
    ("no-end", "refuse", "endpoint without a terminating zero", {"endpoint": b"x" * 224}),
    ("short", "refuse", "a packet of 32 bytes", lambda b: b[:32])])

ring_region = make(ipc.Region, kind=ipc.REGION_RING, ring=0, epoch=1, writable=1, bytes=3 * 12288)
variants("region", ring_region, [
    ("ring", "accept", "payload of ring 0, to be mapped read-write", {}),
    ("control", "accept", "the control region, read-only", {"kind": 1, "epoch": 0, "writable": 0, "bytes": 12288}),
    ("output", "accept", "descriptor that segment 2 is written to; no bytes to map", {"kind": 5, "ring": 2, "epoch": 0, "bytes": 0}),
    ("unknown-kind", "ignore", "of a later minor: close its descriptor", {"kind": 77}),
    ("bad-ring", "refuse", "ring number out of range", {"ring": 32}),
    ("bad-empty", "refuse", "no bytes", {"bytes": 0}),
    ("bad-writable", "refuse", "control is never writable", {"kind": 1, "writable": 1}),
    ("short", "refuse", "a packet of 16 bytes", lambda b: b[:16])])

# ---- frame header; the slot has 12288 bytes ----
SLOT_BYTES = 12288


def planes(*table):
    return (ipc.Plane * 4)(*[ipc.Plane(offset, stride, 0) for offset, stride in table])


frame = make(ipc.Frame, magic=ipc.MAGIC_FRAME, format=ipc.YUV420P, width=64, height=64, sar_num=1, sar_den=1, matrix=1,
             primaries=1, transfer=1, plane_count=3, pts_num=1, pts_den=30, number=12,
             plane=planes((256, 64), (4352, 64), (6400, 64)))
yuv422p10 = 1 | 10 << 4 | 1 << 10
variants("frame", frame, [
    ("yuv420p-64x64", "accept", "planes one after another", {}),
    ("yuv422p10-odd", "accept", "33 × 17, 10 bits, rotated, mirrored, damaged, interlaced, SAR 16:11",
     {"format": yuv422p10, "width": 33, "height": 17, "rotation": 1, "mirror": 1, "flags": 7, "sar_num": 16,
      "sar_den": 11, "number": -1, "plane": planes((256, 128), (2432, 64), (3520, 64))}),
    ("cropped", "accept", "cropping moved the planes off their alignment",
     {"width": 60, "height": 60, "plane": planes((388, 64), (4418, 64), (6466, 64))}),
    ("tight", "accept", "the last byte of V is the slot's last", {"plane": planes((256, 64), (4352, 64), (10272, 64))}),
    ("bad-magic", "refuse", "no frame header", {"magic": 0}),
    ("bad-format", "refuse", "family 7", {"format": ipc.YUV420P | 7}),
    ("bad-depth", "refuse", "17 bits", {"format": 1 | 17 << 4}),
    ("bad-plane-count", "refuse", "4:2:0 has three planes", {"plane_count": 4}),
    ("bad-empty", "refuse", "no width", {"width": 0}),
    ("bad-huge", "refuse", "wider than 65536", {"width": 65537}),
    ("bad-stride", "refuse", "rows shorter than the picture", {"plane": planes((256, 63), (4352, 64), (6400, 64))}),
    ("bad-outside", "refuse", "V starts behind the slot", {"plane": planes((256, 64), (4352, 64), (12288, 64))}),
    ("bad-end", "refuse", "V's last row ends a byte behind the slot",
     {"plane": planes((256, 64), (4352, 64), (10273, 64))}),
    ("bad-wrap", "refuse", "offset + size wraps around",
     {"plane": planes((256, 64), (4352, 64), (0xFFFFFFFFFFFFF000, 64))}),
    ("bad-in-header", "refuse", "Y lies over the header", {"plane": planes((64, 64), (4352, 64), (6400, 64))}),
    ("bad-overlap", "refuse", "U lies over the end of Y", {"plane": planes((256, 64), (4288, 64), (6400, 64))}),
    ("bad-sar", "refuse", "sample aspect 1:0", {"sar_den": 0}),
    ("bad-time", "refuse", "time with denominator 0", {"pts_den": 0}),
    ("bad-rotation", "refuse", "four quarter turns", {"rotation": 4}),
    ("short", "refuse", "slot of 128 bytes", lambda b: b[:128])])

# ---- control region: two rings, three slots, one job ----
JOB_AT = 64 + 32 * 32 + 3 * 64
control = make(ipc.Control, magic=ipc.MAGIC_CONTROL, abi_major=1, ring_count=2, bytes=12288, epoch=0xC0FFEE,
               slot_count=3, job_count=1, ring_offset=64, slot_offset=1088, job_offset=JOB_AT)
rings = [make(ipc.Ring, epoch=1, fill_role=1, first_slot=0, slot_count=2, slot_bytes=12288, bytes=24576),
         make(ipc.Ring, epoch=1, fill_role=2, first_slot=2, slot_count=1, slot_bytes=12288, bytes=12288)]
slots = [make(ipc.Slot, word=ipc.slot_word(7, 0, ipc.GRANTED), frame=12, ring=0, stream=4),
         make(ipc.Slot, word=ipc.slot_word(3, 0, ipc.READY), holders=0b11, frame=11, ring=0, stream=4),
         make(ipc.Slot, word=ipc.slot_word(9, 1, ipc.GRANTED), frame=11, ring=1, stream=0xFFFFFFFF)]
job = make(ipc.Job, sequence=40, frame=11, slot=2, generation=9, input_count=1)
job.input[0] = ipc.Input(4, 1, 3, 0)


def region(head=control, ring0=rings[0], ring1=rings[1], slot=slots, job=job, size=12288):
    image = bytearray(size)
    table = {0: head, 64: ring0, 96: ring1, JOB_AT: job} | {1088 + 64 * i: s for i, s in enumerate(slot)}
    for at, record in table.items():
        image[at:at + ctypes.sizeof(record)] = bytes(record)
    return image[:size]


def but(record, **fields):
    return make(lambda: type(record).from_buffer_copy(bytes(record)), **fields)


for name, verdict, why, image in [
    ("ok", "accept", "slot 0 granted, slot 1 held by workers 0 and 1, slot 2 granted with job 0", region()),
    ("newer-minor", "accept", "minor versions only add", region(but(control, abi_minor=3))),
    ("not-ready", "refuse", "magic 0: not written yet", region(but(control, magic=0))),
    ("bad-magic", "refuse", "not a control region", region(but(control, magic=ipc.MAGIC_LEASE))),
    ("bad-major", "refuse", "majors must be equal", region(but(control, abi_major=2))),
    ("bad-bytes", "refuse", "says more bytes than are mapped", region(but(control, bytes=16384))),
    ("bad-rings", "refuse", "33 rings", region(but(control, ring_count=33))),
    ("bad-slots", "refuse", "4097 slots", region(but(control, slot_count=4097))),
    ("bad-slot-offset", "refuse", "slot table outside", region(but(control, slot_offset=12288 - 64))),
    ("bad-job-offset", "refuse", "job table not aligned to 8", region(but(control, job_offset=JOB_AT + 4))),
    ("bad-ring-slots", "refuse", "ring 1 has a slot more than the table", region(ring1=but(rings[1], slot_count=2))),
    ("bad-ring-overlap", "refuse", "slot 1 is in both rings", region(ring1=but(rings[1], first_slot=1))),
    ("bad-slot-bytes", "refuse", "slots of no whole page", region(ring0=but(rings[0], slot_bytes=12000))),
    ("bad-payload", "refuse", "payload smaller than its slots", region(ring0=but(rings[0], bytes=12288))),
    ("short", "refuse", "32 bytes", region(size=12288)[:32]),
]:
    add(f"control-{name}", verdict, why, image)

# ---- lease of worker 0 in a run of three slots ----
lease = make(ipc.Lease, magic=ipc.MAGIC_LEASE, worker=0, slot_count=3, heartbeat=123456789, done_offset=3328,
             released_offset=3340, text_count=1, frames=2, direct_frames=2)
lease.text[0].value = b"clip.mp4: frame 11 is damaged"


def lease_page(head=lease, done=(6, 3, 0), released=(6, 2, 0)):
    image = bytearray(4096)
    image[:3328] = bytes(head)
    image[3328:3340] = bytes((ctypes.c_uint32 * 3)(*done))
    image[3340:3352] = bytes((ctypes.c_uint32 * 3)(*released))
    return image


endless = but(lease)
ctypes.memset(ctypes.addressof(endless) + ipc.Lease.text.offset, 0x78, ipc.TEXT_BYTES)
for name, verdict, why, image in [
    ("ok", "accept", "slot 1 is filled and still used by its filler, slot 0 was let go six times; one text", lease_page()),
    ("bad-magic", "refuse", "not a lease", lease_page(but(lease, magic=0))),
    ("bad-worker", "refuse", "another worker's", lease_page(but(lease, worker=1))),
    ("bad-slots", "refuse", "another number of slots", lease_page(but(lease, slot_count=4))),
    ("bad-done", "refuse", "done[] is not behind the page's head", lease_page(but(lease, done_offset=3392))),
    ("bad-released", "refuse", "released[] is not behind done[]", lease_page(but(lease, released_offset=3344))),
    ("full-text", "accept", "a text without a terminating zero is cut at 512 bytes", lease_page(endless)),
    ("short", "refuse", "3072 bytes", lease_page()[:3072]),
]:
    add(f"lease-{name}", verdict, why, image)


# ---- messages, in the run of control-ok ----
def message(kind, **fields):
    return make(ipc.Message, type=kind, **fields)


slot0 = {"ring_epoch": 1, "slot": 0, "generation": 7}
slot1 = {"ring_epoch": 1, "slot": 1, "generation": 3}
slot2 = {"ring_epoch": 1, "slot": 2, "generation": 9}
done = message(ipc.MSG_DONE, worker=0, frame=12, stream=4, count=1, **slot0)
for name, verdict, why, image in [
    ("grant", "accept", "worker 0 may fill slot 0 for stream 4", message(1, worker=0, frame=12, stream=4, **slot0)),
    ("open", "accept", "record 2 of the plan as stream 4, frames 12 to 299, five slots",
     message(2, worker=0, stream=4, frame=12, count=5, arg=2, arg2=300)),
    ("close", "accept", "stop stream 4", message(3, worker=0, stream=4)),
    ("render", "accept", "job record 0, sequence 40, into slot 2",
     message(4, worker=1, job=0, frame=11, arg=40, stream=0xFFFFFFFF, **slot2)),
    ("encode", "accept", "frame 11 lies in slot 1", message(5, worker=1, frame=11, **slot1)),
    ("finish", "accept", "segment 0 has 300 frames", message(6, worker=1, frame=300, count=300)),
    ("quit", "accept", "end", message(7, worker=0)),
    ("filter", "accept", "read slot 1, write slot 2, by filter record 3 of the plan",
     message(8, worker=1, frame=11, stream=0xFFFFFFFF, job=7, slot2=2, generation2=9, arg=3, **slot1)),
    ("done-filter", "accept", "job 7 is done: slot 2 is filled", message(33, worker=1, frame=11, job=7, count=1, stream=0xFFFFFFFF, **slot2)),
    ("begin", "accept", "a fresh encoder for segment 0, frames 0 to 299", message(9, worker=1, count=300, arg=1)),
    ("ready", "accept", "worker 0 is attached", message(32, worker=0, arg=0xC0FFEE)),
    ("done", "accept", "slot 0 serves frame 12; the decoder does not read it any more", done),
    ("done-held", "accept", "slot 0 serves frames 12 to 16; the decoder's codec still reads it", but(done, count=5, arg=1)),
    ("release", "accept", "worker 0 lets go of one use of slot 1", message(34, worker=0, stream=4, count=1, **slot1)),
    ("end", "accept", "stream 4 ends before frame 300", message(35, worker=0, stream=4, frame=300)),
    ("finished", "accept", "segment 0 is written, 123456 bytes", message(36, worker=1, arg=123456)),
    ("fail", "accept", "stream 4 cannot go on: text 0, exit code 65", message(37, worker=0, stream=4, frame=12, count=65)),
    ("warn", "accept", "text 0 for the user", message(38, worker=0, stream=4, frame=11)),
    ("batch", "accept", "two in one: done and release", bytes(done) + bytes(message(34, worker=0, stream=4, count=1, **slot1))),
    ("unknown-type", "ignore", "to a worker, of a later minor", message(24, worker=0)),
    ("unknown-from-worker", "refuse", "a worker says only what the supervisor's minor knows", message(99, worker=0)),
    ("stale-generation", "ignore", "slot 0 is at generation 7", but(done, generation=6)),
    ("stale-ring", "ignore", "ring 0 is at epoch 1", but(done, ring_epoch=2)),
    ("stale-run", "ignore", "READY of another run", message(32, worker=0, arg=0xBAD)),
    ("not-owner", "ignore", "slot 2 is granted to worker 1", message(33, worker=0, frame=11, count=1, **slot2)),
    ("bad-slot", "refuse", "there are three slots", but(done, slot=3)),
    ("bad-count", "refuse", "a picture that serves no frame", but(done, count=0)),
    ("bad-frame", "refuse", "frame -5", but(done, frame=-5)),
    ("short", "refuse", "63 bytes", bytes(done)[:63]),
    ("uneven", "refuse", "65 bytes: not a multiple of 64", bytes(done) + b"\0"),
]:
    add(f"message-{name}", verdict, why, image)


# ---- files ----
def hex_text(why, image):
    """Lines of `offset: bytes`; zeros are left out; the last line's offset is the size."""
    lines = [f"# {why}"]
    for at in range(0, len(image), 16):
        if any(image[at:at + 16]):
            lines.append(f"{at:08x}: " + image[at:at + 16].hex(" "))
    return "\n".join(lines + [f"{len(image):08x}:"]) + "\n"


files = {f"{name}.hex": hex_text(why, image) for name, _, why, image in vectors}
table = "".join(f"| {name} | {verdict} | {why} |\n" for name, verdict, why, _ in vectors)
files["README.md"] = (here / "README.head.md").read_text() + table

wrong = [n for n, text in files.items() if not (here / n).exists() or (here / n).read_text() != text]
wrong += [p.name for p in here.glob("*.hex") if p.name not in files]
if "--check" in sys.argv:
    print("\n".join(wrong) or f"{len(vectors)} vectors are as generated")
    sys.exit(1 if wrong else 0)
for old in here.glob("*.hex"):
    old.unlink()
for name, text in files.items():
    (here / name).write_text(text)
print(f"{len(vectors)} vectors")
