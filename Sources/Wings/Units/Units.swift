// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// systemd's units on a head. Wants nothing itself: other wings do.
package enum Units: Wing {
  package static let name = "units"
  package static let kinds: [AnyKind] = [AnyKind(UnitKind.self)]
  package static let probes: [any Probe.Type] = [UnitProbe.self]
  package static let operations: [any HostOperation.Type] = [EnsureUnit.self]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] { [] }
}

extension Units: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] {
    cluster.heads.flatMap { head in
      WingCatalog.services(of: cluster).map { Question(head.name, UnitProbe($0.unit)) }
    }
  }

  /// Without Pacemaker a service runs where its unit does.
  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    if cluster.ha != nil { return }
    let answers = Answers(inventory, uninstalled: [])
    report.services += WingCatalog.services(of: cluster).map { service in
      var found = StatusReport.Service(name: service.name, head: nil, state: "unknown")
      for head in cluster.heads.map(\.name) {
        guard let state = try? answers.answer(head, UnitProbe(service.unit)) else { continue }
        if state.active == "active" { return .init(name: service.name, head: head.name, state: "running") }
        found.state = state.active == "failed" ? "failed" : "stopped"
      }
      return found
    }
  }
}

/// A systemd unit, and whether it runs with the configuration that these files and folders now hold.
package struct UnitProbe: Probe {
  package typealias Answer = UnitState

  package static let name = "unit"

  package let unit: String
  package let configuration: [String]

  package init(_ unit: String, configuration: [String] = []) {
    self.unit = unit
    self.configuration = configuration
  }

  package var words: String { "unit \(unit)" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ state: UnitState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("units", explained(state, nodes))]
  }

  package func explained(_ state: UnitState, _ nodes: NodeNames) -> [String] {
    ["\(unit) \(state.active) \(state.enabled ? "enabled" : "disabled") \(state.configuration.rawValue)"]
  }
}

package struct UnitState: Hashable, Codable, Sendable {
  package enum Configuration: String, Hashable, Codable, Sendable {
    /// The unit was started or reloaded after its files last changed.
    case loaded
    /// Running, but with an older configuration.
    case stale
    /// Running, with its newest configuration, but others have changed since what it put into the kernel.
    case altered
    case notRunning

    /// Whether it has to read its configuration once more.
    package var isOutdated: Bool { self == .stale || self == .altered }
  }

  package var exists: Bool
  package var enabled: Bool
  /// Its file says nothing of how to enable it, so nobody can disable it either: `static` and the like.
  package var isFixed: Bool
  package var masked: Bool
  /// `ActiveState` of systemctl(1).
  package var active: String
  package var configuration: Configuration

  package init(
    exists: Bool, enabled: Bool, isFixed: Bool = false, masked: Bool, active: String, configuration: Configuration
  ) {
    self.exists = exists
    self.enabled = enabled
    self.isFixed = isFixed
    self.masked = masked
    self.active = active
    self.configuration = configuration
  }

  /// Whether it has to be enabled or disabled to be as wanted. One that is fixed is as it can be.
  package func differs(from wanted: Bool?) -> Bool { !isFixed && wanted.map { $0 != enabled } ?? false }
}
