// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

@testable import Auditing

/// The record's JSON has lines where people look for differences, and means what it did.
@Suite struct RecordJSONTests {
  private func lines(_ json: String) -> [String] {
    String(decoding: RecordJSON.lines(json.utf8), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test func outermostListsOfObjectsHaveALineForEach() {
    #expect(
      lines(#"{ "a": [1, 2], "b": [ {"c": [{"d": 1}, {"d": 2}]}, {"e": "[{, \\"}] }"#) == [
        #"{"a":[1,2],"b":["#, #"  {"c":[{"d":1},{"d":2}]},"#, #"  {"e":"[{, \\"}"#, "]}",
      ])
    #expect(lines("[]") == ["[]"])
  }

  /// Whatever the document, and however it was laid out before.
  @Test func theLayoutChangesNoDocument() throws {
    var random = SeededGenerator()
    for _ in 0..<300 {
      let value = Self.value(&random, depth: 4)
      for options: JSONSerialization.WritingOptions in [.prettyPrinted, []] {
        let json = try JSONSerialization.data(withJSONObject: value, options: options)

        let laidOut = RecordJSON.lines(json)

        let again = try #require(try JSONSerialization.jsonObject(with: Data(laidOut)) as? NSObject)
        #expect(again == (try JSONSerialization.jsonObject(with: json) as? NSObject))
        #expect(RecordJSON.lines(laidOut) == laidOut)
      }
    }
  }

  private static func value(_ random: inout SeededGenerator, depth: Int) -> Any {
    let count = Int.random(in: 0...3, using: &random)
    if depth == 4 || depth > 0 && Int.random(in: 0...2, using: &random) > 0 {
      if Bool.random(using: &random) { return (0..<count).map { _ in value(&random, depth: depth - 1) } }
      return Dictionary(uniqueKeysWithValues: (0..<count).map { ("\($0)\"{", value(&random, depth: depth - 1)) })
    }
    return ["a", "[{\"\\", "\n ]}, \u{1}", ""].randomElement(using: &random) ?? ""
  }
}
