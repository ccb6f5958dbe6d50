// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

@testable import Planning

/// What we write as JSON is, byte for byte, what Foundation writes for the same tree.
@Suite struct JSONTextTests {
  private func foundation(_ value: DocumentValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Tree(value: value)), as: UTF8.self) + "\n"
  }

  private struct Tree: Encodable {
    let value: DocumentValue

    func encode(to encoder: any Encoder) throws {
      switch value {
      case .list(let list):
        var container = encoder.unkeyedContainer()
        for value in list { try container.encode(Tree(value: value)) }
      case .members(let members):
        var container = encoder.container(keyedBy: Name.self)
        for member in members.all { try container.encode(Tree(value: member.value), forKey: Name(member.name)) }
      default:
        var container = encoder.singleValueContainer()
        switch value {
        case .null: try container.encodeNil()
        case .bool(let bool): try container.encode(bool)
        case .integer(let integer): try container.encode(integer)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list, .members: break
        }
      }
    }
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  @Test(arguments: [
    "", "/etc/hosts", "\"quoted\" \\ back", "\u{0}\u{1}\u{8}\t\n\u{b}\u{c}\r\u{f}\u{10}\u{1f}\u{7f}", "üñî 🙂 \u{2028}",
  ])
  func textsAreEscapedAlike(_ text: String) throws {
    let document = DocumentValue.members(["a": .text(text), "b": .list([.text(text), .list([]), .members([:])])])
    #expect(JSONText.text(document) == (try foundation(document)))
  }

  @Test(arguments: [0, 1, -2, 0.5, 90, 1.25, 1e-7, 123_456.789]) func numbersAreWrittenAlike(_ number: Double) throws {
    let document = DocumentValue.list([.number(number), .integer(Int(number)), .null, .bool(true), .bool(false)])
    #expect(JSONText.text(document) == (try foundation(document)))
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func treesAreWrittenAlike(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let document = DocumentValue.members(["root": YAMLTextTests.random(depth: 4, &random)])
    #expect(JSONText.text(document) == (try foundation(document)), "seed \(seed)")
  }
}
