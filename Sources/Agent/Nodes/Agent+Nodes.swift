// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension NodeReportsProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [NodeReport] {
    try BootLog.reports()
  }
}
