// SPDX-License-Identifier: Apache-2.0

/// An element of an XML document: enough of XML 1.0 for what Pacemaker reads and writes.
///
/// Namespaces are not interpreted. White space between elements is not kept, other text is.
package struct XMLElement: Hashable, Sendable {
  package struct Attribute: Hashable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  package enum Node: Hashable, Sendable {
    case element(XMLElement)
    case text(String)
    case comment(String)
  }

  package var name: String
  /// In the order of the document.
  package var attributes: [Attribute]
  package var children: [Node]

  package init(_ name: String, _ attributes: [Attribute] = [], children: [Node] = []) {
    self.name = name
    self.attributes = attributes
    self.children = children
  }

  /// An attribute's value; setting nil takes the attribute away.
  package subscript(name: String) -> String? {
    get { attributes.first { $0.name == name }?.value }
    set {
      let index = attributes.firstIndex { $0.name == name }
      switch (index, newValue) {
      case (let index?, let value?): attributes[index].value = value
      case (let index?, nil): attributes.remove(at: index)
      case (nil, let value?): attributes.append(Attribute(name, value))
      case (nil, nil): break
      }
    }
  }

  package var id: String? { self["id"] }

  /// The child elements, without text and comments.
  package var elements: [XMLElement] {
    children.compactMap { if case .element(let element) = $0 { element } else { nil } }
  }

  /// The text directly inside this element.
  package var text: String {
    children.map { if case .text(let text) = $0 { text } else { "" } }.joined()
  }

  package func first(_ name: String) -> XMLElement? {
    for case .element(let child) in children where child.name == name { return child }
    return nil
  }

  /// The element at a path of names below this one.
  package func at(_ path: String...) -> XMLElement? {
    var found = self
    for name in path {
      guard let next = found.first(name) else { return nil }
      found = next
    }
    return found
  }

  /// Calls `body` with this element and everything below it, in the order of the document.
  package func visit(_ body: (XMLElement) -> Void) {
    body(self)
    for case .element(let child) in children { child.visit(body) }
  }

  /// Every element below this one with that name.
  package func all(_ name: String) -> [XMLElement] {
    var found: [XMLElement] = []
    for case .element(let child) in children { child.visit { if $0.name == name { found.append($0) } } }
    return found
  }
}

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
