// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Pacemaker

/// The service addresses and units of the primary before Pacemaker has them: the standby is installed over them.
///
/// - From the moment that Pacemaker is configured on any head they are its own, and nothing is to do here. It finds
///   them as they are and adopts them.
/// - So they are when it does not run, and another head's disk has its configuration: it would start them there.
/// - While it is not known whether Pacemaker has them on a head nothing is done: an address on two heads is worse than
///   none.
/// - An address that another head holds stays there: Pacemaker has once let go of it, and gets it back.
/// - Removal takes nothing away: when there is no Pacemaker any more, the units are `unit` resources again.
package enum HighAvailabilityBootstrapKind: ResourceKind {
  package static let name = "ha-bootstrap"
  package static let removalRank = 5

  package struct Address: Hashable, Codable, Sendable {
    package var interface: String
    package var address: IPAddress
    package var prefix: Int

    package init(interface: String, address: IPAddress, prefix: Int) {
      self.interface = interface
      self.address = address
      self.prefix = prefix
    }
  }

  package struct Desired: DesiredState {
    package var head: HostID
    /// The other heads.
    package var others: [HostID]
    package var addresses: [Address]
    package var units: [String]

    package init(head: HostID, others: [HostID], addresses: [Address], units: [String]) {
      self.head = head
      self.others = others
      self.addresses = addresses
      self.units = units
    }
  }

  package enum Actual: Hashable, Sendable {
    /// Pacemaker has them.
    case superseded
    case byHand(missing: [Address], stopped: [String])
  }

  package static func id(on head: HostID) -> ResourceID { ResourceID(name, on: head, "services") }

  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.units.map { Question(desired.head, UnitProbe($0)) }
      + ([desired.head] + desired.others).flatMap { [Question($0, LinksProbe()), Question($0, CIBProbe())] }
      + desired.others.map { Question($0, StoredCIBProbe()) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    // One head with a configuration settles it, even when another one does not answer.
    var unknown: Unreadable?
    for head in [desired.head] + desired.others {
      do throws(Unreadable) {
        // Pacemaker may run, and have nothing to run yet.
        if try answers.parsedCIB(head)?.managed.isEmpty == false { return .superseded }
      } catch {
        unknown = unknown ?? error
      }
    }
    if let unknown { throw unknown }
    for head in desired.others where try startsServices(head, answers) { return .superseded }
    guard let links = try answers.answer(desired.head, LinksProbe()) else { return nil }
    var elsewhere: Set<String> = []
    for head in desired.others {
      elsewhere.formUnion(try answers.answer(head, LinksProbe())?.flatMap(\.held) ?? [])
    }
    let missing = desired.addresses.filter { address in
      let held = links.first { $0.name == address.interface }?.held ?? []
      let wanted = "\(address.address)/\(address.prefix)"
      return !held.contains(wanted) && !elsewhere.contains(wanted)
    }
    var stopped: [String] = []
    for unit in desired.units where try !runs(unit, on: desired.head, answers) { stopped.append(unit) }
    return .byHand(missing: missing, stopped: stopped)
  }

  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let (missing, stopped): ([Address], [String]) =
      switch actual {
      case .superseded: ([], [])
      case .byHand(let missing, let stopped): (missing, stopped)
      case nil: (desired.addresses, desired.units)
      }
    let addresses = missing.enumerated().map { index, address in
      StepDraft(
        (address.address.isIPv6 ? "address6-" : "address-") + address.interface, on: desired.head,
        EnsureAddress(interface: address.interface, address: address.address, prefix: address.prefix),
        because: "Pacemaker is not in charge yet, and \(address.address) is not up",
        changes: ["+ \(address.address)/\(address.prefix) on \(address.interface)"], independent: index > 0)
    }
    let units = stopped.enumerated().map { index, unit in
      StepDraft(
        "start-\(unit)", on: desired.head, EnsureUnit(UnitGoal(name: unit, enabled: nil, active: true)),
        because: "Pacemaker is not in charge yet, and \(unit) is not active", changes: ["inactive -> active"],
        independent: index > 0)
    }
    return addresses + units
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    []
  }

  /// Whether Pacemaker would start the services as soon as it starts on the head.
  private static func startsServices(_ head: HostID, _ answers: Answers) throws(Unreadable) -> Bool {
    guard let stored = try answers.answer(head, StoredCIBProbe()) ?? nil else { return false }
    return stored.isManaged && !stored.isPaused
  }

  private static func runs(_ unit: String, on head: HostID, _ answers: Answers) throws(Unreadable) -> Bool {
    try answers.answer(head, UnitProbe(unit)).map(UnitKind.isRunning) ?? false
  }
}

extension Resource {
  package static func highAvailabilityBootstrap(
    _ desired: HighAvailabilityBootstrapKind.Desired, because: String, source: SourceSpan, after: [ResourceID]
  ) -> Resource {
    Resource(
      HighAvailabilityBootstrapKind.id(on: desired.head), desired, because: because, source: source, after: after)
  }
}
