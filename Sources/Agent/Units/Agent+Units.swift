// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension UnitProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects(units: [unit], paths: Set(configuration)) }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> UnitState {
    let properties = try await context.facts.unit(unit)
    return UnitState(
      exists: properties.exists, enabled: properties.isEnabled, isFixed: properties.isFixed,
      masked: properties.isMasked, active: properties.active,
      configuration: try LoadedConfiguration.state(
        of: unit, properties, files: configuration, changed: context.facts.changed))
  }
}
