// SPDX-License-Identifier: Apache-2.0
import ClusterModel

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
    case notRunning
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
