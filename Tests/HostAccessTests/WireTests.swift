// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import HostAccess
import TestKit
import Testing
import Wings

@Suite struct WireTests {
  @Test func everyProbeAndOperationHasASample() {
    #expect(Set(WireSamples.probes.map(\.name)) == Set(ProbeCatalog.all.names))
    #expect(Set(WireSamples.replies.map(\.0.name)) == Set(ProbeCatalog.all.names))
    #expect(Set(WireSamples.operations.map(\.name)).sorted() == OperationCatalog.all.names)
  }

  @Test func everyRequestArrivesAsItWasSent() throws {
    let secrets = Secrets([SecretRef("s"): [0, 1, 255]])
    let token = RunToken(run: "r", generation: 7, holder: "a@b pid 1")

    guard
      case .request(1, .answer(let probes, let carried)) = try sent(
        .request(id: 1, .answer(WireSamples.probes, secrets)))
    else { throw Unexpected() }
    #expect(probes == WireSamples.probes)
    #expect(carried[SecretRef("s")] == [0, 1, 255])

    for operation in WireSamples.operations {
      guard
        case .request(2, .perform(let arrived, _, let run)) = try sent(
          .request(id: 2, .perform(operation, secrets, token)))
      else { throw Unexpected() }
      #expect(arrived == operation)
      #expect(run == token)
    }
  }

  @Test func everyAnswerArrivesAsItWasSent() throws {
    var decoder = FrameDecoder(.all)
    decoder.push(try FrameDecoder.frame(AgentMessage.reply(id: 3, .answers(WireSamples.answers))))

    guard case .reply(3, .answers(let answers)) = try decoder.next(AgentMessage.self) else { throw Unexpected() }

    #expect(answers == WireSamples.answers)
    #expect(decoder.isBetweenFrames)
  }

  /// Messages can be read by eye, and equal ones are equal bytes.
  @Test func messagesAreJSONByNames() throws {
    let probes = [AnyProbe(LinksProbe()), AnyProbe(FileProbe("/etc/hosts"))]
    let secrets = Secrets([SecretRef("b"): [0, 255], SecretRef("a"): []])

    #expect(
      try json(ClientMessage.request(id: 1, .answer(probes, secrets)))
        == [
          #"{"request":{"_1":{"answer":{"_0":[{"name":"links","of":{}},"#,
          #"{"name":"file","of":{"contents":true,"path":"/etc/hosts"}}],"#,
          #""_1":{"a":[],"b":[0,255]}}},"id":1}}"#,
        ].joined())
    #expect(
      try json(AgentMessage.hello(AgentHello(version: 7, host: "head1", probes: ["links"], operations: ["ensureFile"])))
        == #"{"hello":{"_0":{"host":"head1","operations":["ensureFile"],"probes":["links"],"version":7}}}"#)
  }

  /// What an agent of another version is refused with names that version.
  @Test func theHelloOfAnotherVersionIsUnderstood() throws {
    let said = Array(#"{"hello":{"_0":{"version":2,"host":"head1"}}}"#.utf8)
    var decoder = FrameDecoder(.all)
    decoder.push([0, 0, 0, UInt8(said.count)] + said)

    let hello = try decoder.next(AgentMessage.self)

    guard case .hello(AgentHello(version: 2, host: "head1", probes: [], operations: [])) = hello else {
      throw Unexpected()
    }
  }

  /// What another version knows and this one does not is called by its name.
  @Test func anUnknownProbeIsNamed() throws {
    let said = Array(#"{"request":{"id":1,"_1":{"answer":{"_0":[{"name":"weather","of":{}}],"_1":{}}}}}"#.utf8)
    var decoder = FrameDecoder(.all)
    decoder.push([0, 0, 0, UInt8(said.count)] + said)

    let error = #expect(throws: AgentError.self) { try decoder.next(ClientMessage.self) }

    #expect(error?.code == .protocolMismatch && error?.message.contains("weather") == true)
  }

  /// An answer to another probe is the agent's mistake, and never absence.
  @Test func anAnswerToAnotherProbeIsAnErrorOfTheAgent() throws {
    let answers: [AnyProbe: AnyAnswer] = [
      AnyProbe(CIBProbe()): AnyAnswer(CrmMonProbe.self, nil),
      AnyProbe(CloneProbe("head2")): AnyAnswer(CloneProbe.self, nil),
    ]
    let known = Answers(Inventory(hosts: ["head1": .answered(answers)], observedAt: 0), uninstalled: [])

    let error = #expect(throws: Unreadable.self) { try known.answer("head1", CIBProbe()) }

    guard case .failed("head1", let told) = error else { throw Unexpected() }
    #expect(told.code == .protocolMismatch && told.message.contains("crmMon"))
    // One that was answered with nothing is that.
    #expect(try known.answer("head1", CloneProbe("head2")) == .some(nil))
  }

  /// What is trusted to be asked: a new one is seen in review.
  @Test func theProbesAreThese() {
    expectGolden(ProbeCatalog.all.names.joined(separator: "\n") + "\n", at: "cases/probes.txt")
    #expect(AgentCatalog.wire.probes.names == ProbeCatalog.all.names)
  }

  /// The fuzzer starts from one message of each sort. `UPDATE_GOLDEN=1` writes them anew.
  @Test func everySampleIsInTheCorpusOfTheFuzzer() throws {
    let folder = "../FuzzTests/corpus/wire"
    let samples = try WireSamples.frames()

    for (name, frame) in samples { expectGolden(frame, at: "\(folder)/\(name)") }

    // What the fuzzer itself found is named by its SHA-1.
    let named = try goldenNames(in: folder).filter { $0.count != 40 }
    #expect(Set(named) == Set(samples.keys), "a sample that is no longer sent is to be deleted")
  }

  @Test(arguments: [
    "[]", "3", #"{"reply":1}"#, #"{"reply":{"id":1}}"#, #"{"hello":{},"reply":{}}"#,
    #"{"reply":{"id":1,"_1":{"answers":{"_0":[{"name":"links"}]}}}}"#,
    #"{"reply":{"id":1,"_1":{"answers":{"_0":[{"name":"power","answer":"dimmed"}]}}}}"#,
    #"{"reply":{"id":1,"_1":{"answers":{"_0":[{"name":"no-such","answer":{}}]}}}}"#,
    #"{"reply":{"id":1.5,"_1":{"done":{}}}}"#,
  ])
  func whatIsNoMessageIsAMismatch(_ text: String) {
    var decoder = FrameDecoder(.all)
    decoder.push([0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8))

    #expect { try decoder.next(AgentMessage.self) } throws: { ($0 as? AgentError)?.code == .protocolMismatch }
  }

  /// The JSON reader bounds how deep it goes, or a frame of brackets would use up the stack.
  @Test func deepNestingIsAMismatch() {
    let depth = 1 << 20
    var decoder = FrameDecoder(.all)
    decoder.push([0, 0x10, 0, 0] + [UInt8](repeating: UInt8(ascii: "["), count: depth))

    #expect { try decoder.next(AgentMessage.self) } throws: { ($0 as? AgentError)?.code == .protocolMismatch }
  }

  @Test func messagesArriveHoweverTheirBytesAreCut() throws {
    var random = SeededGenerator()
    let count = 200
    var bytes: [UInt8] = []
    for id in 0..<count { bytes += try FrameDecoder.frame(ClientMessage.cancel(id: id)) }

    var decoder = FrameDecoder(.all)
    var seen: [Int] = []
    while !bytes.isEmpty {
      let piece = bytes.prefix(Int.random(in: 1...90, using: &random))
      bytes.removeFirst(piece.count)
      decoder.push(piece)
      while let message = try decoder.next(ClientMessage.self) {
        if case .cancel(let id) = message { seen.append(id) }
      }
    }

    #expect(seen == Array(0..<count))
    #expect(decoder.isBetweenFrames)
  }

  @Test func garbageIsAMismatchAndNeverMore() throws {
    var random = SeededGenerator()
    let honest = try FrameDecoder.frame(ClientMessage.request(id: 1, .answer(WireSamples.probes, Secrets())))
    for _ in 0..<2000 {
      var bytes = honest
      // Half of them damaged messages, half of them noise.
      if Bool.random(using: &random) {
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
      } else {
        bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      var decoder = FrameDecoder(.all)
      decoder.push(bytes)
      do throws(AgentError) {
        while try decoder.next(ClientMessage.self) != nil {}
      } catch {
        #expect(error.code == .protocolMismatch)
      }
    }
  }

  @Test func aHugeFrameIsRefusedBeforeItsBytesCome() {
    var decoder = FrameDecoder(.all)
    decoder.push([0x7f, 0xff, 0xff, 0xff])

    #expect { try decoder.next() } throws: { ($0 as? AgentError)?.code == .protocolMismatch }
  }

  @Test func textInsteadOfFramesIsShown() {
    var decoder = FrameDecoder(.all)
    decoder.push(Array("Welcome to head1!\n".utf8))

    #expect { try decoder.next() } throws: { ($0 as? AgentError)?.cause?.contains("Welcome to head1!") == true }
  }

  private func sent(_ message: ClientMessage) throws -> ClientMessage? {
    var decoder = FrameDecoder(.all)
    decoder.push(try FrameDecoder.frame(message))
    return try decoder.next(ClientMessage.self)
  }

  private func json(_ message: some Encodable) throws -> String {
    String(decoding: try FrameDecoder.frame(message).dropFirst(4), as: UTF8.self)
  }

  private struct Unexpected: Error {}
}
