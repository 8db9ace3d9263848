"""Hands frames from one process to the next through GStreamer's shmsink and shmsrc, for comparison.

gst_peer.py BYTES COUNT prints the same line as pipe_peer.c. Frames are allocated in shmsink's own shared memory, as an
element that asks for its allocator gets them, so GStreamer copies nothing either. Exits 69 where GStreamer is missing.
"""
import ctypes
import json
import os
import sys
import tempfile
import time

PLAYING = 4
CREDIT = 3  # frames on the way while the rate is measured


def library(name, functions):
    lib = ctypes.CDLL(name)
    for function, (result, *arguments) in functions.items():
        getattr(lib, function).restype = result
        getattr(lib, function).argtypes = arguments
    return lib


class GStreamer:
    def __init__(self):
        p, n, i, s = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_char_p
        self.core = library("libgstreamer-1.0.so.0", {
            "gst_init": (None, p, p), "gst_parse_launch": (p, s, p), "gst_bin_get_by_name": (p, p, s),
            "gst_element_set_state": (i, p, i), "gst_element_get_static_pad": (p, p, s), "gst_pad_peer_query": (i, p, p),
            "gst_query_new_allocation": (p, p, i), "gst_query_get_n_allocation_params": (ctypes.c_uint, p),
            "gst_query_parse_nth_allocation_param": (None, p, ctypes.c_uint, p, p), "gst_caps_new_empty_simple": (p, s),
            "gst_allocator_alloc": (p, p, n, p), "gst_buffer_new": (p,), "gst_buffer_append_memory": (None, p, p),
            "gst_buffer_fill": (n, p, n, p, n), "gst_buffer_extract": (n, p, n, p, n), "gst_sample_get_buffer": (p, p),
            "gst_mini_object_unref": (None, p),
        })
        self.app = library("libgstapp-1.0.so.0", {"gst_app_src_push_buffer": (i, p, p), "gst_app_sink_pull_sample": (p, p)})
        self.core.gst_init(None, None)

    def play(self, description, name):
        pipeline = self.core.gst_parse_launch(description.encode(), None)
        if not pipeline:
            sys.exit(69)
        self.core.gst_element_set_state(pipeline, PLAYING)
        return self.core.gst_bin_get_by_name(pipeline, name)

    def allocator_below(self, element):
        """The allocator that the next element offers, for as long as this process lives."""
        pad = self.core.gst_element_get_static_pad(element, b"src")
        query = self.core.gst_query_new_allocation(self.core.gst_caps_new_empty_simple(b"application/octet-stream"), 0)
        if not self.core.gst_pad_peer_query(pad, query) or not self.core.gst_query_get_n_allocation_params(query):
            return None
        allocator = ctypes.c_void_p()
        self.core.gst_query_parse_nth_allocation_param(query, 0, ctypes.byref(allocator), None)
        return allocator


def send(socket, size, count, heard):
    gst = GStreamer()
    source = gst.play(f"appsrc name=end ! shmsink socket-path={socket} shm-size={size * (CREDIT + 3)} "
                      "wait-for-connection=true sync=false", b"end")
    allocator = gst.allocator_below(source)
    if not allocator:
        sys.exit(69)

    def push():
        sent = ctypes.c_uint64(time.clock_gettime_ns(time.CLOCK_MONOTONIC))
        memory = None
        while not memory:  # what was acknowledged may be on its way back still
            memory = gst.core.gst_allocator_alloc(allocator, size, None)
        buffer = gst.core.gst_buffer_new()
        gst.core.gst_buffer_append_memory(buffer, memory)
        gst.core.gst_buffer_fill(buffer, 0, ctypes.byref(sent), 8)
        gst.app.gst_app_src_push_buffer(source, buffer)

    for _ in range(count):
        push()
        os.read(heard, 1)
    for i in range(count):
        if i >= CREDIT:
            os.read(heard, 1)
        push()
    for _ in range(CREDIT):
        os.read(heard, 1)


def receive(socket, count, back):
    gst = GStreamer()
    while not os.path.exists(socket):
        time.sleep(0.01)
    sink = gst.play(f"shmsrc socket-path={socket} ! appsink name=end sync=false", b"end")
    latencies, sent = [], ctypes.c_uint64()
    start = 0
    for i in range(2 * count):
        sample = gst.app.gst_app_sink_pull_sample(sink)
        if not sample:
            sys.exit(1)
        gst.core.gst_buffer_extract(gst.core.gst_sample_get_buffer(sample), 0, ctypes.byref(sent), 8)
        if i < count:
            latencies.append((time.clock_gettime_ns(time.CLOCK_MONOTONIC) - sent.value) / 1000)
        gst.core.gst_mini_object_unref(sample)
        os.write(back, b".")
        if i == count - 1:
            start = time.monotonic()
    seconds = time.monotonic() - start
    latencies.sort()
    print(json.dumps({"p50Microseconds": latencies[count // 2], "p99Microseconds": latencies[count * 99 // 100],
                      "perSecond": count / seconds}), flush=True)


def main():
    size, count = int(sys.argv[1]), int(sys.argv[2])
    heard, back = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        socket = os.path.join(folder, "shm")
        child = os.fork()
        if child == 0:
            receive(socket, count, back)
            os._exit(0)
        send(socket, size, count, heard)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


try:
    main()
except OSError as error:
    print(error, file=sys.stderr)
    sys.exit(69)
