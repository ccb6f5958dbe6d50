// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import XML

/// How one of our elements differs from the spec.
package struct CIBDifference: Hashable, Sendable {
  package enum Change: String, Hashable, Sendable { case added, removed, changed }

  package var id: String
  package var change: Change
  /// The element's name: `primitive`, `rsc_location`, `nvpair`.
  package var element: String
  /// Lines for the reader of a plan.
  package var lines: [String]
  /// Whether Pacemaker restarts the resource for it: its parameters changed, not how it is watched.
  package var restarts: Bool
}

extension CIBDocument {
  /// The changes that the goal would make, element by element. Empty when everything is as the goal says.
  package func differences(_ goal: CIBGoal) -> [CIBDifference] {
    var found: [CIBDifference] = []
    var present: [CIBElement.Section: [String: XMLElement]] = [:]
    for element in goal.elements {
      if present[element.section] == nil { present[element.section] = elements(in: element.section) }
      let live = present[element.section]?[element.id]
      if live?.canonical == element.xml { continue }
      // One that is not XML differs from everything; applying it says why.
      let wanted = (try? XMLElement(parsing: element.xml)) ?? XMLElement("unreadable", [.init("id", element.id)])
      guard let live else {
        found.append(
          CIBDifference(
            id: element.id, change: .added, element: wanted.name, lines: ["+ \(wanted.summary)"], restarts: false))
        continue
      }
      guard !wanted.isSatisfied(by: live) else { continue }
      let merged = wanted.keepingForeignSets(of: live)
      found.append(
        CIBDifference(
          id: element.id, change: .changed, element: wanted.name, lines: live.changes(to: merged),
          restarts: live.restarts(for: merged)))
    }
    for id in dropped(by: goal) {
      guard let live = element(id) else { continue }
      found.append(
        CIBDifference(
          id: id, change: .removed, element: live.name, lines: ["- \(live.summary)"],
          restarts: live.name == "primitive" && live["class"] != "stonith"))
    }
    return found
  }
}

extension XMLElement {
  /// `primitive dnsmasq (ocf:cluster:service)`, `property stonith-enabled=true`.
  fileprivate var summary: String {
    if name == "nvpair" { return "\(self["name"] ?? "")=\(self["value"] ?? "")" }
    let agent = ["class", "provider", "type"].compactMap { self[$0] }.joined(separator: ":")
    let rest = attributes.filter { !["id", "class", "provider", "type"].contains($0.name) }
      .map { "\($0.name)=\($0.value)" }.joined(separator: " ")
    return "\(name) \(id ?? "")" + (agent.isEmpty ? "" : " (\(agent))") + (rest.isEmpty ? "" : " " + rest)
  }

  /// One line for each attribute that differs, below and including this element.
  fileprivate func changes(to wanted: XMLElement, of owner: String? = nil) -> [String] {
    let owner = id ?? owner ?? name
    if name == "nvpair", wanted.name == "nvpair" {
      return ["\(wanted["name"] ?? owner): \(self["value"] ?? "") -> \(wanted["value"] ?? "")"]
    }
    var lines: [String] = []
    for attribute in wanted.attributes where self[attribute.name] != attribute.value {
      lines.append("\(owner): \(attribute.name) \(self[attribute.name] ?? "(none)") -> \(attribute.value)")
    }
    for attribute in attributes where wanted[attribute.name] == nil {
      lines.append("\(owner): \(attribute.name) \(attribute.value) -> (none)")
    }
    for child in wanted.elements {
      guard let live = counterpart(of: child) else {
        lines.append("\(owner): + \(child.summary)")
        continue
      }
      if live != child { lines += live.changes(to: child, of: owner) }
    }
    for child in elements where wanted.counterpart(of: child) == nil {
      lines.append("\(owner): - \(child.summary)")
    }
    return lines
  }

  private func counterpart(of child: XMLElement) -> XMLElement? {
    elements.first { $0.name == child.name && ($0.id == child.id || child.name == "operations") }
  }

  /// Pacemaker restarts a resource whose agent or parameters change; operations and meta attributes are taken up as it
  /// runs. Fence devices are only queried.
  fileprivate func restarts(for wanted: XMLElement) -> Bool {
    guard name == "primitive", wanted["class"] != "stonith" else { return false }
    func parameters(_ element: XMLElement) -> Set<[String]> {
      Set(
        element.elements.filter { $0.name == "instance_attributes" }.flatMap(\.elements).map {
          [$0["name"] ?? "", $0["value"] ?? ""]
        })
    }
    return parameters(self) != parameters(wanted) || ["class", "provider", "type"].contains { self[$0] != wanted[$0] }
  }
}
