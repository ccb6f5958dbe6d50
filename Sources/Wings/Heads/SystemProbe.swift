// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Name, machine id, boot time, operating system.
package struct SystemProbe: Probe {
  package typealias Answer = SystemState

  package static let name = "system"

  package init() {}

  package var words: String { "system" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ system: SystemState, _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("system", explained(system, nodes))]
  }

  package func explained(_ system: SystemState, _ nodes: NodeNames) -> [String] {
    ["hostname \(system.hostname)", "os \(system.operatingSystem)"]
  }
}

package struct SystemState: Hashable, Codable, Sendable {
  package var hostname: String
  package var machineID: String
  /// `PRETTY_NAME` of os-release(5).
  package var operatingSystem: String
  /// Changes with every boot: `/proc/sys/kernel/random/boot_id`, or the start time of PID 1 in a container.
  package var bootID: String
  package var uptimeSeconds: Double

  package init(hostname: String, machineID: String, operatingSystem: String, bootID: String, uptimeSeconds: Double) {
    self.hostname = hostname
    self.machineID = machineID
    self.operatingSystem = operatingSystem
    self.bootID = bootID
    self.uptimeSeconds = uptimeSeconds
  }
}
