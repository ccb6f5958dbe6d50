// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import TestKit
import Testing

@Suite struct WireTests {
  @Test func everyProbeAndOperationHasASample() {
    #expect(Set(WireSamples.probes.map(WireSamples.kind)) == Set(0...15))
    #expect(Set(WireSamples.operations.map(WireSamples.kind)) == Set(0...21))
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
    var decoder = FrameDecoder()
    decoder.push(try FrameDecoder.frame(AgentMessage.reply(id: 3, .answers(WireSamples.answers))))

    guard case .reply(3, .answers(let answers)) = try decoder.next(AgentMessage.self) else { throw Unexpected() }

    #expect(answers == WireSamples.answers)
    #expect(decoder.isBetweenFrames)
  }

  /// What an agent of another version is refused with names that version.
  @Test func theHelloOfOlderAgentsIsUnderstood() throws {
    let said = Array(#"{"hello":{"_0":{"version":2,"host":"head1"}}}"#.utf8)
    var decoder = FrameDecoder()
    decoder.push([0, 0, 0, UInt8(said.count)] + said)

    let hello = try decoder.next(AgentMessage.self)

    guard case .hello(AgentHello(version: 2, host: "head1")) = hello else { throw Unexpected() }
  }

  @Test(arguments: ["[]", "[\"reply\",1,\"answers\",3,\"links\",0]", "[\"reply\",1,\"answers\",-1]", "{\"reply\":1}"])
  func aListThatDoesNotFitIsAMismatch(_ text: String) {
    var decoder = FrameDecoder()
    decoder.push([0, 0, 0, UInt8(text.utf8.count)] + Array(text.utf8))

    #expect { try decoder.next(AgentMessage.self) } throws: { ($0 as? AgentError)?.code == .protocolMismatch }
  }

  @Test func messagesArriveHoweverTheirBytesAreCut() throws {
    var random = SeededGenerator()
    let count = 200
    var bytes: [UInt8] = []
    for id in 0..<count { bytes += try FrameDecoder.frame(ClientMessage.cancel(id: id)) }

    var decoder = FrameDecoder()
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
      var decoder = FrameDecoder()
      decoder.push(bytes)
      do throws(AgentError) {
        while try decoder.next(ClientMessage.self) != nil {}
      } catch {
        #expect(error.code == .protocolMismatch)
      }
    }
  }

  @Test func aHugeFrameIsRefusedBeforeItsBytesCome() {
    var decoder = FrameDecoder()
    decoder.push([0x7f, 0xff, 0xff, 0xff])

    #expect { try decoder.next() } throws: { ($0 as? AgentError)?.code == .protocolMismatch }
  }

  @Test func textInsteadOfFramesIsShown() {
    var decoder = FrameDecoder()
    decoder.push(Array("Welcome to head1!\n".utf8))

    #expect { try decoder.next() } throws: { ($0 as? AgentError)?.cause?.contains("Welcome to head1!") == true }
  }

  private func sent(_ message: ClientMessage) throws -> ClientMessage? {
    var decoder = FrameDecoder()
    decoder.push(try FrameDecoder.frame(message))
    return try decoder.next(ClientMessage.self)
  }

  private struct Unexpected: Error {}
}
