// swift-tools-version: 6.0
// Targets are layers: a target may import only what stands above it in this list.
import PackageDescription

let strict: [SwiftSetting] = [.unsafeFlags(["-warnings-as-errors"])]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
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

    // Our own C: system-call shims, atomics, and the layout of ipc-schema/.
    .target(name: "CSluice"),
    // Hooks malloc in the programs that link it: tests, benchmarks, the audio worker.
    .target(name: "CAllocationCounter"),
    // Ends workers whose allocations meet their memory limit.
    .target(name: "CShortMemory"),

    library("SluiceBase", ["CSluice"]),
    library("FrameModel", ["CSluice", "SluiceBase"]),
    // Optimised in debug builds too: samples are computed in Swift, a hundred times slower without.
    .target(
      name: "AudioEngine", dependencies: ["SluiceBase", "FrameModel"], swiftSettings: strict + [.unsafeFlags(["-O"])]),
    library("SharedRing", ["CSluice", "SluiceBase", "FrameModel"]),
    library("ControlBus", ["CSluice", "SluiceBase", "CZeroMQ"]),
    library("Timeline", ["CSluice", "SluiceBase", "FrameModel"]),
    library("TextDrawing", ["SluiceBase", "FrameModel", "CPango", "CLibass"]),
    library(
      "AVBinding",
      [
        "CSluice", "SluiceBase", "FrameModel", "TextDrawing", "CAVUtil", "CAVCodec", "CAVFormat", "CAVFilter", "CSWScale",
        "CSWResample",
      ]),
    library("DecodeStage", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "TextDrawing", "AVBinding"]),
    library("RenderStage", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "Timeline", "CZimg"]),
    .target(
      name: "AudioStage",
      dependencies: [
        "CSluice", "SluiceBase", "FrameModel", "SharedRing", "Timeline", "AudioEngine", "AVBinding", "CRubberband", "CEBUR128",
      ], swiftSettings: strict + [.unsafeFlags(["-O"])]),
    library("EncodeStage", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "AVBinding"]),
    library("WorkerRuntime", ["CSluice", "CSeccomp", "SluiceBase", "FrameModel", "SharedRing", "ControlBus"]),
    library(
      "Supervisor", ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "CMD", "CXXHash"]),

    library("CommandInterface", ["CSluice", "SluiceBase", "FrameModel", "Timeline", "Supervisor"]),

    program("sluice", ["CSluice", "SluiceBase", "FrameModel", "Timeline", "Supervisor", "CommandInterface"]),
    program(
      "sluice-decoder",
      [
        "CSluice", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "TextDrawing", "AVBinding",
        "DecodeStage", "RenderStage", "WorkerRuntime", "CShortMemory",
      ]),
    program(
      "sluice-renderer",
      [
        "CSluice", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "RenderStage", "WorkerRuntime",
        "CShortMemory",
      ]),
    program(
      "sluice-encoder",
      [
        "CSluice", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "AVBinding", "EncodeStage",
        "WorkerRuntime", "CShortMemory",
      ]),
    program(
      "sluice-audio",
      [
        "CSluice", "CAllocationCounter", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "AudioEngine",
        "AVBinding", "AudioStage", "WorkerRuntime", "CAVCodec", "CAVFilter", "CAVFormat", "CSWResample",
        "CShortMemory",
      ]),
    .testTarget(
      name: "RenderStageTests", dependencies: ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "Timeline", "RenderStage"]),

    .testTarget(
      name: "AudioEngineTests", dependencies: ["CAllocationCounter", "SluiceBase", "FrameModel", "AudioEngine"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "AudioStageTests",
      dependencies: ["SluiceBase", "FrameModel", "Timeline", "AudioEngine", "AVBinding", "AudioStage"],
      swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "CommandInterfaceTests",
      dependencies: ["CSluice", "SluiceBase", "FrameModel", "Timeline", "Supervisor", "CommandInterface", "sluice"]),
    .testTarget(name: "TimelineTests", dependencies: ["CSluice", "SluiceBase", "FrameModel", "Timeline"], swiftSettings: strict),
    .testTarget(name: "IPCSchemaTests", dependencies: ["CSluice", "FrameModel"], swiftSettings: strict),
    .testTarget(
      name: "DecodeStageTests",
      dependencies: ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "TextDrawing", "AVBinding", "DecodeStage"],
      swiftSettings: strict),
    .testTarget(name: "EncodeStageTests", dependencies: ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "EncodeStage"]),
    .testTarget(
      name: "SupervisorTests",
      dependencies: ["CSluice", "SluiceBase", "FrameModel", "SharedRing", "ControlBus", "Timeline", "Supervisor"],
      swiftSettings: strict),
    .testTarget(
      name: "SharedRingTests", dependencies: ["CSluice", "SluiceBase", "FrameModel", "SharedRing"], swiftSettings: strict),
    .testTarget(
      name: "ControlBusTests", dependencies: ["CSluice", "SluiceBase", "CZeroMQ", "ControlBus"], swiftSettings: strict),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "CSluice", "SluiceBase", "FrameModel", "sluice", "sluice-decoder", "sluice-renderer", "sluice-encoder", "sluice-audio",
      ],
      exclude: ["Reference", "Containment/attempts.c", "Containment/huge.py"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
