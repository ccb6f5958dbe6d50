// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import HostAccess
import Planning
import SpecReading
import Wings

// Fuzzing: what must hold of any bytes whatever, as functions that stop the program when it does not.
//
// Start at `FuzzTarget`. libFuzzer calls these with inputs of its own making (`make fuzz`); the tests call them with
// the inputs that it kept. Not for checking what a valid spec or message means: other tests do that.

/// A thing to fuzz: whatever reads bytes that somebody else wrote.
package enum FuzzTarget: String, CaseIterable, Sendable {
  /// A description, from a file that may hold anything.
  case spec
  /// A conversation with an agent, from a host that may be broken or hostile.
  case wire
  /// The boot log of a head, in which whoever is on the boot network writes lines.
  case reports

  /// Stops the program when the input breaks a promise.
  package func check(_ bytes: [UInt8]) {
    switch self {
    case .spec: SpecInput.check(bytes)
    case .wire: WireInput.check(bytes)
    case .reports: ReportInput.check(bytes)
    }
  }
}

/// Any bytes are either a cluster or a bounded list of problems, each within the text.
enum SpecInput {
  /// More than a report may hold: `SpecReader` stops at 500 and says so.
  private static let mostProblems = 501

  static func check(_ bytes: [UInt8]) {
    let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)
    let errors = reading.diagnostics.contains { $0.severity == .error }
    precondition(reading.cluster == nil || !errors, "a cluster in spite of errors")
    precondition(reading.cluster != nil || errors, "neither a cluster nor an error")
    precondition(reading.diagnostics.count <= mostProblems, "\(reading.diagnostics.count) problems are reported")
    let text = SourceText(file: "cluster.yaml", bytes: bytes)
    _ = DiagnosticRenderer(sources: [text], color: false).render(reading.diagnostics)
    if let cluster = reading.cluster { expand(cluster) }
  }

  /// Plans what was found valid: the kinds' questions stand for all that the features made of it.
  private static func expand(_ cluster: Cluster) {
    let desired = Expansion.expand(cluster, SiteFiles())
    let heads = HeadOrder(cluster, sight: HighAvailability.sight)
    let questions = Planner.questions(desired: desired, previously: [], catalog: KindCatalog.all, heads: heads)
    let away = AgentError(.unreachable, "no host is asked", next: "None is needed.")
    let inventory = Inventory(hosts: questions.mapValues { _ in .unreachable(away) }, observedAt: 0)
    do throws(PlanProblems) {
      _ = try Planner.plan(
        desired: desired, previously: [], inventory: inventory, catalog: KindCatalog.all, heads: heads, now: 0)
    } catch {
      // A valid description may still ask for one thing twice; that is said in words, not by dying.
      precondition(!error.description.isEmpty, "a plan refused without a word")
    }
  }
}

/// Any bytes are whole messages, the beginning of one, or a mismatch; and however they are cut, the same.
enum WireInput {
  static func check(_ bytes: [UInt8]) {
    let whole = messages(bytes, cut: bytes.count)
    // The first byte draws where the stream is cut.
    let cut = max(1, Int(bytes.first ?? 1) % 23)
    precondition(messages(bytes, cut: cut) == whole, "the same bytes in pieces of \(cut) are other messages")
    check(bytes, ClientMessage.self)
    check(bytes, AgentMessage.self)
  }

  /// The frames of a stream that comes in pieces, and whether it ended in a mismatch.
  private static func messages(_ bytes: [UInt8], cut: Int) -> [[UInt8]] {
    var decoder = FrameDecoder(.all)
    var frames: [[UInt8]] = []
    var rest = bytes[...]
    do throws(AgentError) {
      while !rest.isEmpty {
        let piece = rest.prefix(max(1, cut))
        rest = rest.dropFirst(piece.count)
        decoder.push(piece)
        while let frame = try decoder.next() { frames.append(frame) }
      }
    } catch {
      precondition(error.code == .protocolMismatch, "a broken stream is \(error.code)")
    }
    return frames
  }

  /// Encodes what was decoded, which must be understood the same way again.
  private static func check<Message: Codable>(_ bytes: [UInt8], _ type: Message.Type) {
    var decoder = FrameDecoder(.all)
    decoder.push(bytes)
    do throws(AgentError) {
      while let message = try decoder.next(type) { checkRoundTrip(message) }
    } catch {
      precondition(error.code == .protocolMismatch, "a broken message is \(error.code)")
      precondition(!error.next.isEmpty, "a mismatch without a next step")
    }
  }

  private static func checkRoundTrip(_ message: some Codable) {
    do throws(AgentError) {
      let frame = try FrameDecoder.frame(message)
      var decoder = FrameDecoder(.all)
      decoder.push(frame)
      guard let again = try decoder.next(type(of: message)) else { preconditionFailure("a message is lost") }
      let second = try FrameDecoder.frame(again)
      precondition(second == frame, "a message changes on its way")
    } catch {
      preconditionFailure("a message that was read cannot be sent: \(error)")
    }
  }
}
