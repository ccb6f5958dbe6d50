// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Simulator
import Wings

/// Something that goes wrong at some moment, and mostly ends again.
package enum Fault: Sendable {
  case powerLoss(HostID, back: Duration)
  case disconnected(process: String, HostID, back: Duration)
  case diskFull(HostID, bytes: Int, back: Duration)
  case mirrorDown(HostID, back: Duration)
  case deaf(HostID, probe: String, back: Duration)
  case board(of: HostID, FakeWorld.Board.Fault, back: Duration)
  /// A head's card for the heartbeat fails, and is replaced by one with another MAC address or by the same.
  case cardGone(HostID, another: Bool, back: Duration)
  case nodeSilent(HostID, back: Duration)
  case nodeBootsAnother(HostID, back: Duration)
  case nodeOff(HostID)
  /// Somebody on the boot network says this of nodes that are not his, again and again.
  case stranger(reportsFor: [HostID], StrayReport, back: Duration)
  case clock(AdminMachine, seconds: Int)
  /// A head's clock steps, and is set right later.
  case headClock(HostID, seconds: Int, back: Duration)
  /// Somebody installs a head anew, and accepts its new host key later.
  case reinstalled(Head, Cluster, accepted: Duration)
  case interference(AdminInterference, HostID)

  func strike(_ site: VirtualSite, _ random: inout SplitMix) {
    switch self {
    case .powerLoss(let host, let back):
      site.change("\(host) loses power") { $0.losePower(host) }
      site.loop.after(back) { site.change("\(host) has power again") { $0.regainPower(host) } }
    case .disconnected(let process, let host, let back):
      site.breakConnection(from: process, to: host)
      site.loop.after(back) { site.restoreConnection(from: process, to: host) }
    case .diskFull(let host, let bytes, let back):
      site.change("the disk of \(host) takes \(bytes) more bytes") { $0.machines[host]?.faults.freeBytes = bytes }
      site.loop.after(back) { site.change("\(host) has room again") { $0.machines[host]?.faults.freeBytes = nil } }
    case .mirrorDown(let host, let back):
      site.change("\(host) cannot reach the mirror") { $0.machines[host]?.faults.mirrorDown = true }
      site.loop.after(back) {
        site.change("\(host) can reach the mirror again") { $0.machines[host]?.faults.mirrorDown = false }
      }
    case .deaf(let host, let probe, let back):
      site.change("\(host) cannot tell \(probe)") { $0.machines[host]?.faults.deafTo = [probe] }
      site.loop.after(back) { site.change("\(host) can tell \(probe) again") { $0.machines[host]?.faults.deafTo = [] } }
    case .board(let machine, let fault, let back):
      site.change("the BMC of \(machine) \(fault.words)") { $0.setBoard(of: machine, fault) }
      site.loop.after(back) { site.change("the BMC of \(machine) is well again") { $0.setBoard(of: machine, nil) } }
    case .cardGone(let host, let another, let back):
      site.change(another ? "another card is in \(host)" : "a card of \(host) fails") {
        $0.machines[host]?.loseCard("eth2", another: another)
      }
      site.loop.after(back) { site.change("\(host) has its card again") { $0.machines[host]?.regainCards() } }
    case .nodeSilent(let node, let back):
      site.change("\(node) does not ask for DHCP") { $0.nodes[node]?.silent = true }
      site.loop.after(back) { site.change("\(node) asks for DHCP again") { $0.nodes[node]?.silent = false } }
    case .nodeBootsAnother(let node, let back):
      site.change("\(node) boots another image") { $0.nodes[node]?.boots = "other/0123456789abcdef" }
      site.loop.after(back) { site.change("\(node) boots what it is told again") { $0.nodes[node]?.boots = nil } }
    case .nodeOff(let node): site.change("\(node) loses power") { $0.switchOff(node) }
    case .stranger(let nodes, let report, let back):
      let names = nodes.map(\.name).joined(separator: ", ")
      site.change("a stranger (\(report.from.rawValue)) reports \(report.stage.rawValue) for \(names)") { world in
        for mac in nodes.compactMap({ world.nodes[$0]?.mac }) { world.strayReports[mac] = report }
      }
      site.loop.after(back) {
        site.change("the stranger is gone") { $0.strayReports = [:] }
      }
    case .clock(let machine, let seconds):
      site.tell(.fate("the clock of \(machine.name) is \(seconds) s off"))
      machine.setClock(off: seconds)
    case .headClock(let host, let seconds, let back):
      site.change("the clock of \(host) steps by \(seconds) s") { $0.machines[host]?.clockAhead = seconds }
      site.loop.after(back) { site.change("the clock of \(host) is right") { $0.machines[host]?.clockAhead = 0 } }
    case .reinstalled(let head, let cluster, let accepted):
      guard site.world.isUp(head.name) else { return }
      site.watch { watch in watch.foreign.removeAll { $0.host == head.name } }
      site.change("somebody installs \(head.name) anew") { $0.reinstall(head, cluster) }
      site.loop.after(accepted) {
        site.change("the new key of \(head.name) is accepted") { $0.machines[head.name]?.faults.isStrange = false }
      }
    case .interference(let interference, let host): interference.act(on: host, of: site, &random)
    }
  }
}

extension FakeWorld.Board.Fault {
  fileprivate var words: String {
    switch self {
    case .lies: "lies"
    case .unreachable: "is silent"
    case .refuses: "refuses its account"
    case .refusesCipher: "refuses every cipher suite"
    case .onlyTells: "lets nobody switch"
    }
  }
}

extension FakeWorld {
  fileprivate mutating func setBoard(of machine: HostID, _ fault: Board.Fault?) {
    for address in boards.keys where boards[address]?.machine == machine { boards[address]?.fault = fault }
  }

  fileprivate mutating func switchOff(_ node: HostID) {
    nodes[node]?.image = nil
    for address in boards.keys where boards[address]?.machine == node { boards[address]?.power = .off }
  }

  /// Whether it runs, reports to where nobody listens, and no head knows that it ever reported.
  private func isForgotten(_ node: HostID) -> Bool {
    guard let mac = nodes[node]?.mac, nodes[node]?.image != nil, !hears(node) else { return false }
    return !machines.keys.contains { machines[$0]?.reports[mac] != nil }
  }

  /// Everything that went wrong is right again; what was done meanwhile stays done.
  mutating func recover() {
    for head in down.sorted() { regainPower(head) }
    // Who has switched a head off by a verb switches it on again: nobody else does.
    for (address, board) in boards.sorted(by: { $0.key < $1.key }) where board.power == .off {
      guard machines[board.machine] != nil, !uninstalled.contains(board.machine) else { continue }
      boards[address]?.power = .on
      machines[board.machine]?.restart()
    }
    settle()
    for id in machines.keys {
      machines[id]?.regainCards()
      machines[id]?.faults = .init()
      machines[id]?.clockAhead = 0
    }
    for address in boards.keys { boards[address]?.fault = nil }
    strayReports = [:]
    for node in nodes.keys {
      nodes[node]?.silent = false
      nodes[node]?.boots = nil
    }
    // One that no head remembers may be at work, and is not restarted: its administrator is told to look, and does.
    for node in nodes.keys where isForgotten(node) { switchOff(node) }
  }
}
