// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeImage(name: String, digest: String) async throws(AgentError) -> Answer {
    .image(try ImageStore.manifest(name, digest)?.state)
  }
}
