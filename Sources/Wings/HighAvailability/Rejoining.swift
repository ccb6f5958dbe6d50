// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How long a head that has booted waits before it joins the others: until they have noticed that it was gone.
///
/// Pacemaker's confirmation of a fencing reaches its members when they have a membership again. A head that is in it by
/// then, having booted faster, hears that it was fenced, and its Pacemaker ends for good, since that should not be.
/// Others hold their daemons back likewise: `SBD_DELAY_START` in sbd(8).
enum Rejoining {
  static let path = "/usr/lib/cluster/rejoin"
  static let why = "a head that is fenced and back in no time waits until the others have noticed"
  static var program: String { String(decoding: PackageResources.rejoin, as: UTF8.self) }

  /// The time until the others agree that it is gone; where a witness votes, the time that it waits for a head; and a
  /// second for the rest.
  static func seconds(_ policy: HighAvailabilityPolicy) -> Int64 {
    let token = policy.heartbeat.detect.milliseconds
    let witness = policy.witness == nil ? 0 : CorosyncConfiguration.witnessTimeout(token) * 6 / 5
    return (CorosyncConfiguration.noticed(token) + witness + 999) / 1000 + 1
  }
}
