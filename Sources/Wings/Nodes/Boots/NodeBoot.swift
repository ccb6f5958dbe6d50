// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One boot of a node, put together from what the heads have heard.
package struct NodeBoot: Hashable, Codable, Sendable {
  package struct Step: Hashable, Codable, Sendable {
    package var stage: NodeReport.Stage
    /// Seconds since the boot began.
    package var after: Int
  }

  package enum Ending: String, Codable, Sendable {
    case ready, failed
    /// Its power was switched off.
    case off
    /// Nothing came after it, or not yet.
    case unfinished
  }

  /// Seconds since 1970, by the clock of the machine that asks.
  package var began: Int
  package var steps: [Step]
  package var ending: Ending
  package var image: String?
  package var detail: String?

  /// The boots that moments tell of, the newest first.
  ///
  /// - Parameter moments: of all heads: reports go to whichever holds the address.
  /// - Parameter now: seconds since 1970.
  package static func boots(_ moments: [BootMoment], now: Int) -> [NodeBoot] {
    var boots: [NodeBoot] = []
    for moment in moments.sorted(by: { ($0.age, $1.stage.rank) > ($1.age, $0.stage.rank) }) {
      let at = now.minus(moment.age)
      let last = boots.last?.steps.last?.stage
      if last == nil || moment.stage.rank <= (last?.rank ?? 0) {
        boots.append(NodeBoot(began: at, steps: [], ending: .unfinished))
      }
      var boot = boots.removeLast()
      boot.steps.append(Step(stage: moment.stage, after: at.minus(boot.began)))
      boot.image = moment.image ?? boot.image
      boot.detail = moment.detail ?? boot.detail
      boot.ending = moment.ending
      boots.append(boot)
    }
    return boots.reversed()
  }
}

extension BootMoment {
  fileprivate var ending: NodeBoot.Ending {
    switch stage {
    case .ready: .ready
    case .failed: .failed
    case .powered where detail == NodeReport.off: .off
    default: .unfinished
    }
  }
}

extension NodeReport.Stage {
  /// Its place on the way up.
  fileprivate var rank: Int {
    switch self {
    case .powered: 0
    case .dhcp: 1
    case .script: 2
    case .image: 3
    case .ready, .failed, .elsewhere: 4
    }
  }
}
