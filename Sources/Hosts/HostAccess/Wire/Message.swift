// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

/// What the control machine asks of an agent. Requests are answered in any order; `id` says which.
package struct Request: Codable, Sendable {
  package enum Call: Codable, Sendable {
    /// Always the first. Refused by an agent of another version.
    case hello(version: Int)
    case answer([Probe], Secrets)
    case perform(ClusterModel.Operation, Secrets, RunToken)
    case lease
    case claim(RunToken)
    case release(RunToken)
  }

  package static let version = 1

  package var id: UInt64
  package var call: Call

  package init(id: UInt64, call: Call) {
    self.id = id
    self.call = call
  }
}

/// What an agent says to a request: any number of progress lines, and then one of the others.
package struct Reply: Codable, Sendable {
  package struct Answered: Codable, Sendable, Hashable {
    package var probe: Probe
    package var answer: Answer
  }

  package enum Body: Codable, Sendable {
    case progress(String)
    case hello(version: Int)
    /// Pairs, because a JSON object has only texts as keys.
    case answers([Answered])
    case outcome(Outcome)
    case lease(LeaseState)
    case done
    case failed(AgentError)
  }

  package var id: UInt64
  package var body: Body

  package init(id: UInt64, body: Body) {
    self.id = id
    self.body = body
  }

  package static func answers(_ id: UInt64, _ answers: [Probe: Answer]) -> Reply {
    Reply(id: id, body: .answers(answers.map { Answered(probe: $0.key, answer: $0.value) }))
  }
}

/// Messages as frames, and back.
package enum Wire {
  package static func encode(_ message: some Encodable) throws(AgentError) -> [UInt8] {
    let json: Data
    do { json = try JSONEncoder().encode(message) } catch {
      throw AgentError(.invalid, "A message cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
    }
    return try Frame.bytes(json)
  }

  /// The error never shows the payload, which may hold secrets.
  package static func decode<Message: Decodable>(_ type: Message.Type, _ payload: [UInt8]) throws(AgentError) -> Message {
    do { return try JSONDecoder().decode(type, from: Data(payload)) } catch {
      throw .garbage("a message of \(payload.count) bytes is not a \(type)")
    }
  }
}
