// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import XML

extension XMLElement {
  /// A resource of Pacemaker's: its agent, parameters, options and actions.
  static func primitive(
    _ id: String, _ agent: [String: String], _ parameters: [(name: String, value: String)],
    meta: [(name: String, value: String)], operations: [(name: String, interval: Duration, timeout: Duration)]
  ) -> XMLElement {
    func values(_ values: [(name: String, value: String)]) -> [Node] {
      values.map { name, value in
        .element(XMLElement("nvpair", [.init("id", "\(id)-\(name)"), .init("name", name), .init("value", value)]))
      }
    }
    let actions = operations.map { name, interval, timeout in
      XMLElement(
        "op",
        [
          .init("id", "\(id)-\(name)"), .init("name", name), .init("interval", interval.pacemaker),
          .init("timeout", timeout.pacemaker),
        ])
    }
    let options = XMLElement("meta_attributes", [.init("id", "\(id)-options")], children: values(meta))
    return XMLElement(
      "primitive", [.init("id", id)] + agent.sorted { $0.key < $1.key }.map { .init($0, $1) },
      children: [
        .element(XMLElement("instance_attributes", [.init("id", "\(id)-parameters")], children: values(parameters)))
      ] + (meta.isEmpty ? [] : [.element(options)])
        + [.element(XMLElement("operations", children: actions.map { .element($0) }))])
  }
}

extension Duration {
  /// `3s`, `500ms`: as Pacemaker reads it.
  fileprivate var pacemaker: String { milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms" }
}
