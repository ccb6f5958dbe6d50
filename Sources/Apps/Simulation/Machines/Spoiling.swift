// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator

/// Makes the machines of a site wrong on purpose: what an operation has done is changed as it ends, together with what
/// the host says of it. To see that the rules notice.
package typealias Spoiling =
  @Sendable (
    _ operation: AnyOperation, _ host: HostID, _ world: inout FakeWorld, _ outcome: inout Outcome
  ) -> Void
