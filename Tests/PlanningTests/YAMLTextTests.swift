// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import TestKit
import Testing

@testable import Planning
@testable import SpecForms
@testable import SpecReading

/// What is written as YAML is read by libyaml as the same.
@Suite struct YAMLTextTests {
  private func read(_ text: String) throws -> DocumentValue {
    var problems = Problems(file: "plan.yaml")
    let root = TreeBuilder.build(
      Array(text.utf8), SourceText(file: "plan.yaml", bytes: Array(text.utf8)), &problems)
    #expect(problems.list.isEmpty, "\(problems.list.first?.detail ?? "")\n\(text)")
    return Self.value(try #require(root))
  }

  /// Plain text is a number or a truth value where YAML's core schema says so.
  private static func value(_ node: SpecNode) -> DocumentValue {
    switch node.content {
    case .sequence(let items): .list(items.map(value))
    case .mapping(let entries):
      .members(Members(entries.map { ($0.key, value($0.value)) }))
    case .unreadable: .null
    case .scalar(let scalar) where scalar.plain:
      switch scalar.text {
      case "null": .null
      case "true": .bool(true)
      case "false": .bool(false)
      case "[]": .list([])
      default: Int(scalar.text).map { .integer($0) } ?? Double(scalar.text).map { .number($0) } ?? .text(scalar.text)
      }
    case .scalar(let scalar): .text(scalar.text)
    }
  }

  @Test(arguments: [
    "", " ", "yes", "No", "null", "~", "1", "1.5", "0x1f", "1e3", "-", "- a", "a: b", "a #b", "# c", "&a", "*a", "!t",
    "%x", "@a", "`a`", "{a}", "[a]", "a\nb\n", "tab\there", "\"quoted\" \\ back", "\u{1}\u{7f}\u{85}", "\u{2028}",
    "\u{feff}", "üñî 🙂", "a:", "'", "|", ">", "...", "---", "2026-03-01", "12:30", "=", "<<", "file@head1:/etc/hosts",
  ])
  func textComesBackAsItWas(_ text: String) throws {
    let document = DocumentValue.members(["a": .text(text), "b": .list([.text(text)])])
    #expect(try read(YAMLText.text(document)) == document)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func treesComeBackAsTheyWere(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let document = DocumentValue.members(["root": Self.random(depth: 4, &random)])
    #expect(try read(YAMLText.text(document)) == document)
  }

  static func random(depth: Int, _ random: inout SeededGenerator) -> DocumentValue {
    switch Int.random(in: 0...(depth == 0 ? 5 : 7), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int.random(in: -1000...1000, using: &random))
    case 3: return .number(Double(Int.random(in: -1000...1000, using: &random)) + 0.5)
    case 4, 5: return .text(text(&random))
    case 6:
      let count = Int.random(in: 1...4, using: &random)
      return .list((0..<count).map { _ in Self.random(depth: depth - 1, &random) })
    default:
      let keys = Set((0..<Int.random(in: 1...4, using: &random)).map { _ in text(&random) + "k" })
      return .members(Members(keys.sorted().map { ($0, Self.random(depth: depth - 1, &random)) }))
    }
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    let alphabet = Array("ab1:#-? \n\"\\'[]{},&*!|>%@`é\t")
    return String(
      (0..<Int.random(in: 0...8, using: &random)).map { _ in
        alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
      })
  }

  @Test func theYAMLAndTheJSONOfAPlanAreOneDocument() throws {
    let review = PlanReviewTests.review(PlanReviewTests.rollout)
    guard case .members(let document) = try read(review.yaml) else {
      Issue.record("not a mapping")
      return
    }
    #expect(document["steps"].map { if case .list(let steps) = $0 { steps.count } else { 0 } } == 8)
  }
}
