// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Pacemaker
import XML

/// Where services go when all heads are up, and when they go back.
extension PacemakerElements {
  /// More than all that stays where it is together, and less than a carrier.
  private static let goes = "10000"

  /// Where services go when both heads are up: with `manual` to the primary unless they already run somewhere, with
  /// `automatic` always to the primary, with `lazy` when its resource says so, with `never` anywhere.
  func preference(of anchor: HighAvailabilityPolicy.Address) -> [CIBElement] {
    guard let primary = cluster.primary?.name else { return [] }
    let address = ClusteredUnit.id(ofAddressOn: anchor.network)
    func prefer(_ score: String) -> CIBElement {
      constraint("rsc_location", "prefer-\(primary)", ["rsc": address, "node": primary.name, "score": score])
    }
    switch policy.failback {
    case .manual: return [prefer("50")]
    case .automatic: return [prefer(Self.goes)]
    case .lazy: return [prefer("50"), whenQuiet(address), together(Failback.resource, with: address)]
    case .never: return []
    }
  }

  /// The resource that finds out when it costs least: it runs where the services run.
  var failback: [CIBElement] {
    guard policy.failback == .lazy, let primary = cluster.primary?.name else { return [] }
    let services = WingCatalog.services(of: cluster).filter { policy.moves($0.name) }
    let programs = services.compactMap(\.quiet)
    var parameters = [("home", primary.name), ("gap", "\(max(1, policy.lazy.gap.milliseconds / 1000))")]
    if let within = policy.lazy.within { parameters.append(("within", within.description)) }
    if !programs.isEmpty { parameters.append(("programs", programs.joined(separator: " "))) }
    let every = Duration.seconds(10)
    let primitive = XMLElement.primitive(
      Failback.resource, ["class": "ocf", "provider": "cluster", "type": "failback"], parameters,
      // What finds out when to move must be no reason to move.
      meta: [("migration-threshold", "INFINITY"), ("resource-stickiness", "0"), ("priority", "0")],
      operations: [("monitor", every, .seconds(60)), ("start", .zero, .seconds(20)), ("stop", .zero, .seconds(20))])
    return [CIBElement(section: .resources, id: Failback.resource, xml: primitive.canonical)]
  }

  private func whenQuiet(_ address: String) -> CIBElement {
    let id = Failback.resource + "-now"
    let says = XMLElement(
      "expression",
      [
        .init("id", "\(id)-said"), .init("attribute", Failback.attribute), .init("operation", "eq"),
        .init("value", Failback.Word.now.rawValue),
      ])
    let rule = XMLElement(
      "rule", [.init("id", "\(id)-rule"), .init("score", Self.goes)], children: [.element(says)])
    let location = XMLElement(
      "rsc_location", [.init("id", id), .init("rsc", address)], children: [.element(rule)])
    return CIBElement(section: .constraints, id: id, xml: location.canonical)
  }
}

/// Failback when it costs least: what its parts agree on.
package enum Failback {
  /// The id of the resource that finds out.
  package static let resource = "failback"
  /// An attribute of the first head. It goes when that head leaves the cluster.
  package static let attribute = "failback"
  /// Where the resource says what it waits for: a `ServiceReport`.
  package static let report = "/run/cluster/failback"

  /// The values of the attribute.
  package enum Word: String, Sendable {
    case now
    case later
    /// An administrator has moved the services away: until that head has left the cluster once.
    case held
  }
}
