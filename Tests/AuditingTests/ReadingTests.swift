// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Testing

@testable import Auditing

/// Finding runs, what differs between them, and which one made a resource what it is.
@Suite struct ReadingTests {
  private func repository() async throws -> (TemporaryRepository, AuditRepository) {
    let repository = try await TemporaryRepository.withSpec()
    return (repository, try AuditRepository(folder: repository.path))
  }

  @Test func aRunIsFoundByWhatPeopleCallIt() async throws {
    let (repository, audit) = try await repository()
    defer { withExtendedLifetime(repository) {} }
    var commits: [String] = []
    for run in ["20261121-100000-aaaaaa", "20261121-110000-bbbbbb", "20261122-100000-cccccc"] {
      commits.append(try await audit.record(.sample(run)).commit)
    }
    for (words, suffix) in [
      ("last", "cccccc"), ("last~2", "aaaaaa"), ("20261122", "cccccc"), ("bbbbbb", "bbbbbb"),
      (commits[0], "aaaaaa"), (String(commits[1].prefix(10)), "bbbbbb"),
    ] { #expect(try audit.find(words, site: "site").id.hasSuffix(suffix), "\(words)") }
    for words in ["last~3", "last~x", "20261121", "nothing", ""] {
      #expect(throws: AuditError.self, "\(words)") { try audit.find(words, site: "site") }
    }
    #expect(throws: AuditError.self) { try audit.find("last", site: "lab:1") }
  }

  @Test func aDifferenceShowsTheMachinesAndNotThePlan() async throws {
    let (repository, audit) = try await repository()
    defer { withExtendedLifetime(repository) {} }
    _ = try await audit.record(.sample("run1"))
    var second = AuditRecord.sample("run2")
    second.observed = ["head1/units.txt": "dnsmasq.service failed\n", "head2/units.txt": "a\n"]
    second.managed = AuditRecord.sample("run1").managed
    _ = try await audit.record(second)

    let difference = try audit.difference(
      from: try audit.find("run1", site: "site"), to: try audit.find("run2", site: "site"))

    #expect(difference.files.map(\.path) == ["observed/head1/units.txt", "observed/head2/units.txt"])
    #expect(difference.files.first?.lines.dropFirst() == ["-dnsmasq.service active", "+dnsmasq.service failed"])
    #expect(difference.files.last?.added == 1)
  }

  @Test func blameNamesTheRunsThatMadeAResourceWhatItIs() async throws {
    let (repository, audit) = try await repository()
    defer { withExtendedLifetime(repository) {} }
    let id = ResourceID("number", on: "head1", "x")
    for (index, (number, fact)) in [(nil, "x 1"), (1, "x 1"), (1, "x 2"), (2, "x 2"), (2, "x 2")].enumerated() {
      var record = AuditRecord.sample("run\(index)")
      record.managed = number.map { [ManagedResource(id: id, desired: NumberKind.Desired(number: $0))] } ?? []
      record.observed = ["head1/numbers.txt": fact + "\n"]
      record.planJSON = """
        {"steps": [{"resource": "number@head1:x", "source": {"file": "cluster.yaml", "line": \(index + 10)}}]}
        """
      _ = try await audit.record(record)
    }

    let found = try audit.blame("number@head1:x", site: "site")

    try #require(found.count == 1)
    let blame = found[0]
    #expect(blame.isManaged)
    #expect(blame.introduced.id == "run1")
    #expect(blame.changed.id == "run3")
    #expect(blame.source == "cluster.yaml:13")
    #expect(blame.observed.map(\.fact) == ["x 2"])
    #expect(blame.observed.first?.since.id == "run2")
  }

  @Test func blameOfWhatWasDroppedNamesTheRunThatDroppedIt() async throws {
    let (repository, audit) = try await repository()
    defer { withExtendedLifetime(repository) {} }
    _ = try await audit.record(.sample("run1"))
    _ = try await audit.record(.sample("run2"))

    let blame = try audit.blame("number@head1:run1", site: "site")

    #expect(blame.map(\.isManaged) == [false])
    #expect(blame.first?.removed?.id == "run2")
    let error = #expect(throws: AuditError.self) { try audit.blame("number@head1:run", site: "site") }
    #expect(error?.next == "Did you mean number@head1:run2?")
  }

  @Test func blameNamesAllThatItsWordsMean() async throws {
    let (repository, audit) = try await repository()
    defer { withExtendedLifetime(repository) {} }
    let row = { (name: String, image: String) in
      NodesLike.Row(name: HostID(name), image: image)
    }
    for (number, images) in [["a", "a", "a"], ["a", "b", "a"]].enumerated() {
      var record = AuditRecord.sample("run\(number + 1)")
      record.managed = ["head1", "head2"].flatMap { (head: HostID) in
        ["/etc/a", "/etc/b", "/srv/[1]"].map {
          ManagedResource(id: ResourceID("file", on: head, $0), desired: NumberKind.Desired(number: 1))
        }
      }
      record.managed.append(
        ManagedResource(
          id: ResourceID("nodes", "all"),
          desired: NodesLike(nodes: zip(["n01", "n02", "n03"], images).map { row($0, $1) })))
      record.observed = ["head1/nodes.txt": "n01 ready a\nn02 ready \(images[1])\n"]
      _ = try await audit.record(record)
    }
    func names(_ words: String) throws -> [String] { try audit.blame(words, site: "site").map(\.resource) }

    #expect(try names("file@head[1-2]:/etc/a") == ["file@head1:/etc/a", "file@head2:/etc/a"])
    #expect(try names("file@head2:/etc/*") == ["file@head2:/etc/a", "file@head2:/etc/b"])
    #expect(try names("file@head1:/srv/[1]") == ["file@head1:/srv/[1]"])
    #expect(try names("head2").count == 3)
    #expect(try names("n[01-02]") == ["n01", "n02"])
    #expect(try names("*:*").count == 7)
    let nodes = try audit.blame("n*", site: "site")
    #expect(nodes.map(\.changed.id) == ["run1", "run2", "run1"])
    #expect(nodes.map { $0.observed.first?.since.id } == ["run1", "run2", nil])
    #expect(throws: AuditError.self) { try names("n[1") }
    #expect(throws: AuditError.self) { try names("n[04-09]") }
  }
}

/// A desired state with a list of objects, as that of the nodes is.
private struct NodesLike: DesiredState {
  struct Row: Hashable, Codable, Sendable {
    var name: HostID
    var image: String
  }

  var nodes: [Row]
}
