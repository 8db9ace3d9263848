// swift-tools-version: 6.0
// Targets are layers: a target may import only what stands above it in this list.
import PackageDescription

let strict: [SwiftSetting] = [.unsafeFlags(["-warnings-as-errors"])]

func library(_ name: String, path: String? = nil, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}
func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "sluice",
  products: [
    .executable(name: "sluice", targets: ["sluice"]),
    .executable(name: "sluice-decoder", targets: ["sluice-decoder"]),
    .executable(name: "sluice-renderer", targets: ["sluice-renderer"]),
    .executable(name: "sluice-encoder", targets: ["sluice-encoder"]),
    .executable(name: "sluice-audio", targets: ["sluice-audio"]),
  ],
  targets: [
    // System libraries: a module map and a shim each.
    .systemLibrary(name: "CAVUtil", pkgConfig: "libavutil", providers: [.apt(["libavutil-dev"])]),
    .systemLibrary(name: "CAVCodec", pkgConfig: "libavcodec", providers: [.apt(["libavcodec-dev"])]),
    .systemLibrary(name: "CAVFormat", pkgConfig: "libavformat", providers: [.apt(["libavformat-dev"])]),
    .systemLibrary(name: "CAVFilter", pkgConfig: "libavfilter", providers: [.apt(["libavfilter-dev"])]),
    .systemLibrary(name: "CSWScale", pkgConfig: "libswscale", providers: [.apt(["libswscale-dev"])]),
    .systemLibrary(name: "CSWResample", pkgConfig: "libswresample", providers: [.apt(["libswresample-dev"])]),
    .systemLibrary(name: "CRubberband", pkgConfig: "rubberband", providers: [.apt(["librubberband-dev"])]),
    .systemLibrary(name: "CEBUR128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
    .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
    .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
    .systemLibrary(name: "CZimg", pkgConfig: "zimg", providers: [.apt(["libzimg-dev"])]),
    .systemLibrary(name: "CPango", pkgConfig: "pangocairo", providers: [.apt(["libpango1.0-dev"])]),
    .systemLibrary(name: "CMD", pkgConfig: "libmd", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CXXHash", pkgConfig: "libxxhash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CLibass", pkgConfig: "libass", providers: [.apt(["libass-dev"])]),

    // The layout of ipc-schema/: headers alone.
    .systemLibrary(name: "CSchema"),
    // Our own C: system-call shims, atomics, kernels.
    .target(name: "CSluice", dependencies: ["CSchema"]),
    // Hooks malloc in the programs that link it: tests, benchmarks, the audio worker.
    .target(name: "CAllocationCounter"),
    // Ends workers whose allocations meet their memory limit.
    .target(name: "CShortMemory"),

    // Values alone: these do no I/O, and what depends on them only does none.
    library("SluiceBase"),
    library("FrameModel", ["CSchema", "SluiceBase"]),
    library("Plan", ["CSchema", "SluiceBase", "FrameModel"]),
    // Who holds which slot, and who fills it.
    library("SlotLedger"),
    // Who does what next, and how much memory that takes.
    library("Scheduling", ["CSchema", "SluiceBase", "FrameModel", "SlotLedger", "Plan"]),
    // System calls, threads, files.
    library("SystemBase", ["CSluice", "SluiceBase"]),
    // Optimised in debug builds too: samples are computed in Swift, a hundred times slower without.
    .target(
      name: "AudioEngine", dependencies: ["SluiceBase", "SystemBase", "FrameModel"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    library("SharedRing", ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "SlotLedger"]),
    library("ControlBus", ["CSluice", "SluiceBase", "SystemBase", "CZeroMQ"]),
    library("Timeline", ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "Plan"]),
    library("TextDrawing", ["SluiceBase", "FrameModel", "CPango", "CLibass"]),
    library(
      "AVBinding",
      [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "TextDrawing", "CAVUtil", "CAVCodec", "CAVFormat", "CAVFilter",
        "CSWScale", "CSWResample",
      ]),
    library(
      "DecodeStage",
      ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "TextDrawing", "AVBinding"]),
    library("Compositing", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "Plan"]),
    library("CPUCompositing", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "Plan", "Compositing", "CZimg"]),
    .target(
      name: "AudioStage",
      dependencies: [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "Plan", "AudioEngine", "AVBinding",
        "CRubberband", "CEBUR128",
      ], swiftSettings: strict + [.unsafeFlags(["-O"])]),
    library("EncodeStage", ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "AVBinding"]),
    library(
      "WorkerRuntime",
      ["CSluice", "CSeccomp", "SluiceBase", "SystemBase", "FrameModel", "SlotLedger", "SharedRing", "ControlBus"]),
    // What was made once and is kept.
    library("ContentStore", ["CSluice", "SluiceBase", "SystemBase", "CMD", "CXXHash"]),
    library(
      "Supervisor",
      [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SlotLedger", "SharedRing", "ControlBus", "Plan", "Scheduling",
        "Timeline",
        "ContentStore",
      ]),

    library(
      "CommandInterface", ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "Plan", "Timeline", "Supervisor"]),

    // What each worker program does. One target a role, so that none links the libraries of another.
    library(
      "DecodeWorkers", path: "Sources/Workers/Decoder",
      [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "ControlBus", "Plan", "TextDrawing",
        "AVBinding", "DecodeStage", "Compositing", "CPUCompositing", "WorkerRuntime", "CAVCodec", "CAVFilter", "CAVFormat",
        "CSWScale",
      ]),
    library(
      "RenderWorkers", path: "Sources/Workers/Renderer",
      [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "ControlBus", "Plan", "Compositing", "WorkerRuntime",
      ]),
    library(
      "EncodeWorkers", path: "Sources/Workers/Encoder",
      [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "ControlBus", "Plan", "EncodeStage",
        "WorkerRuntime", "CAVCodec", "CAVFormat",
      ]),
    library(
      "AudioWorkers", path: "Sources/Workers/Audio",
      [
        "CSluice", "CAllocationCounter", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "ControlBus", "Plan",
        "AudioEngine", "AudioStage", "WorkerRuntime", "CAVCodec", "CAVFilter", "CAVFormat", "CSWResample",
      ]),

    program(
      "sluice",
      ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "Plan", "Timeline", "ContentStore", "Supervisor", "CommandInterface"]),
    program("sluice-decoder", ["SystemBase", "DecodeWorkers", "CShortMemory"]),
    program("sluice-renderer", ["SystemBase", "CPUCompositing", "RenderWorkers", "WorkerRuntime", "CShortMemory"]),
    program("sluice-encoder", ["SystemBase", "EncodeWorkers", "CShortMemory"]),
    program("sluice-audio", ["SystemBase", "AudioWorkers", "CShortMemory"]),

    // What tests of several targets share.
    .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
    // Random projects for tests of what plans and runs them.
    .target(
      name: "TimelineTestKit", dependencies: ["TestKit", "SluiceBase", "FrameModel", "Plan", "Timeline"],
      path: "Tests/TimelineTestKit", swiftSettings: strict),
    // Slots with pictures, and references in floating point, for the tests of compositors.
    .target(
      name: "CompositingTestKit",
      dependencies: ["SluiceBase", "SystemBase", "FrameModel", "Plan", "SharedRing", "Compositing"],
      path: "Tests/CompositingTestKit", swiftSettings: strict),
    .testTarget(name: "SluiceBaseTests", dependencies: ["SluiceBase", "TestKit"], swiftSettings: strict),
    .testTarget(name: "FrameModelTests", dependencies: ["FrameModel"], swiftSettings: strict),
    .testTarget(
      name: "CompositingTests",
      dependencies: [
        "SluiceBase", "FrameModel", "Plan", "SharedRing", "Compositing", "CPUCompositing", "CompositingTestKit",
      ], swiftSettings: strict),
    .testTarget(
      name: "CPUCompositingTests",
      dependencies: [
        "CSluice", "FrameModel", "SharedRing", "Plan", "Compositing", "CPUCompositing", "CompositingTestKit",
      ], swiftSettings: strict),

    .testTarget(
      name: "RenderWorkersTests",
      dependencies: [
        "SluiceBase", "SystemBase", "SharedRing", "ControlBus", "Compositing", "CompositingTestKit", "RenderWorkers", "Plan",
      ], swiftSettings: strict),
    .testTarget(
      name: "AudioEngineTests", dependencies: ["CAllocationCounter", "SluiceBase", "SystemBase", "FrameModel", "AudioEngine"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "AudioStageTests",
      dependencies: ["SluiceBase", "FrameModel", "Plan", "AudioEngine", "AudioStage"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "CommandInterfaceTests",
      dependencies: [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "Timeline", "Supervisor", "CommandInterface",
        "sluice",
      ]),
    .testTarget(
      name: "TimelineTests", dependencies: ["TestKit", "CSluice", "SluiceBase", "SystemBase", "FrameModel", "Plan", "Timeline"],
      swiftSettings: strict),
    .testTarget(name: "IPCSchemaTests", dependencies: ["CSluice", "CSchema", "FrameModel"], swiftSettings: strict),
    .testTarget(
      name: "DecodeStageTests",
      dependencies: [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "TextDrawing", "AVBinding",
        "DecodeStage",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "EncodeStageTests",
      dependencies: ["CSluice", "SluiceBase", "SystemBase", "FrameModel", "SharedRing", "AVBinding", "EncodeStage"]),
    .testTarget(
      name: "SchedulingTests",
      dependencies: [
        "TestKit", "TimelineTestKit", "CSchema", "SluiceBase", "FrameModel", "SlotLedger", "Plan", "Scheduling", "Timeline",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "SupervisorTests",
      dependencies: [
        "TestKit", "TimelineTestKit", "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SlotLedger", "SharedRing",
        "ControlBus", "Plan",
        "Scheduling",
        "Timeline",
        "ContentStore", "Supervisor",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ContentStoreTests", dependencies: ["TestKit", "CSluice", "SluiceBase", "SystemBase", "ContentStore"],
      swiftSettings: strict),
    .testTarget(
      name: "SharedRingTests",
      dependencies: ["TestKit", "CSluice", "SluiceBase", "SystemBase", "FrameModel", "SlotLedger", "SharedRing"],
      swiftSettings: strict),
    .testTarget(
      name: "ControlBusTests", dependencies: ["CSluice", "SluiceBase", "SystemBase", "CZeroMQ", "ControlBus"],
      swiftSettings: strict),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "CSluice", "SluiceBase", "SystemBase", "FrameModel", "Timeline", "ContentStore", "Supervisor", "sluice",
        "sluice-decoder", "sluice-renderer", "sluice-encoder",
        "sluice-audio",
      ],
      exclude: ["Reference", "Containment/attempts.c", "Containment/huge.py"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
