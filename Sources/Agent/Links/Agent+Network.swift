// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension LinksProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [LinkState] { try Interface.all() }
}
