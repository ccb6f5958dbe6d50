// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Boots over the network.
struct NetworkBoot {
  var firmware: Firmware

  func run() async throws(AgentError) -> Firmware.Attempt { .nothing("no answer") }
}
