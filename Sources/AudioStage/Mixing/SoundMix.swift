import AVBinding
import AudioEngine
import CSluice
import FrameModel
import Plan
import SluiceBase

/// What the mixes of a renderer share. Owned by one thread.
final class MixContext {
  let plan: SoundPlan
  let opener: SourceOpener
  /// Damage, with the file's name.
  let warn: (SoundDamage) -> Void

  init(_ plan: SoundPlan, opener: SourceOpener, warn: @escaping (SoundDamage) -> Void) {
    self.plan = plan
    self.opener = opener
    self.warn = warn
  }
}

/// Mixes strips through an audio graph, one quantum after another. Nodes come out of the graph's pools when a clip begins and go back when
/// it has rung out; sources are opened and closed with them. Used from one thread.
final class SoundMix {
  private final class Active {
    var nodes = ChainNodes()
    /// What is sent to this strip comes in here.
    var input: any AudioNode
    var provider: FedProvider?
    /// Frame of the graph at which the provider's 0 is heard.
    var start: Int64 = 0
    init(_ input: any AudioNode) { self.input = input }
  }

  let list: StripList
  let graph: AudioGraph
  private let context: MixContext
  private let profiler: RenderProfiler?
  private var active: [Active?]
  private var activeIndices: [Int] = []
  /// Strips by the frame at which they get their nodes.
  private var coming: [Int]
  private var next = 0
  private var master: (any AudioNode)?
  private var compilations = -1

  /// - Parameter masterSpecs: what the sum goes through.
  init(_ context: MixContext, root: StripList.Root, master specs: [NodeSpec] = [], profiler: RenderProfiler? = nil)
    throws(SluiceError)
  {
    self.context = context
    self.profiler = profiler
    let plan = context.plan
    var latency: Int64 = 0
    for spec in specs { latency += spec.latency(plan.sampleRate) }
    list = StripList(plan, root: root, masterLatency: latency)
    var (nodes, delayTime) = list.peakNodes()
    for spec in specs { for (kind, count) in spec.nodes { nodes[kind, default: 0] += count } }
    nodes[.mixer, default: 0] += 1
    graph = try AudioGraph(
      AudioGraph.Configuration(
        sampleRate: Double(plan.sampleRate), channels: plan.channels, maximumChannels: 6, buffers: 32, nodes: nodes,
        maximumDelayTime: min(600, max(0.01, delayTime)), delayChannels: max(2, plan.channels)))
    active = Array(repeating: nil, count: list.strips.count)
    let lives = list.lives
    coming = list.strips.indices.sorted { (lives[$0].lowerBound, $0) < (lives[$1].lowerBound, $1) }
    if !specs.isEmpty {
      var chain = ChainNodes()
      let sum = try graph.makeMixer()
      try sum.setChannels(plan.channels, .explicit)
      var last: any AudioNode = sum
      for spec in specs { last = try chain.append(spec, to: last, in: graph, rate: plan.sampleRate, shift: 0) }
      try graph.connect(last, graph.destination)
      master = sum
    }
  }

  deinit { for index in activeIndices { active[index]?.provider?.close() } }

  /// Renders the next quantum and lends it. Its frame stands `list.lead` frames behind the output's.
  func render<R>(_ body: (RenderedQuantum) -> R) throws(SluiceError) -> R {
    let frame = graph.currentFrame
    let end = frame + Int64(Quantum.frames)
    try change(from: frame, to: end)
    for index in activeIndices {
      guard let strip = active[index], let provider = strip.provider, end > strip.start else { continue }
      try provider.ensure(min(end, stop(index)) - strip.start)
      if let damage = provider.takeDamage() { context.warn(damage) }
    }
    try graph.prepare()
    guard let profiler else { return try graph.renderQuantum(body) }
    if compilations != graph.compilations {
      compilations = graph.compilations
      profiler.setPoolPressure(graph.poolPressure)
    }
    profiler.begin()
    let began = sluice_now_ns()
    let result = try graph.renderQuantum(body)
    profiler.end(nanoseconds: sluice_now_ns() - began)
    return result
  }

  /// Frame of the graph from which a strip's source is silent.
  private func stop(_ index: Int) -> Int64 {
    let strip = list.strips[index]
    // A chain of libavfilter may ring on by itself.
    if case .filtered = strip.input { return strip.end + strip.tail + list.shift(lag: strip.lagIn) }
    return strip.end + list.shift(lag: strip.lagIn)
  }

  private func change(from frame: Int64, to end: Int64) throws(SluiceError) {
    var hasEnded = false
    // What a strip sends to comes before it.
    for position in activeIndices.indices.reversed() where list.lives[activeIndices[position]].upperBound <= frame {
      let index = activeIndices[position]
      active[index]?.nodes.release(graph)
      active[index]?.provider?.close()
      active[index] = nil
      hasEnded = true
    }
    if hasEnded { activeIndices.removeAll { active[$0] == nil } }
    while next < coming.count, list.lives[coming[next]].lowerBound < end {
      try begin(coming[next])
      next += 1
    }
  }

  private func begin(_ index: Int) throws(SluiceError) {
    let strip = list.strips[index]
    let rate = context.plan.sampleRate
    let target = strip.parent.flatMap { active[$0]?.input } ?? master ?? graph.destination
    var nodes = ChainNodes()
    var provider: FedProvider?
    var last: any AudioNode
    switch strip.input {
    case .mix:
      // A track that does nothing is what it is part of.
      if strip.specs.isEmpty {
        keep(Active(target), at: index)
        return
      }
      let sum = try nodes.add(graph.makeMixer())
      // What effects keep has as many channels as there are, whatever comes and goes.
      if strip.keepsSound { try sum.setChannels(context.plan.channels, .explicit) }
      last = sum
    case .source(let clip):
      let clip = try ClipProvider(context.plan.clips[clip], rate: rate, opener: context.opener)
      last = try play(clip, strip: index, &nodes)
      provider = clip
    case .filtered(let part):
      let filtered = try FilteredProvider(part, context)
      last = try play(filtered, strip: index, &nodes)
      provider = filtered
    }
    let begun = Active(last)
    for (spec, behind) in strip.specs {
      last = try nodes.append(spec, to: last, in: graph, rate: rate, shift: list.shift(lag: strip.lagOut + behind))
    }
    try graph.connect(last, target)
    (begun.nodes, begun.provider, begun.start) = (nodes, provider, strip.first + list.shift(lag: strip.lagIn))
    keep(begun, at: index)
  }

  private func play(_ provider: FedProvider, strip index: Int, _ nodes: inout ChainNodes) throws(SluiceError) -> SourceNode {
    let source = try nodes.add(graph.makeSource(provider))
    source.start(list.strips[index].first + list.shift(lag: list.strips[index].lagIn))
    source.stop(stop(index))
    return source
  }

  private func keep(_ strip: Active, at index: Int) {
    active[index] = strip
    let place = activeIndices.firstIndex { $0 > index } ?? activeIndices.count
    activeIndices.insert(index, at: place)
  }
}
