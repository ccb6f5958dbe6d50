// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Many machines that boot at once, from the network namespace that this process is in: real packets to real daemons.
///
/// All of them speak through one card. Each has a MAC address of its own in DHCP, which is what the server goes by;
/// answers come by broadcast. Then each speaks from the address that it was given: the namespace takes the whole
/// network for its own. One thread: what is measured is the daemons, which share the machine with it.
package struct Storm {
  package struct Settings: Sendable {
    package var device: String
    package var server: IPv4Address
    /// Machines are switched on evenly within so many seconds.
    package var ramp: Double
    /// Seconds after which what has not booted has failed.
    package var limit: Double
    /// Client architecture of their ROMs: 0 is BIOS. Others get no further than the name of their boot file.
    package var architecture: UInt16

    package init(device: String, server: IPv4Address, ramp: Double, limit: Double, architecture: UInt16 = 0) {
      self.device = device
      self.server = server
      self.ramp = ramp
      self.limit = limit
      self.architecture = architecture
    }
  }

  /// A MiB of a kernel stands for all of it: what is measured is how many are served, not the disk.
  private static let mostBytes = 1 << 20

  private let settings: Settings
  private var clients: [StormClient]
  private var indices: [MACAddress: Int] = [:]
  private var byFile: [Int32: Int] = [:]
  private let broadcast: Int32
  private let poll: StormPoll
  private let start = ContinuousClock.now
  private var begun = 0

  package init(_ settings: Settings, _ macs: [MACAddress]) throws(AgentError) {
    self.settings = settings
    clients = macs.map { mac in
      var client = StormClient(mac)
      client.architecture = settings.architecture
      return client
    }
    for (index, mac) in macs.enumerated() { indices[mac] = index }
    try StormSocket.raiseFileLimit(to: macs.count + 512)
    broadcast = try StormSocket.broadcast(settings.device)
    poll = try StormPoll()
    poll.add(broadcast)
  }

  private var now: Double {
    let passed = ContinuousClock.now - start
    return Double(passed.components.seconds) + Double(passed.components.attoseconds) * 1e-18
  }

  package mutating func run(_ tell: (String) -> Void) -> StormResult {
    defer { close(broadcast) }
    var (told, looked) = (0.0, -1.0)
    while true {
      listen()
      let now = now
      // All of them are gone through now and then, and not for each packet.
      guard now - looked >= 0.05 else { continue }
      looked = now
      begin(at: now)
      askAgain(at: now)
      let over = clients.count { $0.isOver }
      if now - told >= 5 {
        told = now
        tell("\(Int(now)) s: \(over) of \(clients.count) booted")
      }
      if over == clients.count || now > settings.limit { break }
    }
    for index in clients.indices { end(index) }
    return StormResult(clients, seconds: now)
  }

  private mutating func begin(at now: Double) {
    let share = settings.ramp <= 0 ? 1 : min(1, now / settings.ramp)
    let due = min(clients.count, Int(Double(clients.count) * share) + 1)
    while begun < due {
      clients[begun].began = now
      ask(begun, at: now)
      begun += 1
    }
  }

  private mutating func askAgain(at now: Double) {
    for index in 0..<begun where !clients[index].isOver && clients[index].retryAt <= now { ask(index, at: now) }
  }

  /// Asks what the client is to ask in its stage: for the first time, or once more.
  private mutating func ask(_ index: Int, at now: Double) {
    guard clients[index].mayAskAgain(at: now) else {
      return startOver(index, "got no answer to \(clients[index].stage.rawValue) \(clients[index].path)")
    }
    if clients[index].asksDHCP {
      var packet = clients[index].question
      packet.transaction = UInt32(index) << 1 | (packet.isIPXE ? 1 : 0)
      return StormSocket.broadcast(packet.bytes, broadcast)
    }
    // A fresh connection for each try, as a card makes it.
    if clients[index].stage == .http || clients[index].socket < 0 { open(index) }
    if clients[index].stage == .tftp {
      let block = clients[index].blocks
      let words = block == 0 ? StormTFTP.read(clients[index].bootFile) : StormTFTP.acknowledge(block)
      StormSocket.send(words, clients[index].socket)
    }
  }

  /// Firmware that could not boot tries again, from the beginning.
  private mutating func startOver(_ index: Int, _ reason: String) {
    end(index)
    if clients[index].startOver() { ask(index, at: now) } else { clients[index].fail(reason) }
  }

  private mutating func open(_ index: Int) {
    end(index)
    guard let address = clients[index].address else { return }
    let isTFTP = clients[index].stage == .tftp
    if !isTFTP, clients[index].path.isEmpty { clients[index].path = clients[index].firstPath }
    clients[index].answer = []
    clients[index].bytes = 0
    let file = StormSocket.connected(from: address, to: settings.server, port: isTFTP ? 69 : 80, isStream: !isTFTP)
    // Asked again when its time has come.
    guard file >= 0 else { return }
    clients[index].socket = file
    byFile[file] = index
    // A card asks as soon as it is connected.
    poll.add(file, writing: !isTFTP)
  }

  private mutating func end(_ index: Int) {
    let file = clients[index].socket
    guard file >= 0 else { return }
    close(file)
    byFile[file] = nil
    clients[index].socket = -1
  }

  // MARK: Answers

  private mutating func listen() {
    for ready in poll.ready(within: 20) {
      if ready.file == broadcast {
        takeLeases()
      } else if let index = byFile[ready.file] {
        if clients[index].stage == .tftp { takeBlocks(index) } else { takeHTTP(index, ready) }
      }
    }
  }

  private mutating func takeLeases() {
    while let bytes = StormSocket.receive(broadcast) {
      guard let packet = StormDHCP(answer: bytes[...]), let index = indices[packet.mac], index < begun,
        packet.transaction == UInt32(index) << 1 | (clients[index].question.isIPXE ? 1 : 0)
      else { continue }
      guard clients[index].take(packet, at: now) else { continue }
      if settings.architecture != 0, clients[index].stage == .tftp {
        clients[index].fail("boot file \(clients[index].bootFile)")
      } else {
        ask(index, at: now)
      }
    }
  }

  private mutating func takeBlocks(_ index: Int) {
    while clients[index].socket >= 0, let bytes = StormSocket.receive(clients[index].socket) {
      switch StormTFTP.answer(bytes[...]) {
      case .options: StormSocket.send(StormTFTP.acknowledge(0), clients[index].socket)
      case .block(let number, let count) where number == clients[index].blocks &+ 1:
        clients[index].blocks = number
        clients[index].tries = 0
        _ = clients[index].mayAskAgain(at: now)
        StormSocket.send(StormTFTP.acknowledge(number), clients[index].socket)
        if count < StormTFTP.blockSize {
          end(index)
          clients[index].go(to: .ipxeOffer)
          ask(index, at: now)
        }
      case .error(let why): startOver(index, "TFTP: \(why)")
      case .block, nil: continue
      }
    }
  }

  private mutating func takeHTTP(_ index: Int, _ ready: StormPoll.Ready) {
    if ready.isWritable {
      let request =
        "GET \(clients[index].path) HTTP/1.1\r\nHost: \(settings.server)\r\nUser-Agent: iPXE\r\n"
        + "Connection: close\r\nRange: bytes=0-\(Self.mostBytes - 1)\r\n\r\n"
      StormSocket.send(Array(request.utf8), ready.file)
      poll.awaitAnswer(ready.file)
      clients[index].bytes = -1
      return
    }
    switch StormSocket.read(ready.file) {
    case .bytes(let bytes):
      // Of a kernel only the beginning is looked at.
      if clients[index].answer.count < 1 << 16 { clients[index].answer += bytes }
      clients[index].bytes = max(0, clients[index].bytes) + bytes.count
      clients[index].retryAt = now + 15
    case .nothing: return
    case .end: finished(index)
    }
  }

  /// The server has closed: the answer is whole, or there is none and it is asked again.
  private mutating func finished(_ index: Int) {
    end(index)
    guard let (status, body) = StormSocket.response(clients[index].answer) else { return }
    switch status {
    // Too often, or not now: again when its time has come.
    case 429, 500...: return
    case 200..<300, 404:
      guard let next = clients[index].next(after: status, body, at: now) else {
        if status == 404 { return clients[index].fail("\(clients[index].path) is not there") }
        clients[index].servedAt = now
        return clients[index].go(to: .done)
      }
      if next.isEmpty { return clients[index].fail("its script goes on nowhere") }
      clients[index].path = next
      clients[index].tries = 0
      ask(index, at: now)
    default: clients[index].fail("\(clients[index].path): HTTP \(status)")
    }
  }
}
