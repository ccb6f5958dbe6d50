// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

extension Contract {
  private static let file = "/etc/systemd/network/10-cluster-eth0.network"

  private static let asked = "/root/.ssh/cluster-contract"

  private static func write(_ address: String) -> EnsureFile {
    EnsureFile(
      FileGoal(
        path: file,
        contents: .text("[Match]\nName=eth0\n[Network]\nAddress=\(address)\nKeepConfiguration=yes\n")))
  }

  private static let slow = "/usr/local/sbin/networkctl"

  /// 10.77.0.N/24 on eth0.
  private static func link(_ last: UInt32) -> EnsureLink {
    EnsureLink(
      LinkGoal(interface: "eth0", address: IPv4Address(bits: 0x0a4d_0000 + last), prefix: 24, gateway: nil))
  }

  private static let networkd = EnsureUnit(
    UnitGoal(name: "systemd-networkd.service", enabled: true, active: true))

  /// eth0 with 10.77.0.1/24, confirmed.
  private static func prepare(_ host: ContractHost) async throws {
    try await host.perform(write("10.77.0.1/24"))
    try await host.perform(networkd)
    try await host.perform(link(1))
    #expect(try await host.addresses() == ["10.77.0.1/24"])
  }

  static let deadMan = [
    Contract(name: "a change of the way to the host waits until it is confirmed, and stays then") {
      (host) async throws in
      try await prepare(host)
      try await host.perform(write("10.77.0.2/24"))

      let outcome = try await host.unconfirmed(link(2))

      let pending = try #require(outcome.pending)
      #expect(pending.run == host.run.run && pending.secondsLeft > 0)
      #expect(try await host.host.lease().pending?.id == pending.id)
      #expect(try await host.addresses() == ["10.77.0.2/24"])
      #expect(try await host.host.lease().pending?.id == pending.id, "looking touches nothing")
      #expect(await host.failure(of: link(3)) == .conflict, "one at a time")
      let confirmed = try await host.host.confirm(pending.id, run: host.run)
      #expect(confirmed.changed && confirmed.detail == outcome.detail && confirmed.pending == nil)
      #expect(try await host.host.lease().pending == nil)
      #expect(try await host.host.confirm(pending.id, run: host.run) == confirmed, "once more is no harm")
      #expect(try await host.unconfirmed(link(2)).changed == false)
      #expect(
        try await host.host.confirm(pending.id, run: host.run) == confirmed,
        "asked for once more, it is still what it was the first time")
      try await host.perform(EnsureFileAbsent(path: file))
    },
    Contract(name: "a change that nobody confirms is undone, and the file with it that it brought into force") {
      (host) async throws in
      try await prepare(host)
      let before = try #require(try await host.file(file))
      let hasty = host.confirming(within: 4)
      try await hasty.perform(write("10.77.0.2/24"))

      let pending = try #require(try await hasty.unconfirmed(link(2)).pending)
      while try await host.host.lease().pending != nil { try await host.tick() }

      #expect(try await host.addresses(awaiting: ["10.77.0.1/24"]) == ["10.77.0.1/24"])
      #expect(try await host.file(file) == before)
      let error = await #expect(throws: AgentError.self) { try await host.host.confirm(pending.id, run: host.run) }
      #expect(error?.code == .rolledBack)
      try await host.perform(link(1))
      try await host.perform(EnsureFileAbsent(path: file))
    },
    Contract(name: "a change that takes longer than there is to confirm it is undone when it has ended") {
      (host) async throws in
      try await prepare(host)
      // The agent's way to networkd takes 8 s once. A machine in memory takes no time for anything.
      try await host.perform(
        EnsureFile(
          FileGoal(
            path: slow, contents: .text("#!/bin/sh\nrm /run/slow 2>&- && sleep 8\nexec /usr/bin/networkctl \"$@\"\n"),
            mode: 0o755)))
      try await host.perform(EnsureFile(FileGoal(path: "/run/slow", contents: .text("once\n"))))
      let hasty = host.confirming(within: 3)
      try await hasty.perform(write("10.77.0.2/24"))

      // What it wrote is put back while it is at work, so its address does not come.
      do { _ = try await hasty.unconfirmed(link(2)) } catch let error as AgentError { #expect(error.code == .deadline) }
      while try await host.host.lease().pending != nil { try await host.tick() }

      #expect(try await host.addresses(awaiting: ["10.77.0.1/24"]) == ["10.77.0.1/24"])
      #expect(try await host.file(file)?.contents?.contains("10.77.0.1/24") == true)
      let change = try PendingChange.ID(run: host.run.run, operation: AnyOperation(link(2)))
      let error = await #expect(throws: AgentError.self) { try await host.host.confirm(change, run: host.run) }
      #expect(error?.code == .rolledBack)
      for path in [slow, "/run/slow", file] { try await host.perform(EnsureFileAbsent(path: path)) }
    },
    Contract(name: "what was undone is neither done once more nor called done when it is asked for once more") {
      (host) async throws in
      try await prepare(host)
      let before = try #require(try await host.file(file))
      let hasty = host.confirming(within: 4)
      let reload = EnsureUnit(
        UnitGoal(
          name: "systemd-networkd.service", enabled: true, active: true, configuration: [file], reload: .restart))
      try await host.perform(reload)
      let edited = try #require(before.contents) + "# Nothing else.\n"
      try await hasty.perform(EnsureFile(FileGoal(path: file, contents: .text(edited))))

      let pending = try #require(try await hasty.unconfirmed(reload).pending)
      while try await host.host.lease().pending != nil { try await host.tick() }

      // The file is what it was, and so is what was loaded.
      #expect(try await host.file(file)?.contents == before.contents)
      #expect(await hasty.failure(of: reload) == .rolledBack)
      #expect(try await host.host.lease().pending == nil)
      let error = await #expect(throws: AgentError.self) { try await host.host.confirm(pending.id, run: host.run) }
      #expect(error?.code == .rolledBack)
      try await host.perform(EnsureFileAbsent(path: file))
    },
    Contract(name: "a link where sshd looks at every login goes again when nobody confirms it") { (host) async throws in
      let hasty = host.confirming(within: 3)

      let pending = try await hasty.unconfirmed(EnsureSymbolicLink(path: asked, destination: "/etc/issue")).pending
      try #require(pending != nil)
      while try await host.host.lease().pending != nil { try await host.tick() }

      #expect(try await host.ask(FileProbe(asked, contents: false)) == .absent)
      _ = try await host.once(EnsureFileAbsent(path: asked))
    },
    Contract(name: "a change of the way that fails is undone at once") { (host) async throws in
      try await prepare(host)
      try await host.perform(write("10.77.0.3/24"))
      let missing = LinkGoal(interface: "none0", address: IPv4Address(bits: 0x0a4d_0003), prefix: 24, gateway: nil)

      #expect(await host.failure(of: EnsureLink(missing)) == .notFound)
      #expect(await host.failure(of: EnsureLink(missing)) == .notFound, "it may be asked for once more")

      #expect(try await host.host.lease().pending == nil)
      #expect(try await host.file(file)?.contents?.contains("10.77.0.1/24") == true)
      #expect(try await host.addresses(awaiting: ["10.77.0.1/24"]) == ["10.77.0.1/24"])
      try await host.perform(EnsureFileAbsent(path: file))
    },
    Contract(name: "what changes nothing needs no confirmation, and an unknown change has none") {
      (host) async throws in
      try await prepare(host)

      #expect(try await host.unconfirmed(link(1)).pending == nil)

      let unknown = try PendingChange.ID(run: host.run.run, operation: AnyOperation(link(9)))
      let error = await #expect(throws: AgentError.self) { try await host.host.confirm(unknown, run: host.run) }
      #expect(error?.code == .notFound)
      try await host.perform(EnsureFileAbsent(path: file))
    },
  ]
}

extension ContractHost {
  /// The same host and run, with less time to confirm.
  func confirming(within seconds: Int) -> ContractHost {
    var token = run
    token.confirmSeconds = seconds
    return ContractHost(host: host, run: token, secrets: secrets, tick: tick)
  }

  fileprivate func unconfirmed(_ operation: some HostOperation) async throws -> Outcome {
    try await host.perform(AnyOperation(operation), secrets: secrets, run: run) { _ in }
  }

  /// Those of eth0, but for the service address that an earlier contract has left there.
  /// eth0's, once they are as awaited: networkd takes an interface's addresses away for a moment when it reads its file
  /// anew. What they are otherwise, after 50 ticks.
  fileprivate func addresses(awaiting wanted: [String]) async throws -> [String] {
    for _ in 0..<50 where try await addresses() != wanted { try await tick() }
    return try await addresses()
  }

  fileprivate func addresses() async throws -> [String] {
    (try await links().first { $0.name == "eth0" }?.addresses ?? []).filter { $0 != "10.77.0.10/24" }
  }
}
