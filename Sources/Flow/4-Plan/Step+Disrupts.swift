// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Step {
  enum Disrupts: Hashable {
    case service(String)
    /// Everything that the head does.
    case host
  }

  /// What users of a *head* lose for a while. Nodes that reboot are not heads, although a head drives them.
  var disrupts: Disrupts? {
    if disruption < .restart { return nil }
    return switch operation.impact {
    case .node: nil
    case .unit(let name, _): disruption >= .reboot ? .host : .service(name)
    case .clusteredServices, .machine: .host
    case .nothing: disruption >= .reboot ? .host : nil
    }
  }

  /// The head that is disrupted: the one that is installed, not the one that installs it.
  var disruptedHost: HostID {
    if case .machine(let other?) = operation.impact { other } else { host }
  }
}
