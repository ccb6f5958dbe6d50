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
  /// A group of `spread` starts on its own head with `never` too.
  func preference(of group: ServiceGroup) -> [CIBElement] {
    guard let home = group.home else { return [] }
    let id = group.name.map(SpreadConstraint.home(of:)) ?? "prefer-\(home)"
    func prefer(_ score: String) -> CIBElement {
      constraint("rsc_location", id, ["rsc": group.anchor, "node": home.name, "score": score])
    }
    switch policy.failback {
    case .manual: return [prefer("50")]
    case .automatic: return [prefer(Self.goes)]
    case .lazy: return [prefer("50"), whenQuiet(group), together(Failback.id(of: group.name), with: group.anchor)]
    case .never: return group.name == nil ? [] : [prefer("50")]
    }
  }

  /// The resources that find out when it costs least: each runs where its services run.
  var failback: [CIBElement] { policy.failback == .lazy ? groups.compactMap(finder(of:)) : [] }

  private func finder(of group: ServiceGroup) -> CIBElement? {
    guard let home = group.home else { return nil }
    let id = Failback.id(of: group.name)
    let names = Set(group.units.flatMap(\.services))
    let programs = WingCatalog.services(of: cluster).filter { names.contains($0.name) }.compactMap(\.quiet)
    var parameters = [("home", home.name), ("gap", "\(max(1, policy.lazy.gap.milliseconds / 1000))")]
    if let within = policy.lazy.within { parameters.append(("within", within.description)) }
    if !programs.isEmpty { parameters.append(("programs", programs.joined(separator: " "))) }
    let every = Duration.seconds(10)
    let primitive = XMLElement.primitive(
      id, ["class": "ocf", "provider": "cluster", "type": "failback"], parameters,
      // What finds out when to move must be no reason to move.
      meta: [("migration-threshold", "INFINITY"), ("resource-stickiness", "0"), ("priority", "0")],
      operations: [("monitor", every, .seconds(60)), ("start", .zero, .seconds(20)), ("stop", .zero, .seconds(20))])
    return CIBElement(section: .resources, id: id, xml: primitive.canonical)
  }

  private func whenQuiet(_ group: ServiceGroup) -> CIBElement {
    let told = Failback.id(of: group.name)
    let id = told + "-now"
    let says = XMLElement(
      "expression",
      [
        .init("id", "\(id)-said"), .init("attribute", told), .init("operation", "eq"),
        .init("value", Failback.Word.now.rawValue),
      ])
    let rule = XMLElement(
      "rule", [.init("id", "\(id)-rule"), .init("score", Self.goes)], children: [.element(says)])
    let location = XMLElement(
      "rsc_location", [.init("id", id), .init("rsc", group.anchor)], children: [.element(rule)])
    return CIBElement(section: .constraints, id: id, xml: location.canonical)
  }
}

/// Failback when it costs least: what its parts agree on.
package enum Failback {
  /// The agent, and the id of the resource that finds out for the services at the service addresses.
  package static let resource = "failback"

  /// The id of the resource that finds out for a group of `spread`; nil is those at the service addresses. It is also
  /// the name of an attribute of the group's own head, which goes when that head leaves the cluster.
  package static func id(of spread: String?) -> String { spread.map { "\(resource).\($0)" } ?? resource }

  /// Where the resource says what it waits for: a `ServiceReport`.
  package static func report(of spread: String?) -> String { "/run/cluster/\(id(of: spread))" }

  /// The values of the attribute.
  package enum Word: String, Sendable {
    case now
    case later
    /// An administrator has moved the services away: until that head has left the cluster once.
    case held
  }
}
