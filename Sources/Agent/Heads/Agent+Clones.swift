// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeClone(head: HostID) async throws(AgentError) -> Answer { .clone(try CaptureStore.record(head)) }
}
