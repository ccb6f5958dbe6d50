// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What may happen to any message on its way, and how fast machines are.
package struct Weather: Sendable {
  /// The connection breaks before the request arrives.
  package var lostRequests = 0.0
  /// The connection breaks before the reply arrives: what was asked for goes on.
  package var lostReplies = 0.0
  /// The request arrives a second time, a little later.
  package var duplicates = 0.0
  /// How often a message takes much longer than usual.
  package var delays = 0.0
  /// Machines that take so many times as long for everything.
  package var slow: [HostID: Double] = [:]

  package init() {}

  package static let calm = Weather()
}
