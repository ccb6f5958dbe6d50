// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing
import Wings

extension Contract {
  static let clones = [
    Contract(name: "the installation of another head is forgotten once") { (host) async throws in
      let head: HostID = "contract2"
      let record = CloneRecord(head: head, capture: "c0ffee", installedAt: 1_700_000_000, hostKey: nil)
      #expect(try await host.ask(CloneProbe(head)) == nil)
      #expect(try await host.once(EnsureCloneAbsent(head: head)).changed == false)

      try await host.noteInstallation(record)
      #expect(try await host.ask(CloneProbe(head)) == record)
      try await host.perform(EnsureCloneAbsent(head: head))

      #expect(try await host.ask(CloneProbe(head)) == nil)
      for path in paths(of: head) {
        #expect(try await host.ask(FileProbe(path)) == .absent)
        try await host.perform(EnsureFileAbsent(path: path))
      }
    },
    Contract(name: "a head that was there already is noted, and never looks as if it were not") { (host) async throws in
      let head: HostID = "contract2"
      try await host.perform(EnsureCloneNoted(head: head))

      let record = try #require(try await host.ask(CloneProbe(head)))
      #expect(record.head == head && record.capture == nil && record.hostKey == nil)

      try await host.perform(EnsureCloneAbsent(head: head))
      #expect(try await host.ask(CloneProbe(head)) == nil)
    },
  ]

  /// Where a real host keeps what it knows of a head that it has installed.
  fileprivate static func paths(of head: HostID) -> [String] {
    ["/var/lib/cluster/clones/\(head).json", "/var/lib/cluster/captures/\(head)/capture.json"]
  }
}

extension ContractHost {
  func noteInstallation(_ record: CloneRecord) async throws {
    if let note { return try await note(record) }
    let paths = Contract.paths(of: record.head)
    let json = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
    try await perform(EnsureFile(FileGoal(path: paths[0], contents: .text(json))))
    try await perform(EnsureFile(FileGoal(path: paths[1], contents: .text("{}"))))
  }
}
