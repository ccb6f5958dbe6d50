// SPDX-License-Identifier: Apache-2.0
import Wings
import ClusterModel
import Diagnostics
import Foundation
import SpecReading
import TestKit
import Testing

/// Folders below `cases/` that hold a `spec.yaml`, and what reading it gives.
private let cases: [String] = {
  let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cases")
  let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
  return (names ?? []).filter {
    FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/spec.yaml").path)
  }.sorted()
}()

func bytes(of path: String) throws -> [UInt8] {
  let folder = URL(filePath: #filePath).deletingLastPathComponent()
  return Array(try Data(contentsOf: folder.appending(path: path)))
}

func rendered(
  _ reading: SpecReading, _ bytes: [UInt8], file: String = "spec.yaml", tables: [String: [UInt8]] = [:]
) -> String {
  let sources = [SourceText(file: file, bytes: bytes)] + tables.map { SourceText(file: $0.key, bytes: $0.value) }
  return DiagnosticRenderer(sources: sources).render(reading.diagnostics)
}

/// A case's description, and the tables beside it.
private func read(_ name: String) throws -> (reading: SpecReading, bytes: [UInt8], tables: [String: [UInt8]]) {
  let bytes = try bytes(of: "cases/\(name)/spec.yaml")
  var tables: [String: [UInt8]] = [:]
  for path in SpecReader.tables(of: bytes, file: "spec.yaml") { tables[path] = try? table("cases/\(name)/\(path)") }
  return (SpecReader.read(bytes, file: "spec.yaml", keys: WingCatalog.keys, tables: tables), bytes, tables)
}

private func table(_ path: String) throws -> [UInt8] { try bytes(of: path) }

@Test("A case gives the diagnostics, or the cluster, that its folder holds", arguments: cases)
func matchesGolden(_ name: String) throws {
  let (reading, bytes, tables) = try read(name)

  #expect((reading.cluster == nil) == reading.diagnostics.contains { $0.severity == .error })
  expectGolden(rendered(reading, bytes, tables: tables), at: "cases/\(name)/diagnostics.txt")
  if let cluster = reading.cluster { expectGolden(ClusterDump(cluster).text, at: "cases/\(name)/cluster.txt") }
}

@Test func theExampleIsValid() throws {
  let bytes = try bytes(of: "../../cluster.yaml")

  let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)

  #expect(rendered(reading, bytes, file: "cluster.yaml") == "")
  let cluster = try #require(reading.cluster)
  expectGolden(ClusterDump(cluster).text, at: "cases/example/cluster.txt")
}
@Test func theCasesCoverNearlyAllCodes() throws {
  var seen: Set<String> = []
  for name in cases {
    seen.formUnion(try read(name).reading.diagnostics.map(\.code.id))
  }
  // Made by other tests: too large to keep in a file, or needing the file system.
  let elsewhere: Set<String> = [
    "spec.too-large", "spec.encoding", "spec.control-character", "spec.too-deep", "spec.too-many-values",
    "spec.alias-expansion", "spec.too-many-problems", "spec.missing-file",
    "spec.linked-path", "spec.lost-file", "spec.private-file", "spec.single-fencing", "spec.template", "spec.set-path",
    "spec.set-need", "spec.set-user", "spec.set-origin",
    "spec.check-needs", "spec.check-ready", "spec.bad-pattern", "spec.repository-key", "spec.bad-oci",
    "spec.service-spread",
  ]
  #expect(Set(Diagnostic.Code.catalog.map(\.id)).subtracting(seen).subtracting(elsewhere).sorted() == [])
}
