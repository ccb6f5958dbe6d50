// SPDX-License-Identifier: Apache-2.0

/// The names that users know the units of a cluster by, for forecasts.
package struct ServiceNames: Hashable, Sendable {
  /// The services in each unit, by the unit's name.
  package var byUnit: [String: [String]]
  /// Services that move between the heads.
  package var clustered: [String]
  /// Units that run the clustered services and hold the service addresses.
  package var keepers: Set<String>

  package init(byUnit: [String: [String]] = [:], clustered: [String] = [], keepers: Set<String> = []) {
    self.byUnit = byUnit
    self.clustered = clustered
    self.keepers = keepers
  }

  /// Everything that moves between the heads.
  package var all: [String] { ["service addresses"] + clustered }

  /// The services that are away while a unit is.
  ///
  /// - Parameter maintenance: the keepers were told before to leave running what they run.
  package func away(with unit: String, maintenance: Bool) -> [String] {
    if keepers.contains(unit) { return maintenance ? ["service addresses"] : all }
    return byUnit[unit] ?? [unit]
  }
}
