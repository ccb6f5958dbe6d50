// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension BootNetworkProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> BootNetworkSight? {
    guard let text = try FileSystem.contents("/sys/class/net/\(goal.card)/mtu"),
      let mtu = Int(String(decoding: text, as: UTF8.self).filter(\.isNumber))
    else { return nil }
    var sight = BootNetworkSight(mtu: mtu)
    // Without a described one, a MAC address that is nobody's: the second bit says that it is made up here.
    let mac = goal.mac ?? MACAddress(bits: 0x0200_0000_0000 | UInt64.random(in: 0...0xff_ffff))
    do throws(AgentError) { sight.offers = try await DHCPQuestion.ask(goal.card, for: mac) } catch {
      sight.unknown.append("\(error)")
    }
    let look = BootNetworkLook(goal)
    sight.services = await look.services()
    do throws(AgentError) { sight.owners = try await look.owners() } catch { sight.unknown.append("\(error)") }
    do throws(AgentError) {
      (sight.pinged, sight.narrow) = try await look.narrow(sight.owners.map(\.address), mtu: mtu)
    } catch { sight.unknown.append("\(error)") }
    return sight
  }
}

/// The part that programs look at which every head has: arping(8), ping(8), curl(1).
struct BootNetworkLook {
  private let goal: BootNetworkGoal

  init(_ goal: BootNetworkGoal) { self.goal = goal }

  /// Programs that run at once.
  private static let atOnce = 64
  /// As many are sent a large packet.
  private static let mostPings = 32

  // MARK: Services

  func services() async -> [BootNetworkSight.Service] {
    guard let server = goal.server else { return [] }
    var services: [BootNetworkSight.Service] = []
    if goal.boots {
      services.append(.init("tftp", problem: await fetch("tftp://\(server)/undionly.kpxe")))
      services.append(.init("http", problem: await fetch("http://\(server)/boot.ipxe")))
    }
    if let name = goal.name {
      switch NameQuery.ask("\(server)", for: name, until: MonotonicTime.now + 2000) {
      case 0: services.append(.init("dns", problem: nil))
      case let status?: services.append(.init("dns", problem: "status \(status) for \(name)"))
      case nil: services.append(.init("dns", problem: "no answer for \(name)"))
      }
    }
    return services
  }

  /// Why a file cannot be fetched. Nil: it can.
  private func fetch(_ url: String) async -> String? {
    do throws(AgentError) {
      let result = try await Command.run(
        "curl",
        ["--silent", "--show-error", "--fail", "--max-time", "5", "--noproxy", "*", "--output", "/dev/null", url],
        deadline: .seconds(10), keeping: 4096)
      return result.succeeded ? nil : String(result.lastLines.prefix(200)).visibleLine
    } catch { return "\(error)" }
  }

  // MARK: Addresses

  /// The addresses that somebody has. Two who have one both answer: arping(8) goes on asking everybody.
  func owners() async throws(AgentError) -> [BootNetworkSight.Owner] {
    try await Self.each(goal.addresses) { address throws(AgentError) in
      let result = try await Command.run(
        "arping", ["-b", "-c", "2", "-w", "2", "-I", goal.card, "\(address)"], deadline: .seconds(10), keeping: 65536)
      let machines = Self.machines(result.text)
      return machines.isEmpty ? nil : BootNetworkSight.Owner(address: address, machines: machines)
    }
  }

  /// Senders in what arping(8) of iputils prints: `Unicast reply from 10.1.1.1 [52:54:00:01:00:01]  0.7ms`.
  static func machines(_ text: String) -> [MACAddress] {
    var machines: [MACAddress] = []
    for line in text.split(separator: "\n") where line.contains(" reply from ") {
      guard let start = line.firstIndex(of: "["), let end = line[start...].firstIndex(of: "]"),
        let mac = MACAddress(line[line.index(after: start)..<end]), !machines.contains(mac), machines.count < 8
      else { continue }
      machines.append(mac)
    }
    return machines
  }

  // MARK: Packets

  /// Machines that answer a small packet and not one as large as the card allows, which nobody may divide.
  func narrow(_ addresses: [IPv4Address], mtu: Int) async throws(AgentError) -> (pinged: Int, narrow: [IPv4Address]) {
    let all = Array(addresses.prefix(Self.mostPings))
    let answers = try await Self.each(all) { address throws(AgentError) -> (IPv4Address, Bool)? in
      // An IPv4 header of 20 bytes and an ICMP header of 8 come before them.
      if try await pings(address, bytes: max(0, mtu - 28)) { return (address, true) }
      return try await pings(address, bytes: 56) ? (address, false) : nil
    }
    return (answers.count, answers.filter { !$0.1 }.map(\.0))
  }

  private func pings(_ address: IPv4Address, bytes: Int) async throws(AgentError) -> Bool {
    try await Command.run(
      "ping", ["-n", "-q", "-c", "2", "-i", "0.2", "-W", "1", "-M", "do", "-s", "\(bytes)", "\(address)"],
      deadline: .seconds(10), keeping: 4096
    ).succeeded
  }

  /// Answers of all that give one, in their order.
  private static func each<Answer: Sendable>(
    _ addresses: [IPv4Address], _ ask: @escaping @Sendable (IPv4Address) async throws(AgentError) -> Answer?
  ) async throws(AgentError) -> [Answer] {
    let results = await NodeBatch.each(addresses, atOnce: atOnce, ended: { _, _ in }) { address in
      do throws(AgentError) { return Result<Answer?, AgentError>.success(try await ask(address)) } catch {
        return .failure(error)
      }
    }
    var answers: [Answer] = []
    for result in results { if let answer = try result.get() { answers.append(answer) } }
    return answers
  }
}
