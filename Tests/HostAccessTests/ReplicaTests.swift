// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Pacemaker
import Testing
import Wings

@testable import AgentServer

/// The stand-in for DRBD: which copy counts, and what is copied.
@Suite("Replicated disks")
struct ReplicaTests {
  private func copy(_ generation: Int, by author: String = "head1") -> ReplicaMeta {
    var meta = ReplicaMeta()
    (meta.generation, meta.author, meta.isWhole) = (generation, author, true)
    return meta
  }

  // MARK: Which copy counts

  @Test func aCopyThatMayBeOlderIsNeverStartedFrom() {
    func obstacle(
      _ meta: ReplicaMeta, _ record: (Int, String)? = nil, current: Bool = true, accepted: Bool = false
    ) -> String? {
      meta.obstacle(
        record: record.map { (generation: $0.0, author: $0.1) }, isCurrent: current, isAccepted: accepted)
    }
    #expect(obstacle(copy(3)) == nil)
    #expect(obstacle(copy(3), (3, "head1")) == nil)
    #expect(obstacle(copy(3), (4, "head2"))?.contains("older than the one of head2") == true)
    // The same number by somebody else: both went on alone.
    #expect(obstacle(copy(3), (3, "head2")) != nil)
    // After a power cut, with the other head silent.
    #expect(obstacle(copy(3), current: false)?.contains("start that head too") == true)
    var alone = copy(4)
    alone.isAlone = true
    #expect(obstacle(alone, (4, "head1"), current: false) == nil)
    var left = copy(3)
    left.isOutdated = true
    #expect(obstacle(left) != nil)
    var partial = copy(3)
    partial.isWhole = false
    #expect(obstacle(partial) != nil)
    #expect(obstacle(ReplicaMeta()) != nil)
    // An administrator may take any that is whole.
    #expect(obstacle(copy(3), (4, "head2"), current: false, accepted: true) == nil)
    #expect(obstacle(partial, accepted: true) != nil)
  }

  @Test func noHeadGoesOnAloneBeforeTheOtherIsOffOrBarred() throws {
    let place = try #require(ReplicaPlace(["head1", "10.2.0.1", "head2", "10.2.0.2", "1000"]))
    func judge(_ other: String?, quorum: Bool = true, silent: Int = 0) throws -> ReplicaPermission.Answer {
      let nodes = ["head1\" online=\"true\"", other.map { "head2\" \($0)" }].compactMap { $0 }
      let text =
        "<pacemaker-result><summary><current_dc present=\"true\" with_quorum=\"\(quorum)\"/></summary><nodes>"
        + nodes.map { "<node name=\"\($0)/>" }.joined() + "</nodes><resources/></pacemaker-result>"
      return ReplicaPermission.judge(try ClusterStatus(parsing: text), place, silent: silent)
    }
    #expect(try judge("online=\"false\" unclean=\"false\"") == .granted)
    #expect(try judge("online=\"false\" unclean=\"true\"", silent: 60_000) != .granted)
    #expect(try judge("online=\"true\" unclean=\"true\"", silent: 60_000) != .granted)
    // Corosync may not have noticed yet that it has gone.
    #expect(try judge("online=\"true\"", silent: 3000) != .granted)
    #expect(try judge("online=\"true\"", silent: 4000) == .granted)
    #expect(try judge(nil, quorum: false) != .granted)
  }

  // MARK: Messages

  @Test func messagesComeInPieces() {
    let message = ReplicaMessage(kind: .write, number: 1 << 40, offset: 1 << 33, payload: [1, 2, 3])
    let bytes = message.bytes + ReplicaMessage(kind: .flush, number: 7).bytes
    #expect(ReplicaMessage.read(bytes[...]) == .message(message, length: 35))
    for length in 0..<35 { #expect(ReplicaMessage.read(bytes[..<length]) == .incomplete) }
    #expect(ReplicaMessage.read(bytes[35...]) == .message(ReplicaMessage(kind: .flush, number: 7), length: 32))
    #expect(ReplicaMessage.read(Array("GET / HTTP/1.1\r\nHost: head1.example.org\r\n\r\n".utf8)[...]) == .nonsense)
    var long = bytes
    long[24] = 0xff
    #expect(ReplicaMessage.read(long[...]) == .nonsense, "4 GB are in no message")
    #expect(ReplicaMessage.marks([0, 65_536]).regions == [0, 65_536])
  }

  // MARK: Copies

  private func folder() throws -> String {
    let folder = NSTemporaryDirectory() + "replica-\(UUID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileSystem.write([], to: "\(folder)/disk", mode: 0o600)
    truncate("\(folder)/disk", 1 << 20)
    return folder
  }

  @Test func marksAreOnTheDiskBeforeTheWrite() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ReplicaStore.keep(copy(1), in: folder)
    let store = try ReplicaStore(folder)
    try store.mark(65_535, 2)
    try store.mark((1 << 20) - 1, 1)

    let again = try ReplicaStore(folder)
    #expect(again.markedRegions == [0, 1, 15] && again.marked == 3 && again.meta == copy(1))
    try again.clearMarks()
    #expect(try ReplicaStore(folder).marked == 0)
    #expect(throws: AgentError.self) { try again.write([1], at: 1 << 20) }
  }

  /// A standby that takes what an active one says, over the loopback.
  private final class Pair {
    let standby: StandbyReplica
    let channel: ReplicaChannel
    private(set) var heard: [ReplicaMessage] = []

    init(_ store: ReplicaStore, port: UInt16) throws {
      var place = try #require(ReplicaPlace(["head2", "127.0.0.1", "head1", "127.0.0.9", "1000"]))
      place.port = port
      standby = try StandbyReplica(place, store)
      channel = try #require(ReplicaChannel.begin(to: "127.0.0.1", port))
    }

    /// Until an answer to this number, or of this kind, has come.
    func hear(_ found: (ReplicaMessage) -> Bool) throws {
      let limit = MonotonicTime.now + 5000
      while !heard.contains(where: found) {
        try #require(limit.left > 0, "\(heard)")
        try standby.turn()
        guard channel.flush() else { continue }
        heard += channel.receive() ?? []
      }
    }

    func say(_ message: ReplicaMessage) throws {
      #expect(channel.send(message))
      try hear { $0.kind == .acknowledge && $0.number == message.number }
    }
  }

  @Test func aStandbyIsBarredWhileItIsCopiedTo() throws {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try ReplicaStore.keep(copy(3, by: "head2"), in: folder)
    let store = try ReplicaStore(folder)
    try store.mark(0, 1)
    let pair = try Pair(store, port: 47_791)
    var active = copy(4)
    active.isAlone = true
    let hello = ReplicaHello(role: .active, name: "head1", size: store.size, meta: active)
    #expect(pair.channel.send(hello.message))

    try pair.hear { $0.kind == .marks }
    #expect(pair.heard.first.flatMap(ReplicaHello.init)?.meta == copy(3, by: "head2"))
    #expect(pair.heard.last?.regions == [0], "it was active itself, and wrote there")
    try pair.say(ReplicaMessage(kind: .begin, number: 1))
    #expect(try ReplicaStore.meta(in: folder).isWhole == false)
    try pair.say(ReplicaMessage(kind: .write, number: 2, offset: 4096, payload: [7, 8]))
    try pair.say(ReplicaMessage(kind: .flush, number: 3))
    #expect(try ReplicaStore.meta(in: folder).isWhole == false)
    try pair.say(ReplicaMessage(kind: .done, number: 4, payload: hello.message.payload))

    #expect(try ReplicaStore.meta(in: folder) == copy(4))
    let result = try ReplicaStore(folder)
    #expect(try result.read(4096, 2) == [7, 8] && result.marked == 0)
  }

  // MARK: DRBD

  @Test func drbdTellsItsStateInProc() {
    func state(_ lines: String...) -> ReplicaState? {
      DRBDStatus.state(
        in: "version: 8.4.11 (api:1/proto:86-101)\nsrcversion: 1\n\n"
          + " 0: cs:Connected ro:Primary/Primary ds:UpToDate/UpToDate C r-----\n    ns:0 oos:4\n"
          + lines.joined(separator: "\n") + "\n")
    }
    let rest = "    ns:0 nr:0 dw:0 dr:0 al:0 bm:0 lo:0 pe:0 ua:0 ap:0 ep:1 wo:f oos:"
    #expect(state() == nil && state("100: cs:Unconfigured") == nil)
    #expect(
      state("100: cs:Connected ro:Secondary/Primary ds:UpToDate/UpToDate C r-----", rest + "0")
        == ReplicaState(isMade: true, standing: .inSync))
    #expect(
      state(
        "100: cs:SyncSource ro:Primary/Secondary ds:UpToDate/Inconsistent C r-----", rest + "1024",
        "\t[>....................] sync'ed:  0.3% (1024/1048576)K", "\tfinish: 0:01:42 speed: 10,240 (10,240) K/sec")
        == ReplicaState(isMade: true, isActive: true, standing: .syncing, left: 1 << 20, rate: 10 << 20))
    #expect(
      state("100: cs:WFConnection ro:Primary/Unknown ds:UpToDate/Outdated C r-----", rest + "12")
        == ReplicaState(isMade: true, isActive: true, standing: .alone, left: 12 << 10))
    #expect(
      state("100: cs:WFConnection ro:Primary/Unknown ds:UpToDate/DUnknown C s-----", rest + "0")?.standing == .held)
    #expect(
      state("100: cs:WFConnection ro:Secondary/Unknown ds:Outdated/DUnknown C r-----", rest + "0")?.standing == .behind)
    #expect(
      state("100: cs:WFConnection ro:Secondary/Unknown ds:UpToDate/DUnknown C r-----", rest + "0")?.standing == .waiting
    )
  }
}
