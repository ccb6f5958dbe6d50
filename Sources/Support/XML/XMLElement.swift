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
