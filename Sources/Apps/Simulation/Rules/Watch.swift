// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Execution
import HostAccess
import Simulator
import Wings

/// Looks at everything that is asked, done and kept in a simulated site, and notes what must not happen.
///
/// It knows the rules only: nothing here is shared with the code that is to keep them.
package struct Watch: Sendable {
  package private(set) var violations: [Violation] = []
  /// The things that are not ours, and must stay as they are.
  package var foreign: [ForeignThing] = []
  /// Addresses that may be on one head only.
  package var serviceAddresses: Set<IPAddress> = []
  /// How many nodes a run may have away at once.
  package var mostNodesAway = Int.max
  /// Processes that only look.
  package var dryRuns: Set<String> = []

  /// The nodes of the cluster.
  private var nodes: Set<HostID> = []
  /// Nodes that a step of ours has switched off, and that are not back.
  private var away: Set<HostID> = []
  /// Runs that have begun an operation. One that was refused holds a lease or two until they end, and does nothing.
  private var acting: Set<Substring> = []
  /// The steps that were shown, by run.
  private var shown: [String: [Step]] = [:]
  private var started: [String: [StepID: Step]] = [:]
  /// The ones of them that are not finished.
  private var open: [String: [StepID: Step]] = [:]
  private var finished: [String: [StepID: StepReport]] = [:]
  /// The effects of each run: whether each operation on a host changed anything. Nil: it failed, perhaps half-way.
  private var effects: [String: [VirtualSite.Turn: [Bool?]]] = [:]

  package init() {}

  package mutating func note(_ rule: Violation.Rule, _ words: String) {
    violations.append(Violation(rule: rule, words: words))
  }

  /// A node that the description has dropped is no node of the cluster any more, wherever it is.
  mutating func described(_ nodes: Set<HostID>) {
    away.formIntersection(nodes)
    self.nodes = nodes
  }

  // MARK: What was agreed to

  /// An administrator says yes to this.
  mutating func agreed(to plan: Plan, _ run: String) { shown[run] = plan.steps }

  /// First all that is done on a head was shown as it is. What comes to light later may be done too.
  private mutating func checkAgreed(_ operation: AnyOperation, on host: HostID, _ run: RunToken) {
    guard run.base == run.run, operation.machine == nil, let steps = shown[run.run] else { return }
    if !steps.contains(where: { $0.host == host && $0.operation == operation }) {
      note(.agreedTo, "\(run.run) asked \(host) for \(operation.name) \(operation.target), which was not shown")
    }
  }

  /// A node that works, and that heads hear, is only taken away when it was shown that it will be.
  private mutating func checkAgreed(toTake node: HostID, _ run: RunToken, _ world: FakeWorld) {
    guard world.hears(node), let steps = shown[String(run.base)] else { return }
    let isShown = steps.contains { step in
      step.operation.impact == .node(node) && step.disruption >= .reboot
    }
    if !isShown { note(.agreedTo, "\(run.run) took \(node) away, which was not shown") }
  }

  /// The machine whose power somebody has ordered to be switched, by its name: it goes down, and what runs there.
  private func machineSwitched(by operation: AnyOperation, _ run: RunToken) -> HostID? {
    guard let machine = operation.machine, operation.impact == .machine(machine) else { return nil }
    let isOrdered = shown[String(run.base)]?.contains {
      ($0.resource.kind == PowerErrand.name || operation.name == EnsureFenceTested.name) && $0.operation == operation
    }
    return isOrdered == true ? machine : nil
  }

  // MARK: What a run keeps

  /// In its journal, before it asks.
  mutating func started(_ step: Step, _ run: String) {
    for other in step.after where finished[run]?[other]?.succeeded != true {
      note(.dependencies, "\(run) started \(step.id), which comes after \(other), and that was not done")
    }
    started[run, default: [:]][step.id] = step
    open[run, default: [:]][step.id] = step
  }

  mutating func finished(_ report: StepReport, _ run: String) {
    finished[run, default: [:]][report.step] = report
    open[run]?[report.step] = nil
  }

  // MARK: What is said

  /// Whatever people can read, or a file keeps.
  mutating func said(_ where: String, _ text: [UInt8]) {
    if let form = SecretLeak.find(in: text) { note(.secretsStaySecret, "\(`where`) holds a secret \(form)") }
  }

  // MARK: What is asked

  mutating func changing(_ process: String, _ what: String, _ host: HostID) {
    if dryRuns.contains(process) {
      note(.dryRunChangesNothing, "\(process) only looks, and asked \(host): \(what)")
    }
  }

  mutating func asked(_ operation: AnyOperation, on host: HostID, _ run: RunToken) {
    let isKept = open[run.run]?.values.contains { $0.host == host && $0.operation == operation }
    if isKept != true {
      note(.journaledFirst, "\(run.run) asked \(host) for \(operation.name) \(operation.target) without noting it")
    }
    checkAgreed(operation, on: host, run)
  }

  // MARK: What is done

  /// Also when nothing was done: a node has come up, before it goes away again by itself.
  mutating func looked(at world: FakeWorld) { away = away.filter { world.nodes[$0]?.image == nil } }

  mutating func began(
    _ operation: AnyOperation, on host: HostID, _ run: RunToken, _ before: FakeWorld, _ after: FakeWorld
  ) {
    acting.insert(run.base)
    // Those that came up meanwhile.
    away = away.filter { before.nodes[$0]?.image == nil }
    if case .node(let node) = operation.impact, before.nodes[node]?.image != nil, after.nodes[node]?.image == nil {
      away.insert(node)
      checkAgreed(toTake: node, run, before)
      if away.count > mostNodesAway {
        let names = away.sorted().map(\.name).joined(separator: ", ")
        note(.nodesAway, "\(run.run) has \(names) away at once; \(mostNodesAway) is the most")
      }
    }
    check(operation, on: host, run, before, after)
  }

  mutating func did(
    _ operation: AnyOperation, on host: HostID, _ run: RunToken, _ result: Result<Outcome, AgentError>,
    _ before: FakeWorld, _ after: FakeWorld
  ) {
    effects[run.run, default: [:]][.init(host: host, operation: operation), default: []].append(
      (try? result.get())?.changed)
    away = away.filter { after.nodes[$0]?.image == nil }
    if operation.name == EnsureClone.name, let head = operation.machine, (try? result.get())?.changed == true,
      !before.uninstalled.contains(head)
    {
      note(.headsStayUp, "\(run.run) installed \(head) anew, which was installed already")
    }
    check(operation, on: host, run, before, after)
  }

  /// A node that is up needs its image for its next boot, whatever the description has become since.
  private mutating func checkImages(
    _ operation: AnyOperation, _ run: RunToken, _ before: FakeWorld, _ after: FakeWorld
  ) {
    for (id, node) in before.nodes where nodes.contains(id) {
      guard let image = node.image, before.machines.values.contains(where: { $0.images[image] != nil }),
        !after.machines.values.contains(where: { $0.images[image] != nil })
      else { continue }
      note(.imagesStay, "\(operation.name) \(operation.target) of \(run.run) took away \(image), which \(id) runs")
    }
  }

  private mutating func check(
    _ operation: AnyOperation, on host: HostID, _ run: RunToken, _ before: FakeWorld, _ after: FakeWorld
  ) {
    for (id, machine) in after.machines where after.isUp(id) {
      let lease = machine.lease.state(now: after.now)
      if let holder = lease.holder, holder.base != run.base, acting.contains(holder.base) {
        note(
          .oneExecutor,
          "\(run.run) did \(operation.name) \(operation.target) on \(host) while \(holder.run) holds the lease of \(id)"
        )
      }
    }
    checkImages(operation, run, before, after)
    let ordered = machineSwitched(by: operation, run)
    for id in before.machines.keys.sorted() where id != ordered && before.isUp(id) && !after.isUp(id) {
      note(.headsStayUp, "\(run.run) took \(id) down with \(operation.name) \(operation.target)")
    }
    for address in serviceAddresses {
      let holders = after.machines.keys.filter { after.isUp($0) && after.machines[$0]?.holds(address) == true }
      let earlier = before.machines.keys.filter { before.isUp($0) && before.machines[$0]?.holds(address) == true }
      if holders.count > 1, holders.count > earlier.count {
        let names = holders.sorted().map(\.name).joined(separator: " and ")
        note(.oneAddressHolder, "after \(operation.name) \(operation.target) of \(run.run), \(address) is on \(names)")
      }
    }
    for thing in foreign where ordered == nil || thing.host != ordered {
      if let change = thing.difference(before, after) {
        note(.foreignUntouched, "\(operation.name) \(operation.target) of \(run.run) on \(host) \(change)")
      }
    }
  }

  // MARK: What is recorded

  /// Compares a run's own account with what was done on its behalf.
  package mutating func recorded(_ outcome: RunOutcome) {
    let rounds = rounds(of: outcome.run)
    for report in outcome.steps {
      guard let (run, step) = step(report.step, rounds) else {
        if report.startedAt != nil { note(.recordMatches, "\(report.step) is recorded as started, and never was") }
        continue
      }
      let effects = effects[run]?[.init(host: step.host, operation: step.operation)] ?? []
      let changed = effects.contains(true)
      switch report.result {
      case .done(let done) where done.changed && !changed && report.attempts == 1:
        note(.recordMatches, "\(report.step) is recorded as changed, and nothing was")
      case .done(let done) where !done.changed && changed:
        note(.recordMatches, "\(report.step) is recorded as unchanged, and \(outcome.run) changed it")
      case .blocked, .notStarted:
        if !effects.isEmpty { note(.recordMatches, "\(report.step) is recorded as \(report.word), and was done") }
      case .done, .failed, .unknown, .rolledBack: break
      }
    }
  }

  /// A run has several rounds, each with a name of its own; the latest first.
  private func rounds(of run: String) -> [String] {
    started.keys.filter { $0 == run || $0.hasPrefix(run + ".") }.sorted().reversed()
  }

  private func step(_ id: StepID, _ rounds: [String]) -> (String, Step)? {
    for round in rounds { if let step = started[round]?[id] { return (round, step) } }
    return nil
  }
}
