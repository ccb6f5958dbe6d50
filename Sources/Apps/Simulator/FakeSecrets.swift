// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The secrets of a fake site: every one that is asked for is there. One that we generate is made at first need.
package final class FakeSecrets: SecretStore {
  package init() {}

  package func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { FakeWorld.password(ref) }
  package func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]? { FakeWorld.password(ref) }
}
