// SPDX-License-Identifier: Apache-2.0

/// Figures of a storm: how many machines got how far, when, and why the others did not.
package struct StormResult: Sendable {
  package struct Times: Sendable {
    package var count: Int
    /// Seconds since each machine was switched on.
    package var median: Double
    package var most: Double

    init(_ seconds: [Double]) {
      let sorted = seconds.sorted()
      count = sorted.count
      median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
      most = sorted.last ?? 0
    }
  }

  package var clients: Int
  package var leased: Times
  package var scripted: Times
  package var served: Times
  /// Machines that the description has, of those with a script.
  package var known: Int
  /// Two machines with one address.
  package var doubled: Int
  /// Reasons of those that got nothing in the end, and how many they are.
  package var failures: [String: Int]
  /// Boots that were begun again, as firmware does after a failure.
  package var restarts: Int
  package var seconds: Double
  /// Addresses that they were given: `52:54:00:10:00:01 10.1.16.1 via 10.1.0.254`.
  package var addresses: [String]

  init(_ clients: [StormClient], seconds: Double) {
    self.clients = clients.count
    leased = Times(clients.compactMap { client in client.leasedAt.map { $0 - client.began } })
    scripted = Times(clients.compactMap { client in client.scriptedAt.map { $0 - client.began } })
    served = Times(clients.compactMap { client in client.servedAt.map { $0 - client.began } })
    known = clients.count { $0.isKnown }
    let given = clients.filter { $0.leasedAt != nil }
    addresses = given.map { client in
      "\(client.mac) \(client.address.map { "\($0)" } ?? "-")" + (client.router.map { " via \($0)" } ?? "")
    }
    doubled = given.count - Set(given.compactMap(\.address)).count
    failures = Dictionary(grouping: clients.filter { $0.stage != .done }) { client in
      client.stage == .failed ? client.reason : "was at \(client.stage.rawValue) when the time was over"
    }.mapValues(\.count)
    restarts = clients.reduce(0) { $0 + $1.restarts }
    self.seconds = seconds
  }

  package var isComplete: Bool { failures.isEmpty && doubled == 0 && served.count == clients }

  package var lines: [String] {
    func line(_ name: String, _ times: Times) -> String {
      "\(name)  \(times.count) of \(clients), median \(Self.text(times.median)), last \(Self.text(times.most))"
    }
    let told = "\(known) by their own scripts, \(scripted.count - known) told to wait"
    return [line("leased  ", leased), line("scripted", scripted) + "; \(told)", line("served  ", served)]
      + (restarts == 0 ? [] : ["\(restarts) boots were begun again"])
      + (doubled == 0 ? [] : ["\(doubled) machines share an address with another one"])
      + failures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(20).map {
        "failed    \($0.value): \($0.key)"
      }
      + ["all in \(Self.text(seconds))"]
  }

  private static func text(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10) s" }
}
