// SPDX-License-Identifier: Apache-2.0
import Wings
import Diagnostics
import Foundation
import Testing

@testable import SpecForms
@testable import SpecReading

/// The descriptions that a new user copies: valid without a warning, and to their editor too.
@Suite struct ExampleFilesTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  static let descriptions: [String] = {
    let folder = root.appending(path: "examples").path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return ["cluster.yaml"]
      + names.sorted().map { "examples/\($0)/cluster.yaml" }
      .filter { FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
  }()

  private func findings(_ text: String) throws -> [String] {
    let bytes = Array(text.utf8)
    var problems = Problems(file: "cluster.yaml")
    let tree = try #require(TreeBuilder.build(bytes, SourceText(file: "cluster.yaml", bytes: bytes), &problems))
    let path = Self.root.appending(path: "schemas/cluster.schema.json")
    let schema = try JSONSerialization.jsonObject(with: Data(contentsOf: path))
    var check = SchemaCheck()
    check.check(tree, try #require(schema as? SchemaCheck.Schema), at: "cluster.yaml")
    return check.findings
  }

  @Test(arguments: descriptions) func isValidToTheReaderAndToTheSchema(_ path: String) throws {
    let location = Self.root.appending(path: path)
    let text = try String(contentsOf: location, encoding: .utf8)

    let reading = SpecReader.read(Array(text.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    #expect(reading.cluster != nil)
    #expect(reading.diagnostics.isEmpty, "\(reading.diagnostics)")
    #expect(try findings(text) == [])
    // The first line tells an editor where the schema is.
    let named = try #require(text.firstMatch(of: /^# yaml-language-server: \$schema=(\S+)\n/), "\(path)")
    let schema = location.deletingLastPathComponent().appending(path: String(named.1)).standardized
    #expect(schema == Self.root.appending(path: "schemas/cluster.schema.json"))
  }

  @Test func theSchemaRefusesWhatIsWrong() throws {
    let text = try String(contentsOf: Self.root.appending(path: "cluster.yaml"), encoding: .utf8)
    for (old, new, finding) in [
      ("version: 1", "version: 2", "cluster.yaml.version is not 1"),
      ("timezone:", "time_zone:", "cluster.yaml has an unknown key time_zone"),
      ("cidr: 10.1.0.0/16", "cidr: 10.1.0.0", "cluster.yaml.networks.private.cidr is malformed"),
      ("domain: alps.example.org\n", "", "cluster.yaml lacks domain"),
      ("failback: manual", "failback: maybe", "cluster.yaml.ha.failback fits none of its forms"),
      ("restarts: 3", "restarts: many", "cluster.yaml.ha.monitor.restarts is not of type integer"),
    ] {
      #expect(text.contains(old))
      #expect(try findings(text.replacing(old, with: new)).contains(finding), "\(new)")
    }
  }
}
