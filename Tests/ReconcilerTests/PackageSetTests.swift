// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecReading
import Foundation
import Templates
import Testing
import Wings

@testable import Reconciler

/// Package sets as a site writes them, from its folder to what machines get.
@Suite struct PackageSetTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// The example, copied, with some files changed. Nil: removed.
  private func load(_ changes: [String: String?] = [:], packages: String? = nil) throws -> Specification {
    let folder = FileManager.default.temporaryDirectory.appending(path: "sets-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: Self.root.appending(path: "examples/package-set"), to: folder)
    for (path, text) in changes {
      let file = folder.appending(path: path)
      guard let text else {
        try FileManager.default.removeItem(at: file)
        continue
      }
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let location = folder.appending(path: "cluster.yaml")
    if let packages {
      let text = try String(contentsOf: location, encoding: .utf8)
      let start = try #require(text.range(of: "packages:\n"))
      try Data((text[..<start.lowerBound] + packages).utf8).write(to: location)
    }
    return try Specification.load(location)
  }

  private func problems(_ changes: [String: String?] = [:], packages: String? = nil) throws -> [String] {
    let specification = try load(changes, packages: packages)
    let errors = specification.diagnostics.filter { $0.severity == .error }
    #expect(errors.isEmpty == (specification.cluster != nil))
    return errors.map { "\($0.code.id) \($0.span.file):\($0.span.line): \($0.detail)" }
  }

  @Test func headsAndImagesGetIt() throws {
    let specification = try load()
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let resources = Expansion.expand(cluster, specification.files)
    for head in ["head1", "head2"] {
      let file = try #require(
        resources.first { "\($0.id)" == "file@\(head):/etc/prometheus/prometheus.yml" }?.desired as? FileKind.Desired)
      let text = String(decoding: file.file.contents.bytes, as: UTF8.self)
      #expect(text.contains("scrape_interval: 30s") && text.contains("head: \(head) }"))
      #expect(text.contains("          - node16.rowan.example.org:9100\n") && text.hasSuffix(":9100\n"))
      #expect(resources.contains { "\($0.id)" == "unit@\(head):prometheus.service" })
    }
    let recipe = try #require(Publications(cluster, specification.files).images["compute"])
    #expect(recipe.packages.contains("prometheus-node-exporter"))
    let other = try #require(
      try load(packages: "packages: { metrics: { port: 9200, collectors: [] } }\n").cluster)
    #expect(Publications(other, specification.files).images["compute"]?.digest != recipe.digest)
  }

  /// What templates are checked against is what they are given.
  @Test func variablesAreOfTheirTypes() throws {
    let cluster = try #require(try load().cluster)
    let set = try #require(cluster.sets.first)
    let settings = Dictionary(uniqueKeysWithValues: set.settings.map { ($0.name, $0.type) })
    for head in [cluster.heads.first, nil] {
      let types = SetVariables.types(settings, on: head == nil ? .images : .heads)
      let values = cluster.values(of: set, on: head)
      #expect(Set(types.keys) == Set(values.keys))
      for (name, type) in types { #expect(type.fits(try #require(values[name])), "\(name)") }
    }
  }

  @Test func everySettingIsChecked() throws {
    for (packages, expected) in [
      (
        "packages: { metrics: { port: 80 } }",
        "spec.bad-number cluster.yaml:52: `80` is not a whole number from 1024 to 65535"
      ),
      (
        "packages: { metrics: { prot: 9100 } }",
        "spec.unknown-key cluster.yaml:52: `prot` is not a setting of `metrics`."
      ),
      (
        "packages: { metrics: { collectors: cpu } }",
        "spec.wrong-type cluster.yaml:52: Expected a list of texts, found a single value."
      ),
      (
        "packages: { metrics: { port: { a: 1 } } }",
        "spec.wrong-type cluster.yaml:52: A setting of a package set is a value or a list of values."
      ),
      (
        "packages: { metrcis: {} }",
        "spec.missing-file cluster.yaml:52: There is no package set `metrcis`: it comes neither with the program nor in packages/metrcis/."
      ),
    ] {
      let found = try problems(packages: packages + "\n")
      #expect(found.count == 1 && found.first?.hasPrefix(expected) == true, "\(packages): \(found)")
    }
    let needed = "summary: A set.\nsettings:\n  key: { type: text, doc: A key. }\n"
    #expect(
      try problems(["packages/metrics/set.yaml": needed], packages: "packages: { metrics: }\n")
        == ["spec.missing-key cluster.yaml:52: `key` of the set `metrics` has no value."])
  }

  @Test func mistakesInASetAreShownInItsFiles() throws {
    let template = "packages/metrics/nodes/etc/default/prometheus-node-exporter.j2"
    #expect(
      try problems([template: "one\n{{ cluster.domian }}\n"])
        == ["spec.template \(template):2: `cluster` has no `domian`."])
    #expect(
      try problems([template: "{{ head.name }}\n"]) == ["spec.template \(template):1: There is no `head` here."])
    #expect(
      try problems(
        ["packages/metrics/set.yaml": "summary: A set.\nnodes: { file: nodes }\n"], packages: "packages: { metrics: }\n"
      )
        == ["spec.unknown-key packages/metrics/set.yaml:2: `file` is not a key of one side of a package set."])
    #expect(
      try problems(["packages/metrics/nodes/etc/default/prometheus-node-exporter": "ARGS=\n"])
        == [
          "spec.set-path packages/metrics/set.yaml:15: `/etc/default/prometheus-node-exporter` is there twice: as a template and as it is."
        ])
  }

  @Test func liveFilesAreOfNodesAndThere() throws {
    let set = "packages/metrics/set.yaml"
    let path = "/etc/default/prometheus-node-exporter"
    func live(_ text: String, side: String = "nodes") throws -> [String] {
      try problems(
        [set: "summary: A set.\n\(side): { files: nodes, live: { \(text) } }\n"], packages: "packages: { metrics: }\n"
      ).filter { !$0.hasPrefix("spec.template") }
    }
    #expect(try live("\(path): {}") == [])
    #expect(try live("\(path): { reload: a.service }") == [])
    #expect(
      try live("/etc/default/prometheus: {}") == [
        "spec.missing-file \(set):2: The set has no file /etc/default/prometheus for nodes."
      ])
    #expect(
      try live("\(path): {}", side: "heads") == ["spec.no-effect \(set):2: `live` says nothing about heads."])
    #expect(
      try live("\(path): { reload: a.service, restart: a.service }")
        == ["spec.no-effect \(set):2: `reload` says nothing beside `restart`."])
    #expect(try live("\(path): { reload: a }").first?.hasPrefix("spec.bad-name") == true)
    #expect(try live("etc/x: {}").first?.hasPrefix("spec.bad-path") == true)
    let template = "packages/metrics/nodes\(path).j2"
    let inImage = try load([template: "{{ node.name }}\n"])
    let error = try #require(inImage.diagnostics.first)
    #expect(
      error.detail == "`node` differs from node to node, and this file is in the image, the same for all of them.")
    #expect(error.help.contains("`live:`"))
  }

  @Test func aNewSetIsValid() throws {
    let skeleton = try #require(SetSkeleton("hello"))
    let files = Dictionary(uniqueKeysWithValues: skeleton.files.map { ("packages/hello/\($0.path)", $0.text) })
    let specification = try load(files, packages: "packages: { hello: }\n")
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    let set = try #require(cluster.sets.first)
    let file = try #require(set.nodes.files.first)
    let text = String(decoding: try file.text(cluster.values(of: set)).bytes, as: UTF8.self)
    #expect(text == "# Hello from rowan\nhead = head1.rowan.example.org\nhead = head2.rowan.example.org\n")
    #expect(set.checks.map(\.id.description) == ["hello/greeting"])
    let graph = try CheckGraph(CheckSelection(["hello"]), cluster, activeHead: "head1")
    #expect(graph.groups.first?.parts.first?.words == ["grep", "Hello from rowan", "/etc/hello.conf"])
    #expect(SetSkeleton("No name") == nil && SetSkeleton("../up") == nil)
  }

  @Test func aPathBelongsToOneSet() throws {
    let other = [
      "packages/other/set.yaml": "summary: Another.\nnodes: { files: files }\n",
      "packages/other/files/etc/default/prometheus-node-exporter": "ARGS=\n",
    ]
    #expect(
      try problems(other, packages: "packages: { metrics: {}, other: {} }\n")
        == [
          "spec.set-path cluster.yaml:52: The sets `metrics` and `other` both have /etc/default/prometheus-node-exporter on nodes."
        ])
  }

  @Test func aValueWithALineBreakIsRefusedWhereItIsPrinted() throws {
    let set = [
      "packages/note/set.yaml":
        "summary: A note.\nsettings: { note: { type: text, doc: A note. } }\nnodes: { files: files }\n",
      "packages/note/files/etc/note.j2": "{{ set.note }}\n",
    ]
    let found = try problems(set, packages: "packages: { note: { note: \"a\\nb\" } }\n")
    #expect(found.count == 1 && found[0].hasPrefix("spec.template packages/note/files/etc/note.j2:1:"), "\(found)")
  }
}
