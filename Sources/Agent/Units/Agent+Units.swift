// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeUnit(
    name: String, configuration: [String], _ facts: SharedFacts
  ) async throws(AgentError) -> Answer {
    let unit = try await facts.unit(name)
    return .unit(
      UnitState(
        exists: unit.exists, enabled: unit.isEnabled, masked: unit.isMasked, active: unit.active,
        configuration: try LoadedConfiguration.state(
          of: name, unit, files: configuration, changed: facts.changed)))
  }
}
