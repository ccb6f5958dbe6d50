// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// What waiting for a machine's boot has in common.
enum BootWait {
  /// Between two looks at the boot log.
  static func pause() async throws(AgentError) {
    do {
      try await ContinuousClock().sleep(for: .milliseconds(250))
    } catch {
      throw AgentError(.cancelled, "Stopped while waiting for a machine to boot", next: "Run `cluster apply` again.")
    }
  }

  /// Whether a machine has asked for an address lately, from dnsmasq's messages; for the reason of a failure only.
  static func dhcp(of mac: MACAddress, seconds: Int) async -> String {
    let journal = try? await Command.run(
      "journalctl",
      ["--unit=dnsmasq.service", "--since=-\(seconds + 5)s", "--output=cat", "--no-pager", "--grep=DHCP.*\(mac)"],
      deadline: .seconds(20))
    guard let journal, journal.succeeded, let line = journal.text.split(separator: "\n").last else {
      return "no DHCP request"
    }
    return "DHCP: \(line.drop { $0 != "D" })"
  }
}
