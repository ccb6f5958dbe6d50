// SPDX-License-Identifier: Apache-2.0

extension XMLElement {
  /// Reads a document. Document types are refused, so there are no entities but XML's own five.
  package init(parsing text: String, limits: XMLLimits = XMLLimits()) throws(XMLError) {
    var reader = XMLReader(text, limits: limits)
    self = try reader.document()
  }
}

/// One pass over the bytes of a document (XML 1.0, without document types).
struct XMLReader {
  /// UTF-8, because they come from a string; so is each part of them that begins and ends beside ASCII.
  private let bytes: [UInt8]
  private let limits: XMLLimits
  private var position = 0
  private var elements = 0

  init(_ text: String, limits: XMLLimits) {
    bytes = Array(text.utf8)
    self.limits = limits
  }

  mutating func document() throws(XMLError) -> XMLElement {
    guard bytes.count <= limits.bytes else { throw error("the document is larger than \(limits.bytes) bytes") }
    if let nul = bytes.firstIndex(of: 0) {
      position = nul
      throw error("the text holds a NUL")
    }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    try skipMisc()
    guard peek == UInt8(ascii: "<") else { throw error("there is no element") }
    let root = try element(depth: 1)
    try skipMisc()
    guard position == bytes.count else { throw error("there is text after the document's end") }
    return root
  }

  // MARK: Structure

  private mutating func element(depth: Int) throws(XMLError) -> XMLElement {
    guard depth <= limits.depth else { throw error("elements are nested deeper than \(limits.depth)") }
    elements += 1
    guard elements <= limits.elements else { throw error("there are more than \(limits.elements) elements") }
    try expect("<")
    var result = XMLElement(try name())
    while true {
      let spaced = skipSpace()
      if skip("/>") { return result }
      if skip(">") { break }
      guard spaced else { throw error("an attribute must follow white space") }
      let attribute = XMLElement.Attribute(try name(), try attributeValue())
      guard result[attribute.name] == nil else { throw error("the attribute \(attribute.name) is given twice") }
      guard result.attributes.count < limits.attributes else {
        throw error("an element has more than \(limits.attributes) attributes")
      }
      result.attributes.append(attribute)
    }
    result.children = try content(of: result.name, depth: depth)
    return result
  }

  private mutating func content(of parent: String, depth: Int) throws(XMLError) -> [XMLElement.Node] {
    var children: [XMLElement.Node] = []
    var text = ""
    func finishText() {
      if text.isEmpty { return }
      if text.unicodeScalars.contains(where: { !$0.properties.isWhitespace }) { children.append(.text(text)) }
      text = ""
    }
    while true {
      guard let byte = peek else { throw error("\(parent) is not closed") }
      guard byte == UInt8(ascii: "<") else {
        text += try characters(until: UInt8(ascii: "<"))
        continue
      }
      if isElement {
        finishText()
        children.append(.element(try element(depth: depth + 1)))
      } else if skip("<![CDATA[") {
        text += try raw(until: "]]>")
      } else if skip("<!--") {
        finishText()
        children.append(.comment(try raw(until: "-->")))
      } else if skip("<?") {
        _ = try raw(until: "?>")
      } else if skip("</") {
        finishText()
        let closed = try name()
        guard closed == parent else { throw error("</\(closed)> closes <\(parent)>") }
        skipSpace()
        try expect(">")
        return children
      } else {
        throw error("declarations are not read")
      }
    }
  }

  /// At a `<`: whether an element begins here, rather than one ends, a comment, or what else has a mark of its own.
  private var isElement: Bool {
    guard position + 1 < bytes.count else { return true }
    switch bytes[position + 1] {
    case UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "/"): return false
    default: return true
    }
  }

  /// The XML declaration, comments, processing instructions and white space around the root.
  private mutating func skipMisc() throws(XMLError) {
    while true {
      skipSpace()
      if skip("<?") {
        _ = try raw(until: "?>")
      } else if skip("<!--") {
        _ = try raw(until: "-->")
      } else if starts(with: "<!") {
        throw error("document types are not read")
      } else {
        return
      }
    }
  }

  // MARK: Words

  private mutating func name() throws(XMLError) -> String {
    let start = position
    guard let first = peek, Self.isName(first), !Self.isDigitOrMark(first) else { throw error("a name is missing") }
    while let byte = peek, Self.isName(byte) { position += 1 }
    return string(start..<position)
  }

  private mutating func attributeValue() throws(XMLError) -> String {
    skipSpace()
    try expect("=")
    skipSpace()
    guard let quote = peek, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      throw error("an attribute's value must be quoted")
    }
    position += 1
    let value = try characters(until: quote)
    guard peek == quote else { throw error("an attribute's value is not closed") }
    position += 1
    return value
  }

  /// Text with its references replaced, up to that byte or a `<`.
  private mutating func characters(until end: UInt8) throws(XMLError) -> String {
    var result = ""
    var start = position
    while let byte = peek, byte != end, byte != UInt8(ascii: "<") {
      if byte == UInt8(ascii: "&") {
        result += string(start..<position)
        result.unicodeScalars.append(try reference())
        start = position
      } else {
        position += 1
      }
    }
    return result.isEmpty ? string(start..<position) : result + string(start..<position)
  }

  /// `&amp;`, `&#10;`, `&#x41;`.
  private mutating func reference() throws(XMLError) -> Unicode.Scalar {
    try expect("&")
    let start = position
    while let byte = peek, byte != UInt8(ascii: ";"), position - start < 10 { position += 1 }
    let word = string(start..<position)
    try expect(";")
    switch word {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      let number =
        word.hasPrefix("#x")
        ? UInt32(word.dropFirst(2), radix: 16)
        : word.hasPrefix("#") ? UInt32(word.dropFirst()) : nil
      guard let number, let scalar = Unicode.Scalar(number), number != 0 else {
        throw error("&\(word); is not a character")
      }
      return scalar
    }
  }

  private mutating func raw(until end: StaticString) throws(XMLError) -> String {
    let start = position
    while position < bytes.count {
      if starts(with: end) {
        let text = string(start..<position)
        position += end.utf8CodeUnitCount
        return text
      }
      position += 1
    }
    throw error("\(end) is missing")
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func starts(with text: StaticString) -> Bool {
    text.withUTF8Buffer { wanted in
      guard wanted.count <= bytes.count - position else { return false }
      for (offset, byte) in wanted.enumerated() where bytes[position + offset] != byte { return false }
      return true
    }
  }

  private mutating func skip(_ text: StaticString) -> Bool {
    guard starts(with: text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  private mutating func expect(_ text: StaticString) throws(XMLError) {
    guard skip(text) else { throw error("\(text) is missing") }
  }

  @discardableResult
  private mutating func skipSpace() -> Bool {
    let start = position
    while let byte = peek, byte == 0x20 || (0x09...0x0D).contains(byte) { position += 1 }
    return position > start
  }

  private func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  private static func isName(_ byte: UInt8) -> Bool {
    byte >= 0x80 || isDigitOrMark(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ":")
  }

  private static func isDigitOrMark(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }

  private func error(_ message: String) -> XMLError {
    var line = 1
    var column = 1
    for byte in bytes.prefix(position) {
      if byte == UInt8(ascii: "\n") {
        line += 1
        column = 1
      } else {
        column += 1
      }
    }
    return XMLError(line: line, column: column, message: message)
  }
}
