"""Tiny files that claim 65,000 x 65,000 pixels: python3 huge.py FOLDER, which has a small.jpg."""

import os, struct, sys, zlib

SIDE = 65000
folder = sys.argv[1]


def write(name, data):
    with open(os.path.join(folder, "huge." + name), "wb") as file:
        file.write(data)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def box(kind, *parts):
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def ebml(kind, *parts):
    data = b"".join(parts)
    return kind + struct.pack(">Q", len(data) | 1 << 56) + data


write("png", b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0))
      + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b""))

write("bmp", b"BM" + struct.pack("<IHHI", 1078, 0, 0, 54)
      + struct.pack("<IiiHHIIiiII", 40, SIDE, SIDE, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(1024))

write("gif", b"GIF89a" + struct.pack("<HHBBB", SIDE, SIDE, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff,"
      + struct.pack("<HHHHB", 0, 0, SIDE, SIDE, 0) + b"\x02\x02\x44\x01\0;")

tags = [(256, 4, SIDE), (257, 4, SIDE), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 200), (277, 3, 1), (278, 4, SIDE),
        (279, 4, 1000)]
write("tiff", (b"II*\0" + struct.pack("<IH", 8, len(tags)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in tags)
               + bytes(4)).ljust(200, b"\0") + bytes(1000))

size = struct.pack("<I", SIDE - 1)[:3]
picture = b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(65)
body = (b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + size + size + b"VP8L" + struct.pack("<I", len(picture)) + picture)
write("webp", b"RIFF" + struct.pack("<I", len(body)) + body)

with open(os.path.join(folder, "small.jpg"), "rb") as file:
    jpeg = file.read()
at = jpeg.index(b"\xff\xc0") + 5
write("jpg", jpeg[:at] + struct.pack(">HH", SIDE, SIDE) + jpeg[at + 4:])


class Bits:
    """H.264's bits and Exp-Golomb numbers."""

    def __init__(self):
        self.text = ""

    def u(self, count, value):
        self.text += format(value, "b").zfill(count)
        return self

    def ue(self, value):
        code = format(value + 1, "b")
        self.text += "0" * (len(code) - 1) + code
        return self

    def bytes(self):
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")


def parameter_sets():
    macroblocks = (SIDE + 15) // 16
    crop = macroblocks * 16 - SIDE
    sps = Bits().u(8, 66).u(8, 0xc0).u(8, 51).ue(0).ue(0).ue(2).ue(1).u(1, 0).ue(macroblocks - 1).ue(macroblocks - 1)
    sps.u(1, 1).u(1, 1).u(1, 1).ue(0).ue(crop // 2).ue(0).ue(crop // 2).u(1, 0)
    pps = Bits().ue(0).ue(0).u(1, 0).u(1, 0).ue(0).ue(0).ue(0).u(1, 0).u(2, 0).ue(0).ue(0).ue(0).u(1, 0).u(1, 0).u(1, 0)

    def escaped(data):  # emulation prevention
        out = bytearray()
        for byte in data:
            if len(out) >= 2 and out[-1] == 0 and out[-2] == 0 and byte <= 3:
                out.append(3)
            out.append(byte)
        return bytes(out)

    return escaped(b"\x67" + sps.bytes()), escaped(b"\x68" + pps.bytes())


sps, pps = parameter_sets()
avcc = b"\x01" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps + b"\x01" + struct.pack(">H", len(pps)) + pps
sample = struct.pack(">I", 32) + b"\x65" + b"\x88\x80" + bytes(29)

# The boxes say 65,000 too.
entry = box(b"avc1", bytes(6), struct.pack(">H", 1), bytes(16), struct.pack(">HH", SIDE, SIDE), struct.pack(">II", 72 << 16, 72 << 16),
            bytes(4), struct.pack(">H", 1), bytes(32), struct.pack(">Hh", 24, -1), box(b"avcC", avcc))


def full(kind, *parts):
    return box(kind, bytes(4), *parts)


def film(offset):
    table = box(b"stbl", full(b"stsd", struct.pack(">I", 1), entry), full(b"stts", struct.pack(">III", 1, 1, 1000)),
                full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)), full(b"stsz", struct.pack(">III", 0, 1, len(sample))),
                full(b"stco", struct.pack(">II", 1, offset)))
    info = box(b"minf", full(b"vmhd", bytes(8)), box(b"dinf", full(b"dref", struct.pack(">I", 1), box(b"url ", b"\0\0\0\1"))), table)
    media = box(b"mdia", full(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, 1000, 0, 0)),
                full(b"hdlr", bytes(4), b"vide", bytes(13)), info)
    matrix = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    track = box(b"trak", box(b"tkhd", b"\0\0\0\3", struct.pack(">IIIII", 0, 0, 1, 0, 1000), bytes(16), matrix,
                             struct.pack(">II", 65000 << 16 & 0xffffffff, 65000 << 16 & 0xffffffff)), media)
    header = full(b"mvhd", struct.pack(">IIII", 0, 0, 1000, 1000), struct.pack(">IH", 1 << 16, 256), bytes(10), matrix, bytes(24),
                  struct.pack(">I", 2))
    return box(b"moov", header, track)


head = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomavc1")
offset = len(head) + len(film(0)) + 8
write("mp4", head + film(offset) + box(b"mdat", sample))

# Elementary stream: only the parameter set says it.
write("h264", b"".join(b"\0\0\0\1" + unit for unit in (sps, pps, b"\x65\x88\x80" + bytes(29))) * 3)

track = ebml(b"\xae", ebml(b"\xd7", b"\1"), ebml(b"\x73\xc5", b"\1"), ebml(b"\x83", b"\1"), ebml(b"\x86", b"V_MPEG4/ISO/AVC"),
             ebml(b"\x63\xa2", avcc), ebml(b"\xe0", ebml(b"\xb0", struct.pack(">I", SIDE)), ebml(b"\xba", struct.pack(">I", SIDE))))
cluster = ebml(b"\x1f\x43\xb6\x75", ebml(b"\xe7", b"\0"), ebml(b"\xa3", b"\x81\0\0\x80" + sample))
write("mkv", ebml(b"\x1a\x45\xdf\xa3", ebml(b"\x42\x82", b"matroska"), ebml(b"\x42\x87", b"\4"), ebml(b"\x42\x85", b"\2"))
      + ebml(b"\x18\x53\x80\x67", ebml(b"\x15\x49\xa9\x66", ebml(b"\x2a\xd7\xb1", struct.pack(">I", 1000000))),
             ebml(b"\x16\x54\xae\x6b", track), cluster))
