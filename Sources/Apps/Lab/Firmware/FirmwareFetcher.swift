// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The network as the machine's own card sees it: this process is in the machine's network namespace.
struct FirmwareFetcher: IPXEPlatform {
  var firmware: Firmware

  func fetch(_ url: String) async throws(AgentError) -> [UInt8] {
    try await Command.checked(
      "curl", ["-fsS", "--max-time", "10", "--max-filesize", "1048576", url], deadline: .seconds(20),
      next: "Check that the head serves it."
    ).stdout
  }

  func download(_ url: String) async throws(AgentError) {
    try await Command.checked(
      "curl", ["-fsS", "--max-time", "120", "--output", "/dev/null", url], deadline: .seconds(150),
      next: "Check that the head serves it.")
  }

  func pause(_ length: Duration) async throws(AgentError) { try await Poll.pause(length) }

  func say(_ text: String) { firmware.say(text) }
}
