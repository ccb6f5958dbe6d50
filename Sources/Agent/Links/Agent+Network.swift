// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeLinks() async throws(AgentError) -> Answer { .links(try Interface.all()) }
}
