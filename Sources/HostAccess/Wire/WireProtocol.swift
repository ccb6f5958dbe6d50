// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The form in which requests travel to an agent: a four-byte length, big endian, and as many bytes of JSON, as the
/// compiler derives it from the messages below.
package enum WireProtocol {
  /// Raised whenever an older agent would misunderstand a newer client, or the other way round.
  package static let version = 5
  /// A larger frame is refused before its bytes are taken.
  package static let frameLimit = 64 << 20
  /// How many probes one request may hold.
  package static let probeLimit = 10_000
}

/// A message from the client.
package enum ClientMessage: Codable, Sendable {
  case request(id: Int, WireRequest)
  /// Stop what request `id` asked for. It is still answered.
  case cancel(id: Int)
}

/// A message from the agent.
package enum AgentMessage: Codable, Sendable {
  /// The first message, sent without being asked.
  case hello(AgentHello)
  case progress(id: Int, String)
  /// The last message about a request.
  case reply(id: Int, WireReply)
}

package struct AgentHello: Hashable, Codable, Sendable {
  package var version: Int
  package var host: HostID
  /// The names of the probes that it can answer.
  package var probes: [String]
  /// The names of the operations that it can do.
  package var operations: [String]

  package init(version: Int, host: HostID, probes: [String], operations: [String]) {
    self.version = version
    self.host = host
    self.probes = probes
    self.operations = operations
  }

  /// Whatever version it is of: that is what a reader has to hear of first.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    version = try values.decode(Int.self, forKey: .version)
    host = try values.decode(HostID.self, forKey: .host)
    let isOurs = version == WireProtocol.version
    probes = isOurs ? try values.decode([String].self, forKey: .probes) : []
    operations = isOurs ? try values.decode([String].self, forKey: .operations) : []
  }
}

/// The calls of `ManagedHost`.
package enum WireRequest: Codable, Sendable {
  case answer([AnyProbe], Secrets)
  case perform(AnyOperation, Secrets, RunToken)
  case confirm(PendingChange.ID, RunToken)
  case lease
  case claim(RunToken)
  case release(RunToken)
}

package enum WireReply: Codable, Sendable {
  /// In the order of the probes.
  case answers([AnyAnswer])
  case outcome(Outcome)
  case lease(LeaseState)
  case done
  case failed(AgentError)
}
