// SPDX-License-Identifier: Apache-2.0

extension XMLElement {
  /// One line: attributes sorted by name, no white space between elements. The same for equal content.
  package var canonical: String {
    var text = ""
    write(to: &text, sorted: true, indent: nil)
    return text
  }

  /// Indented by two spaces, attributes in the order they have.
  package var indented: String {
    var text = ""
    write(to: &text, sorted: false, indent: 0)
    return text
  }

  private func write(to text: inout String, sorted: Bool, indent: Int?) {
    let margin = indent.map { String(repeating: "  ", count: $0) } ?? ""
    let newline = indent == nil ? "" : "\n"
    text += margin
    text += "<"
    text += name
    for attribute in sorted ? attributes.sorted(by: { $0.name < $1.name }) : attributes {
      text += " "
      text += attribute.name
      text += "=\""
      Self.escape(attribute.value, quoted: true, to: &text)
      text += "\""
    }
    guard !children.isEmpty else {
      text += "/>"
      text += newline
      return
    }
    // White space next to text is text, so an element that holds text is written on one line.
    let holdsText = children.contains { if case .text = $0 { true } else { false } }
    let inner = holdsText ? nil : indent.map { $0 + 1 }
    text += ">" + (inner == nil ? "" : "\n")
    for child in children {
      switch child {
      case .element(let element): element.write(to: &text, sorted: sorted, indent: inner)
      case .text(let content): Self.escape(content, quoted: false, to: &text)
      case .comment(let content):
        text += inner.map { String(repeating: "  ", count: $0) } ?? ""
        text += "<!--\(content)-->" + (inner == nil ? "" : "\n")
      }
    }
    if inner != nil { text += margin }
    text += "</"
    text += name
    text += ">"
    text += newline
  }

  private static func escape(_ text: String, quoted: Bool, to result: inout String) {
    // Hardly any text has one of these, and the whole of it is then taken over at once.
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x26 || $0 == 0x3C || $0 == 0x3E }) else {
      result += text
      return
    }
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"" where quoted: result += "&quot;"
      // A reader turns these into spaces in an attribute's value, unless they are written as numbers.
      case "\n" where quoted: result += "&#10;"
      case "\t" where quoted: result += "&#9;"
      case "\r": result += "&#13;"
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
