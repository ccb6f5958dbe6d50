// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Git
import TestKit
import Testing

@testable import Auditing

/// A long list is several files, which together are the list, and of which few are others after a small change.
@Suite struct LongListTests {
  private static func row(_ name: String, _ image: Int) -> Rows.Row {
    Rows.Row(image: "compute/\(image)", name: name)
  }

  private static func resources(_ names: [String], images: [String: Int] = [:]) -> [ManagedResource] {
    let files = Dictionary(uniqueKeysWithValues: names.map { ("\($0).ipxe", "#!ipxe\n# \($0), \"quoted\"\nboot\n") })
    let tree = { (host: HostID) in
      ManagedResource(
        id: ResourceID("tree", on: host, "/srv/ipxe"), desired: Files(files: files, root: "/srv/ipxe"))
    }
    return [
      ManagedResource(
        id: ResourceID("nodes", "all"), desired: Rows(nodes: names.map { row($0, images[$0] ?? 1) })),
      tree("head1"), tree("head2"),
      ManagedResource(id: ResourceID("number", on: "head1", "a"), desired: NumberKind.Desired(number: 1)),
      ManagedResource(
        id: ResourceID("text", on: "head1", "long"), desired: Text(text: String(repeating: "long ", count: 2_000))),
      ManagedResource(id: ResourceID("text", on: "head1", "short"), desired: Text(text: "short")),
    ]
  }

  private static let catalog = [
    "nodes": AnyKind(RowsKind.self), "tree": AnyKind(FilesKind.self), "text": AnyKind(TextKind.self),
    NumberKind.name: AnyKind(NumberKind.self),
  ]

  private static func joined(_ files: [String: [UInt8]]) -> [UInt8] {
    let names = GitID(String(repeating: "0", count: 40)).map { id in files.keys.map { (path: $0, id: id) } } ?? []
    return ManagedLines.list(ManagedLines.joined(RecordedLists.sorted(names).map { files[$0.path] ?? [] }))
  }

  /// Names as descriptions have them: with and without leading zeros, and groups in any order.
  @Test func theFilesTogetherAreTheList() throws {
    var random = SeededGenerator()
    for count in [0, 1, 40, 400, 1_500] {
      let padded = (0..<count).map { "r\($0 / 40)n\($0 % 40)" }
      for names in [padded, padded.shuffled(using: &random), (0..<count).map { "n\($0 + 1)" }] {
        let resources = Self.resources(names)

        let files = try ManagedLines().files(resources)
        let read = try ManagedSet(json: Self.joined(files), catalog: Self.catalog)

        #expect(read.unreadable.isEmpty)
        #expect(
          try ManagedLines().json(read.resources) == ManagedLines().json(resources),
          "\(count) nodes, \(names.first ?? "")"
        )
        for bytes in files.values {
          #expect(throws: Never.self) { try ManagedSet(json: bytes, catalog: Self.catalog) }
        }
        #expect(files.values.allSatisfy { $0.count < 64 << 10 }, "\(count) nodes")
      }
    }
  }

  @Test func aChangeInOnePlaceLeavesTheOtherFilesAsTheyWere() throws {
    var random = SeededGenerator()
    var names = (0..<1_000).map { "r\($0 / 100)n\(100 + $0 % 100)" }
    let lines = ManagedLines()
    for _ in 0..<20 {
      let before = try lines.files(Self.resources(names))
      let place = Int.random(in: 0..<names.count, using: &random)

      let image = try lines.files(Self.resources(names, images: [names[place]: 2]))
      #expect(Self.changed(before, image).count == 1)

      let gone = names.remove(at: place)
      let without = try lines.files(Self.resources(names))
      // A part that begins with what is gone gets another name, or joins the one before it: of the nodes and each tree.
      #expect(Self.changed(before, without).count <= 3 * 2, "\(gone)")
      if Bool.random(using: &random) { names.insert("\(gone)x", at: place) }
    }
  }

  private static func changed(_ a: [String: [UInt8]], _ b: [String: [UInt8]]) -> [String] {
    Set(a.keys).union(b.keys).filter { a[$0] != b[$0] }
  }

  @Test func filesAreCalledAfterWhatTheyBeginWith() throws {
    let files = try ManagedLines().files(Self.resources((0..<300).map { "n\(1_000 + $0)" }))

    #expect(files.keys.contains("managed/cluster/nodes/all/n1000.json"))
    #expect(files.keys.contains("managed/head1/tree/,srv,ipxe/n1000.ipxe.json"))
    #expect(files.keys.contains("managed/head1/text/long.json"))
    #expect(
      String(decoding: files["managed/head1/text.json"] ?? [], as: UTF8.self) == """
        [
        {"desired":{"text":"short"},"id":{"host":"head1","kind":"text","name":"short"}}
        ]

        """)
    #expect(try ManagedLines().files([]) == ["managed/nothing.json": Array("[\n]\n".utf8)])
  }

  @Test func noNameIsMoreThanAName() {
    #expect(FileName.escaped("/etc/cluster/a b".utf8) == ",etc,cluster,a%20b")
    #expect(FileName.escaped(".git".utf8) == "%2egit")
    #expect(FileName.escaped("..".utf8) == "%2e.")
    #expect(FileName.escaped("".utf8) == "%")
    #expect(FileName.escaped("git~1".utf8) == "git%7e1")
    let long = ["a", "b"].map { FileName.escaped((String(repeating: "x", count: 300) + $0).utf8) }
    #expect(long[0] != long[1])
    #expect(long[0].utf8.count < 200)
  }

  @Test func whatWasSeenOfManyIsSeveralFilesThatTogetherAreTheList() {
    let path = "observed/head1/nodes.txt"
    let line = { (number: Int, image: Int) in "n\(1_000 + number) ready compute/\(image) verified\n" }
    let lists = [1, 2].map { image in (0..<1_000).map { line($0, $0 == 500 ? image : 1) }.joined() }

    let files = lists.map { ObservedList.files($0, at: path) }

    let parts = files[0].sorted { $0.key < $1.key }
    #expect(parts.count > 10)
    #expect(parts.first?.key == "observed/head1/nodes/n1000.txt")
    #expect(Array(parts.map(\.value).joined()) == Array(lists[0].utf8))
    #expect(Self.changed(files[0], files[1]).count == 1)
    #expect(ObservedList.files("a 1\nb 2\n", at: path) == [path: Array("a 1\nb 2\n".utf8)])
  }
}

private struct Rows: DesiredState {
  struct Row: Hashable, Codable, Sendable {
    var image: String
    var name: String
  }
  var nodes: [Row]
}

private struct Files: DesiredState {
  var files: [String: String]
  var root: String
}

private struct Text: DesiredState { var text: String }

private enum RowsKind: ListedKind {
  typealias Desired = Rows
  static let name = "nodes"
}

private enum FilesKind: ListedKind {
  typealias Desired = Files
  static let name = "tree"
}

private enum TextKind: ListedKind {
  typealias Desired = Text
  static let name = "text"
}
