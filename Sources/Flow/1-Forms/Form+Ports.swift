// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A port or a range of ports.
package enum PortForm {
  package static var form: Form<ClosedRange<Int>> {
    let noun = "a port, or a range of ports"
    let schema = SchemaValue.members([
      "anyOf": .list([
        Form<Int>.integer(1...65535).schema,
        .members([
          "type": .text("string"), "pattern": .text("^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$"),
          "examples": .list([.text("8000-8010")]),
        ]),
      ])
    ])
    return Form(noun: noun, schema: schema) { node, problems in
      guard let scalar = node.scalar(for: noun, &problems) else { return nil }
      guard scalar.text.contains("-") else {
        return Form<Int>.integer(1...65535).read(node, &problems).map { $0...$0 }
      }
      let ends = scalar.text.split(separator: "-", omittingEmptySubsequences: false).map(number)
      guard ends.count == 2, let first = ends[0], let last = ends[1], first < last else {
        problems.error(
          .badNumber, "`\(shown(scalar.text))` is not a range of ports.",
          help: "Write the lower and the higher one, from 1 to 65535: `8000-8010`.", at: node.span)
        return nil
      }
      return first...last
    }
  }

  static func number(_ text: Substring) -> Int? {
    guard text.utf8.allSatisfy({ (48...57).contains($0) }), !text.hasPrefix("0") else { return nil }
    return Int(text).flatMap { (1...65535).contains($0) ? $0 : nil }
  }
}
