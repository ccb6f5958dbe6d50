// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The last status that a machine's firmware reported.
package struct MachineStatus: Hashable, Codable, Sendable {
  package enum Phase: String, Hashable, Codable, Sendable {
    case off
    /// Power is on; nothing has booted yet.
    case firmware
    /// A DHCP answer is waited for.
    case dhcp
    /// A boot script, kernel or image is being fetched.
    case fetching
    case running
    /// Neither the disk nor the network gave anything to boot. The network is tried again.
    case noBootDevice = "no-boot-device"
    /// Power is on, but nothing will happen any more: the system died, or refused its image.
    case hung
  }

  package enum Source: String, Hashable, Codable, Sendable { case disk, network }

  package var phase: Phase
  package var source: Source?
  package var detail: String?
  /// Seconds since 1970.
  package var since: Int

  package init(_ phase: Phase, source: Source? = nil, detail: String? = nil, since: Int = Int(time(nil))) {
    self.phase = phase
    self.source = source
    self.detail = detail
    self.since = since
  }
}

extension LabSite {
  func statusFile(of machine: LabMachine) -> String { "\(directory(of: machine))/status.json" }

  func status(of machine: LabMachine) -> MachineStatus? {
    Files.readJSON(MachineStatus.self, from: statusFile(of: machine))
  }
}
