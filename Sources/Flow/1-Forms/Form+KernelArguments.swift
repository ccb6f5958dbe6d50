// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form where Value == String {
  /// An argument of a kernel: `name` or `name=value`. Boot loaders take it as one word and expand nothing in it.
  package static var kernelArgument: Form {
    text(
      "an argument of the kernel", code: .badName,
      pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]*(=[A-Za-z0-9_.,:;@/+*%=!~^()-]*)?$", examples: ["console=ttyS1,115200"]
    ) { text in
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = parts[0]
      guard text.utf8.count <= 256, isWord(name, first: { isAlphanumeric($0) || $0 == 95 }, rest: "_.-"),
        parts.count == 1 || parts[1].utf8.allSatisfy({ isAlphanumeric($0) || "_.,:;@/+*%=!~^()-".utf8.contains($0) })
      else {
        return .wrong(
          "`\(shown(text))` is not an argument of the kernel.",
          help: "Write one argument in each entry, `name` or `name=value`, without blanks and quotes.")
      }
      if KernelArguments.reserved.contains(String(name)) || name.hasPrefix(KernelArguments.reservedPrefix) {
        return .wrong(
          "`\(shown(String(name)))` is said by the boot scripts, which need it.",
          help: "Remove it. Its value follows from the description.", code: .noEffect)
      }
      return .value(text)
    }
  }
}

extension Form where Value == [Located<String>] {
  /// Arguments of a kernel, each in an entry of its own. Boot loaders take them as one line, and so are they written
  /// by who copies that line.
  package static var kernelArguments: Form {
    let list = Form.list(of: .kernelArgument, "a list of arguments of the kernel")
    return Form(noun: list.noun, schema: list.schema) { node, problems in
      guard case .scalar(let scalar) = node.content, !node.isEmpty else { return list.read(node, &problems) }
      let words = scalar.text.split(separator: " ").map { $0.contains(",") ? "\"\($0)\"" : String($0) }
      let isPlain = !scalar.text.contains { "\"'\\[]{}#".contains($0) } && node.span.line == node.span.endLine
      let whole = "[\(words.joined(separator: ", "))]"
      problems.error(
        .wrongType, "Expected \(list.noun), found a single value.",
        help: "Write each of them as an item, and quotes around those with a comma: [quiet, \"console=ttyS1,115200\"].",
        at: node.firstLine,
        fixIts: isPlain
          ? [.init(label: "write `\(shown(whole))`", span: node.span, replacement: whole, isCertain: scalar.plain)] : []
      )
      return nil
    }
  }
}
