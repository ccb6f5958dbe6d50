// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension ListenersProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [Listener] {
    let result = try await Command.checked(
      "ss", ["--no-header", "--listening", "--numeric", "--tcp", "--udp", "--processes"],
      next: "Check that iproute2 is installed on the host: `ss -ltun`.")
    var listeners: [Listener] = []
    for line in result.text.split(separator: "\n") {
      guard let listener = try Listener(line), !listener.isLocal else { continue }
      if !listeners.contains(listener) { listeners.append(listener) }
    }
    return listeners.sorted { ($0.port.numbers.lowerBound, $0.address) < ($1.port.numbers.lowerBound, $1.address) }
  }
}

extension Listener {
  /// A line of ss(8): `tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3))`. Nil: another sort of socket.
  init?(_ line: Substring) throws(AgentError) {
    let columns = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: true)
    guard let transport = columns.first.flatMap({ FirewallNeed.Transport(rawValue: String($0)) }) else { return nil }
    let place = columns.count > 4 ? columns[4] : ""
    guard let colon = place.lastIndex(of: ":"), let port = Int(place[place.index(after: colon)...]) else {
      throw AgentError(
        .invalid, "A line of ss(8) cannot be understood", cause: String(line), next: "Check `ss -ltunp` on the host.")
    }
    let names = columns.count > 6 ? columns[6].split(separator: "\"", omittingEmptySubsequences: false) : []
    self.init(
      FirewallNeed.Port(transport, port...port), address: String(place[..<colon]),
      program: names.count > 1 ? String(names[1]) : "")
  }

  /// Only the host itself gets there.
  fileprivate var isLocal: Bool { address.hasPrefix("127.") || address.hasPrefix("[::1]") || address.hasSuffix("%lo") }
}
