// SPDX-License-Identifier: Apache-2.0
import Wings
import Diagnostics
import Foundation
import SpecReading
import TestKit
import Testing

@Suite struct SchemaTests {
  @Test func theSchemaInTheRepositoryIsCurrent() {
    expectGolden(SpecReader.schema(WingCatalog.keys), at: "../../schemas/cluster.schema.json")
  }

  @Test func everyKeyIsDescribed() throws {
    let schema = try JSONSerialization.jsonObject(with: Data(SpecReader.schema(WingCatalog.keys).utf8))
    var keys = 0
    func visit(_ value: Any) {
      guard let object = value as? [String: Any] else { return }
      for (name, key) in object["properties"] as? [String: Any] ?? [:] {
        keys += 1
        let text = (key as? [String: Any])?["description"] as? String ?? ""
        #expect(text.hasSuffix("."), "\(name) has no description")
      }
      for child in object.values { visit(child) }
      for child in (object["properties"] as? [String: Any] ?? [:]).values { visit(child) }
    }
    visit(schema)
    #expect(keys > 40)
  }
}

@Suite struct CatalogTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  @Test func everyCodeHasAPageAndEveryPageACode() throws {
    let folder = Self.root.appending(path: "docs/diagnostics")
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasPrefix("spec.") && $0.hasSuffix(".md")
    }
    #expect(pages.map { String($0.dropLast(3)) }.sorted() == Diagnostic.Code.catalog.map(\.id).sorted())
    for code in Diagnostic.Code.catalog {
      let page = try String(contentsOf: folder.appending(path: "\(code.id).md"), encoding: .utf8)
      #expect(page.hasPrefix("# \(code.id): \(code.summary)\n"), "\(code.id)")
      #expect(page.contains("## What to do"), "\(code.id)")
    }
  }

  /// What a page quotes is what the reader says of some case, so that nobody looks for words that are not there.
  @Test func pagesQuoteTheReader() throws {
    let cases = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cases")
    let said = try FileManager.default.contentsOfDirectory(at: cases, includingPropertiesForKeys: nil).compactMap {
      try? String(contentsOf: $0.appending(path: "diagnostics.txt"), encoding: .utf8)
    }.joined().split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(said.count > 200)
    // What lies beside the description is no matter of the text alone, wings say things of their own, and the end of a
    // long list is of no case.
    let filesOnly = [
      "spec.single-fencing", "spec.missing-file", "spec.linked-path", "spec.lost-file", "spec.private-file",
      "spec.too-many-problems",
      "spec.set-need", "spec.set-user", "spec.set-origin",
      "spec.template", "spec.set-path", "spec.check-needs", "spec.check-ready", "spec.bad-pattern",
      "spec.repository-key", "spec.bad-oci", "spec.service-spread",
    ]
    for code in Diagnostic.Code.catalog where !filesOnly.contains(code.id) {
      let page = try String(contentsOf: Self.root.appending(path: "docs/diagnostics/\(code.id).md"), encoding: .utf8)
      let quoted = page.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter {
        $0.hasPrefix("error[") || $0.hasPrefix("warning[") || $0.hasPrefix("= ")
      }
      #expect(!quoted.isEmpty, "\(code.id)")
      for line in quoted { #expect(line.hasSuffix("…") || said.contains(line), "\(code.id): \(line)") }
    }
  }

  @Test func theCatalogListsEveryCodeOnce() throws {
    let source = try String(
      contentsOf: Self.root.appending(path: "Sources/Support/Diagnostics/Code+Catalog.swift"), encoding: .utf8)
    let declared = source.matches(of: /Self\("(?<id>[^"]+)"/).map { String($0.output.id) }
    #expect(declared.sorted() == Diagnostic.Code.catalog.map(\.id).sorted())
    #expect(Set(declared).count == declared.count)
  }
}
