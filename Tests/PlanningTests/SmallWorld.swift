// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Pacemaker
import Wings
@testable import Planning

/// Hosts that hold a few files and units, and the kinds that look after them: enough to plan, do and plan again.
struct SmallWorld {
  struct Machine {
    var files: [String: String] = [:]
    /// Units, with the digest of the configuration they run with.
    var units: [String: String] = [:]
  }

  var machines: [HostID: Machine]
  var silent: Set<HostID> = []
  /// Hosts that are installed once their clone's step is done.
  var clones: [HostID: CloneRecord] = [:]
  var addresses: [HostID: [String]] = [:]
  /// Who is in the cluster, as Corosync on a host says. Nil: it does not run there.
  var members: [HostID: [String]] = [:]

  init(_ hosts: HostID...) { machines = Dictionary(uniqueKeysWithValues: hosts.map { ($0, Machine()) }) }

  static let catalog: [String: AnyKind] = [
    TextKind.name: AnyKind(TextKind.self), ServiceKind.name: AnyKind(ServiceKind.self),
    MachineKind.name: AnyKind(MachineKind.self),
  ]
  static let heads = HeadOrder(
    primary: "head1", others: ["head2"], serviceAddress: IPv4Address("10.1.0.10"), sight: HighAvailability.sight)

  func inventory(_ questions: [HostID: [AnyProbe]]) -> Inventory {
    let hosts = questions.map { host, probes -> (HostID, Inventory.Host) in
      guard let machine = machines[host], !silent.contains(host) else {
        return (host, .unreachable(AgentError(.unreachable, "\(host) is silent", next: "Power it on.")))
      }
      return (host, .answered(Dictionary(uniqueKeysWithValues: probes.map { ($0, answer($0, machine, host)) })))
    }
    return Inventory(hosts: Dictionary(uniqueKeysWithValues: hosts), observedAt: 0)
  }

  private func answer(_ probe: AnyProbe, _ machine: Machine, _ host: HostID) -> AnyAnswer {
    switch probe.probe {
    case let file as FileProbe:
      guard let text = machine.files[file.path] else { return AnyAnswer(FileProbe.self, .absent) }
      let facts = FileFacts(
        digest: SHA256.hex(text), size: text.utf8.count, mode: 0o644, owner: "root", group: "root", contents: text,
        managed: true)
      return AnyAnswer(FileProbe.self, .file(facts))
    case let unit as UnitProbe:
      var state = UnitState(exists: true, enabled: false, masked: false, active: "inactive", configuration: .notRunning)
      if let loaded = machine.units[unit.unit] {
        (state.enabled, state.active) = (true, "active")
        state.configuration = loaded == machine.fingerprint(unit.configuration) ? .loaded : .stale
      }
      return AnyAnswer(UnitProbe.self, state)
    case is CorosyncProbe:
      let state = members[host].map { CorosyncState(quorate: true, links: [], encrypted: true, members: $0) }
      return AnyAnswer(CorosyncProbe.self, state)
    case let clone as CloneProbe: return AnyAnswer(CloneProbe.self, clones[clone.head])
    case is LinksProbe:
      let link = LinkState(name: "eth0", mac: nil, up: true, addresses: addresses[host] ?? [], gateways: [])
      return AnyAnswer(LinksProbe.self, [link])
    default: return .failed(AgentError(.invalid, "this world has no \(probe.words)", next: "Ask for something else."))
    }
  }

  mutating func perform(_ plan: Plan, atMost count: Int = .max) {
    for step in plan.steps.prefix(count) { perform(step) }
  }

  mutating func perform(_ step: Step) {
    if let goal = step.operation.as(EnsureFile.self)?.goal {
      machines[step.host]?.files[goal.path] = String(decoding: goal.contents.bytes, as: UTF8.self)
    } else if let path = step.operation.as(EnsureFileAbsent.self)?.path {
      machines[step.host]?.files[path] = nil
    } else if let goal = step.operation.as(EnsureUnit.self)?.goal {
      let loaded = goal.active == false ? nil : machines[step.host]?.fingerprint(goal.configuration)
      machines[step.host]?.units[goal.name] = loaded
    } else if let goal = step.operation.as(EnsureClone.self)?.goal {
      machines[goal.head] = Machine()
      clones[goal.head] = CloneRecord(head: goal.head, capture: "c", installedAt: 1)
    } else if let head = step.operation.as(EnsureCloneAbsent.self)?.head {
      clones[head] = nil
    }
  }

  func plan(
    _ desired: [Resource], previously: [ManagedResource] = [], heads: HeadOrder = SmallWorld.heads
  ) throws -> Plan {
    let questions = Planner.questions(
      desired: desired, previously: previously, catalog: Self.catalog, heads: heads)
    return try Planner.plan(
      desired: desired, previously: previously, inventory: inventory(questions), catalog: Self.catalog,
      heads: heads, now: 0)
  }
}

extension SmallWorld.Machine {
  func fingerprint(_ paths: [String]) -> String { SHA256.hex(paths.map { files[$0] ?? "-" }.joined(separator: "\n")) }
}

/// A text file.
enum TextKind: ResourceKind {
  struct Desired: DesiredState { var text: String }

  static let name = "text"
  static let removalRank = 20

  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    id.host.map { [Question($0, FileProbe(id.name))] } ?? []
  }

  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> String? {
    guard let host = id.host,
      case .file(let facts) = try answers.answer(host, FileProbe(id.name))
    else { return nil }
    return facts.contents
  }

  static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: String?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let host = id.host, actual != desired.text else { return [] }
    let goal = FileGoal(path: id.name, contents: .text(desired.text))
    return [
      StepDraft(
        "write", on: host, EnsureFile(goal), because: actual == nil ? "it does not exist" : "its contents differ",
        changes: UnifiedDiff.lines(old: actual ?? "", new: desired.text))
    ]
  }

  static func removal(_ id: ResourceID, _ previous: Desired, _ actual: String, _ context: PlanContext) -> [StepDraft] {
    guard let host = id.host else { return [] }
    return [
      StepDraft("remove", on: host, EnsureFileAbsent(path: id.name), because: "nothing asks for it", destructive: true)
    ]
  }
}

/// A unit that restarts when its file changes.
enum ServiceKind: ResourceKind {
  struct Desired: DesiredState { var configuration: [String] }

  static let name = "service"
  static let removalRank = 10

  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    id.host.map { [Question($0, UnitProbe(id.name, configuration: desired.configuration))] } ?? []
  }

  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> UnitState? {
    guard let host = id.host,
      let state = try answers.answer(host, UnitProbe(id.name, configuration: desired.configuration))
    else { return nil }
    return state.active == "active" ? state : nil
  }

  static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: UnitState?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let host = id.host else { return [] }
    let goal = UnitGoal(name: id.name, enabled: nil, active: true, configuration: desired.configuration)
    if actual == nil { return [StepDraft("start", on: host, EnsureUnit(goal), because: "it does not run")] }
    let stale = actual?.configuration == .stale
    let soon = desired.configuration.contains { context.changing.contains(ResourceID("text", on: host, $0)) }
    if !stale, !soon { return [] }
    return [
      StepDraft(
        "restart", on: host, EnsureUnit(goal), disruption: .restart,
        because: stale ? "it runs with an older configuration" : "its configuration changes")
    ]
  }

  static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: UnitState, _ context: PlanContext
  ) -> [StepDraft] {
    guard let host = id.host else { return [] }
    let goal = UnitGoal(name: id.name, enabled: nil, active: false)
    return [StepDraft("stop", on: host, EnsureUnit(goal), because: "nothing asks for it")]
  }
}

/// A head that another one installs.
enum MachineKind: ResourceKind {
  struct Desired: DesiredState {
    var head: HostID
    var establishes: HostID? { head }
  }

  static let name = "machine"
  static let removalRank = 90

  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    id.host.map { [Question($0, CloneProbe(desired.head))] } ?? []
  }

  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> CloneRecord? {
    guard let host = id.host else { return nil }
    return try answers.answer(host, CloneProbe(desired.head)) ?? nil
  }

  static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: CloneRecord?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let host = id.host, actual == nil else { return [] }
    return [StepDraft("install", on: host, EnsureClone(goal(desired.head)), because: "it is not installed")]
  }

  static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: CloneRecord, _ context: PlanContext
  ) -> [StepDraft] {
    guard let host = id.host else { return [] }
    return [
      StepDraft("forget", on: host, EnsureCloneAbsent(head: previous.head), because: "\(previous.head) leaves")
    ]
  }

  private static func goal(_ head: HostID) -> CloneGoal {
    let address = IPv4Address(bits: 0x0a01_0002)
    return CloneGoal(
      head: head, bmc: BMC(address: address, protocol: .ipmi, user: "admin", password: SecretRef("bmc")),
      mac: MACAddress(bits: 1), address: address, bootScript: "", installScript: "", identity: [:],
      deadlineSeconds: 60)
  }
}

extension Resource {
  static func text(_ host: HostID, _ path: String, _ text: String, after: [ResourceID] = [], line: Int = 1) -> Resource
  {
    Resource(
      ResourceID("text", on: host, path), TextKind.Desired(text: text), because: "a text", source: .line(line),
      after: after)
  }

  static func service(_ host: HostID, _ name: String, reading paths: [String], after: [ResourceID] = []) -> Resource {
    Resource(
      ResourceID("service", on: host, name), ServiceKind.Desired(configuration: paths), because: "a service",
      source: .line(2), after: after + paths.map { ResourceID("text", on: host, $0) })
  }

  static func machine(_ head: HostID, by host: HostID, after: [ResourceID] = []) -> Resource {
    Resource(
      ResourceID("machine", on: host, head.name), MachineKind.Desired(head: head), because: "the standby",
      source: .line(3), after: after)
  }

  var managed: ManagedResource { ManagedResource(id: id, desired: desired) }
}

extension SourceSpan {
  static func line(_ line: Int) -> SourceSpan {
    SourceSpan(file: "cluster.yaml", line: line, column: 3, endLine: line, endColumn: 9)
  }
}
