// SPDX-License-Identifier: Apache-2.0
import Testing
import XML

@Suite("XML")
struct XMLTests {
  @Test("what was read is written again with the same meaning")
  func roundTrip() throws {
    let text = """
      <?xml version="1.0"?>
      <!-- above -->
      <a z="1" b='&lt;&#10;&quot;&#x41;'>
        <b/><!-- inside --><c>text &amp; <![CDATA[<raw>]]></c>
      </a>
      """
    let element = try XMLElement(parsing: text)
    #expect(element["b"] == "<\n\"A")
    #expect(element.first("c")?.text == "text & <raw>")
    #expect(element.attributes.map(\.name) == ["z", "b"])
    #expect(try XMLElement(parsing: element.indented) == element)
    #expect(try XMLElement(parsing: element.canonical).canonical == element.canonical)
    #expect(
      element.canonical
        == #"<a b="&lt;&#10;&quot;A" z="1"><b/><!-- inside --><c>text &amp; &lt;raw&gt;</c></a>"#)
  }

  @Test(
    "what is not XML is refused with its place",
    arguments: [
      ("", 1, 1), ("text", 1, 1), ("<a>", 1, 4), ("<a></b>", 1, 7), ("<a b=1/>", 1, 6), ("<a b='1' b='2'/>", 1, 15),
      ("<a b='<'/>", 1, 7), ("<a b='1'c='2'/>", 1, 9), ("<a>&nbsp;</a>", 1, 10), ("<a>&#0;</a>", 1, 8),
      ("<a/>\n<b/>", 2, 1), ("<1a/>", 1, 2), ("<a>\n<!ELEMENT b></a>", 2, 1), ("<a><!-- </a>", 1, 13),
      ("<a>\u{0}</a>", 1, 4), ("<a", 1, 3), ("<a b", 1, 5), ("<a b='", 1, 7),
    ])
  func refused(_ text: String, line: Int, column: Int) {
    let error = #expect(throws: XMLError.self) { try XMLElement(parsing: text) }
    #expect(error?.line == line && error?.column == column, "\(error.map(String.init(describing:)) ?? "")")
  }

  @Test("document types are refused, so that no entity can grow")
  func documentType() {
    let bomb = """
      <!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;&b;">]>
      <a>&c;</a>
      """
    #expect(throws: XMLError.self) { try XMLElement(parsing: bomb) }
  }

  @Test("depth, size, elements and attributes are bounded")
  func limits() {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(throws: XMLError.self) { try XMLElement(parsing: deep) }
    #expect(throws: XMLError.self) { try XMLElement(parsing: "<a>    </a>", limits: XMLLimits(bytes: 10)) }
    #expect(throws: XMLError.self) { try XMLElement(parsing: "<a><b/><b/></a>", limits: XMLLimits(elements: 2)) }
    let many = "<a " + (0..<300).map { "b\($0)='' " }.joined() + "/>"
    #expect(throws: XMLError.self) { try XMLElement(parsing: many) }
  }

  @Test("bytes cut anywhere give an error or a document, never a trap")
  func cut() throws {
    let bytes = Array("<a b=\"&amp;é\"><!-- c --><d>t&#233;</d><![CDATA[x]]></a>".utf8)
    for length in bytes.indices {
      #expect(throws: XMLError.self) { try XMLElement(parsing: String(decoding: bytes[..<length], as: UTF8.self)) }
    }
  }
}
