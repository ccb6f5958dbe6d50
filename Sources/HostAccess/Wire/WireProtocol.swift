// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The form in which requests travel to an agent: a four-byte length, big endian, and as many bytes of JSON, as the
/// compiler derives it from the messages below.
package enum WireProtocol {
  /// Raised whenever an older agent would misunderstand a newer client, or the other way round.
  package static let version = 4
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

  package init(version: Int, host: HostID) {
    self.version = version
    self.host = host
  }
}

/// The calls of `Host`.
package enum WireRequest: Codable, Sendable {
  case answer([Probe], Secrets)
  case perform(Operation, Secrets, RunToken)
  case confirm(PendingChange.ID, RunToken)
  case lease
  case claim(RunToken)
  case release(RunToken)
}

package enum WireReply: Codable, Sendable {
  /// In the order of the probes.
  case answers([Answer])
  case outcome(Outcome)
  case lease(LeaseState)
  case done
  case failed(AgentError)
}
