// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import Planning
import Reconciler
import Simulation
import Simulator
import SpecReading
import Synchronization
import Wings

/// The time that a run takes to bring all nodes up, by the machines' own clock: ten thousand, two minutes each.
enum BootBench {
  private static let nodes = 10_000
  private static let bootSeconds = 120

  /// Moments of the run, in seconds of the simulation.
  fileprivate struct Times: Sendable {
    var first: Double?
    var last = 0.0
    var ready = 0
    var verdict: AdminMachine.Verdict?
  }

  static func run() throws {
    let clock = ContinuousClock()
    let began = clock.now
    let bytes = SyntheticSpec.text(nodes: nodes, limits: "power: { at_once: 64, boots: \(nodes) }\n")
    let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)
    guard let cluster = reading.cluster else {
      throw Unexpected(what: reading.diagnostics.first.map { "\($0.detail)" } ?? "no cluster")
    }
    let specification = Specification(
      bytes: bytes, cluster: cluster, files: SiteFiles(), diagnostics: reading.diagnostics)
    let description = Description(specification, cluster, .asked(by: cluster, SiteFiles()))
    let loop = EventLoop(seed: 1)
    let site = VirtualSite(FakeWorld(cluster), in: loop, seed: 1, bootSeconds: bootSeconds)
    let admin = AdminMachine("admin", of: site, history: MemoryHistory(), random: SplitMix(seed: 1))
    let times = Mutex(Times())
    _ = admin.apply(description) { event in
      let now = loop.now / .seconds(1)
      times.withLock { $0.note(event, at: now) }
    } whenOver: { verdict in
      times.withLock { $0.verdict = verdict }
    }
    _ = loop.run(atMost: 100_000_000) { times.withLock { $0.verdict != nil } }
    let found = times.withLock { $0 }
    guard let first = found.first, try found.verdict?.get().isConverged == true, found.ready == nodes else {
      throw Unexpected(what: "all nodes ready, and not \(found.ready) of them: \(String(describing: found.verdict))")
    }
    let minutes = (found.last - first) / 60
    Measuring.bar(
      "\(nodes) nodes that boot for \(bootSeconds) s, all at once", "\(Measuring.rounded(minutes)) min",
      reach: "10 min", met: minutes < 10)
    print(
      "        the run in all: \(Measuring.rounded(loop.now / .seconds(60))) min, played through in "
        + Measuring.milliseconds(clock.now - began))
  }
}

extension BootBench.Times {
  fileprivate mutating func note(_ event: RunEvent, at now: Double) {
    switch event {
    case .started(let step) where step.resource == NodesKind.id: first = first ?? now
    case .finished(let report) where report.step.text.hasPrefix(NodesKind.name) && report.succeeded:
      ready += 1
      last = now
    default: break
    }
  }
}
