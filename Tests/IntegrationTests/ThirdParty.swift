import Foundation

/// Other people's workers, as a test needs them: our own programs attached by themselves, and a Python worker that misbehaves.
enum ThirdParty {
  static let examples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../ipc-schema/examples").standardizedFileURL.path

  /// One of our worker programs, started by nobody's supervisor: it attaches with token 0.
  static func own(_ program: String, to socket: String, in box: Sandbox) throws -> Spawned {
    try Spawned(
      Sandbox.programs + "/" + program, [], environment: box.environment.merging(["SLUICE_SOCKET": socket]) { $1 },
      directory: box.directory)
  }

  /// What the Python worker does wrong; see `script`.
  enum Fault: String, CaseIterable {
    /// An encoder that says it is done and has written nothing, or something else.
    case emptySegment, wrongSegment
    case silent, unready, future, flood, lie, outOfRange, unknownType, uneven, noHeader, fail, die, hangUp, chatter
  }

  static func faulty(_ fault: Fault, role: String = "renderer", to socket: String, in box: Sandbox) throws -> Spawned {
    let path = try box.write("faulty.py", script)
    return try Spawned(
      "/usr/bin/python3", [path, examples, socket, role, fault.rawValue], environment: box.environment, directory: box.directory)
  }

  /// A peer of the bus, known to nobody, that sends one message of parts without end, as raw ZMTP 3.0: 3 GiB.
  static func endless(to socket: String, in box: Sandbox) throws -> Spawned {
    let path = try box.write("endless.py", endlessScript)
    let bus = socket.replacingOccurrences(of: "/attach", with: "/bus")
    return try Spawned("/usr/bin/python3", [path, bus], environment: box.environment, directory: box.directory)
  }

  private static let endlessScript = """
    import socket, struct, sys, time
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(sys.argv[1])
    peer.sendall(b"\\xff" + bytes(8) + b"\\x7f\\x03\\x00NULL" + bytes(16) + bytes(32))
    peer.recv(64)
    field = lambda name, value: bytes([len(name)]) + name + struct.pack(">I", len(value)) + value
    ready = b"\\x05READY" + field(b"Socket-Type", b"DEALER") + field(b"Identity", b"W" + struct.pack("<I", 77))
    peer.sendall(b"\\x04" + bytes([len(ready)]) + ready)
    time.sleep(0.3)
    part = b"\\x03" + struct.pack(">Q", 1 << 20) + b"A" * (1 << 20)
    try:
        for _ in range(3 << 10):
            peer.sendall(part)
    except OSError:
        print("cut off")
    """

  private static let script = """
    import os, signal, socket, sys, time
    sys.dont_write_bytecode = True
    sys.path.insert(0, sys.argv[1])
    import ctypes, zmq
    import sluice_ipc as ipc

    _, _, path, role, fault = sys.argv
    role = {"decoder": 1, "renderer": 2, "encoder": 3}[role]
    link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    link.connect(path)
    if fault == "silent":
        link.recv(1)
        sys.exit(0)
    link.send(bytes(ipc.Hello(ipc.MAGIC_HELLO, ipc.ABI_MAJOR, ipc.ABI_MINOR, role, 1, 0, 0)))
    welcome, _ = ipc.receive(link, ipc.Welcome)
    if welcome.status:
        sys.exit(f"refused {welcome.status}")
    rings = {}
    for _ in range(welcome.region_count):
        region, fd = ipc.receive(link, ipc.Region)
        memory = ipc.map_region(fd, region.bytes, region.writable)
        if region.kind == ipc.REGION_CONTROL:
            control = ipc.Control.from_buffer_copy(memory[:64])
        elif region.kind == ipc.REGION_LEASE:
            lease_memory = memory
        os.close(fd)
    lease = ipc.Lease.from_buffer(lease_memory)
    count = control.slot_count
    done = (ctypes.c_uint32 * count).from_buffer(lease_memory, ctypes.sizeof(ipc.Lease))
    released = (ctypes.c_uint32 * count).from_buffer(lease_memory, ctypes.sizeof(ipc.Lease) + 4 * count)
    lease.worker, lease.slot_count = welcome.worker, count
    lease.done_offset, lease.released_offset = ctypes.sizeof(ipc.Lease), ctypes.sizeof(ipc.Lease) + 4 * count
    lease.heartbeat = time.monotonic_ns()
    lease.magic = ipc.MAGIC_LEASE
    if fault == "unready":
        while True:
            lease.heartbeat = time.monotonic_ns()
            time.sleep(0.1)
    bus = zmq.Context().socket(zmq.DEALER)
    bus.set(zmq.ROUTING_ID, ipc.routing_id(welcome.worker))
    bus.set(zmq.LINGER, 0)
    bus.connect(welcome.endpoint.decode())
    post = lambda **fields: bus.send(bytes(ipc.Message(worker=welcome.worker, ring_epoch=1, **fields)))
    post(type=ipc.MSG_READY, arg=welcome.epoch)
    if fault == "future":
        lease.heartbeat = 2**64 - 1
    elif fault == "flood":
        while True:
            bus.send(bytes(ipc.Message(type=ipc.MSG_DONE, slot=0)) * 256)
            lease.heartbeat = time.monotonic_ns()
    elif fault == "outOfRange":
        post(type=ipc.MSG_RELEASE, slot=2**32 - 2, generation=1)
        post(type=ipc.MSG_DONE, slot=2**31, generation=1, job=2**31)
    elif fault == "unknownType":
        post(type=200)
    elif fault == "uneven":
        bus.send(b"x" * 63)
    elif fault == "hangUp":
        link.close()
    elif fault == "chatter":
        while True:
            number = lease.text_count
            lease.text[number % ipc.TEXT_COUNT].value = b"listen to me"
            lease.text_count = number + 1
            post(type=ipc.MSG_WARN, arg=number)
            lease.heartbeat = time.monotonic_ns()
            time.sleep(0.001)
    while True:
        if fault != "future":
            lease.heartbeat = time.monotonic_ns()
        if not bus.poll(200):
            continue
        data = bus.recv()
        for at in range(0, len(data), 64):
            m = ipc.Message.from_buffer_copy(data, at)
            if m.type == ipc.MSG_QUIT:
                sys.exit(0)
            if m.type == ipc.MSG_ENCODE:
                released[m.slot] += 1
                post(type=ipc.MSG_RELEASE, slot=m.slot, generation=m.generation, frame=m.frame, count=1)
            if m.type == ipc.MSG_FINISH:
                region, fd = ipc.receive(link, ipc.Region)
                if fault == "wrongSegment":
                    os.write(fd, b"no segment" * 1000)
                post(type=ipc.MSG_FINISHED, job=m.job, arg=10000)
            if m.type != ipc.MSG_RENDER:
                continue
            if fault == "lie":  # nothing in the lease
                post(type=ipc.MSG_DONE, slot=m.slot, generation=m.generation, job=m.job, arg=m.arg, frame=m.frame)
            elif fault == "noHeader":
                done[m.slot] = m.generation
                post(type=ipc.MSG_DONE, slot=m.slot, generation=m.generation, job=m.job, arg=m.arg, frame=m.frame)
            elif fault == "fail":
                lease.text[0].value = b"cannot do this"
                lease.text_count = 1
                post(type=ipc.MSG_FAIL, frame=m.frame, arg=0, count=65)
            elif fault == "die":
                os.kill(os.getpid(), signal.SIGKILL)
    """
}
