// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Wings
import Foundation
import Glibc
import HostAccess
import SpecReading

/// The cost of the record of runs: a commit, reading it back, and the room that it takes.
enum RecordBench {
  static func run() async throws {
    print("the record of runs      (medians of \(Measuring.repetitions))")
    for nodes in [4, 1_000] {
      try await commit(nodes, in: memory, "in memory")
      try await commit(nodes, in: disk, "on this disk")
    }
    try await log()
    try await size()
  }

  private static let disk = FileManager.default.temporaryDirectory
  /// Where a sync costs nothing: what is left is the program's own work.
  private static let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)

  /// As a run does it: what was managed before is read when it begins, and what will be is made known.
  private static func commit(_ nodes: Int, in folder: URL, _ place: String) async throws {
    try await BenchRepository.with(in: folder) { repository in
      var site = try RecordedSite(nodes: nodes)
      var (times, work, syncs): ([Duration], [Duration], [Duration]) = ([], [], [])
      for repetition in 0...Measuring.repetitions {
        let audit = try AuditRepository(folder: repository.path)
        _ = try audit.managed(site: "site", catalog: KindCatalog.all)
        let record = site.next()
        try audit.prepare(record.managed)
        let sync = try Self.sync(in: repository.path)
        let (began, worked) = (ContinuousClock.now, Measuring.processorTime)
        _ = try await audit.record(record)
        // The first one is cold, and has no run before it.
        guard repetition > 0 else { continue }
        times.append(began.duration(to: .now))
        work.append(Measuring.processorTime - worked)
        syncs.append(sync)
      }
      let (time, processor, sync) = (Measuring.median(times), Measuring.median(work), Measuring.median(syncs))
      Measuring.bar(
        "a commit, \(nodes) nodes, \(place)", Measuring.milliseconds(time), reach: "50 ms",
        met: time <= .milliseconds(50))
      print(
        "        of it the processors \(Measuring.milliseconds(processor)); one file of 4 KiB written and synced there "
          + Measuring.milliseconds(sync))
    }
  }

  /// One bare fsync(2), to judge the rest by.
  private static func sync(in folder: String) throws -> Duration {
    let path = folder + "/sync"
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    defer {
      close(file)
      unlink(path)
    }
    let bytes = [UInt8](repeating: 7, count: 4096)
    let began = ContinuousClock.now
    guard file >= 0, write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
      throw Unexpected(what: "\(path) cannot be written: \(String(cString: strerror(errno)))")
    }
    return began.duration(to: .now)
  }

  /// Made in memory, where 10,000 runs need no syncs; read from the cache in either place.
  private static func log() async throws {
    let runs = 10_000
    try await BenchRepository.with(in: memory) { repository in
      var site = try RecordedSite(nodes: 4)
      for _ in 0..<runs { _ = try await repository.audit.record(site.next()) }
      let (_, time) = try await Measuring.median {
        let log = try repository.audit.log(site: "site")
        return try Measuring.expecting("\(runs) runs", log.count) { $0 == runs }
      }
      Measuring.bar(
        "log of \(runs) runs", Measuring.milliseconds(time), reach: "300 ms", met: time <= .milliseconds(300))
    }
  }

  private static func size() async throws {
    try await BenchRepository.with(in: memory) { repository in
      var site = try RecordedSite(nodes: 1_000)
      for _ in 0..<1_000 { _ = try await repository.audit.record(site.next()) }
      let before = try await repository.bytes()
      try await repository.git("gc", "-q")
      let after = try await repository.bytes()
      Measuring.bar(
        "1,000 runs of 1,000 nodes after gc (\(before >> 20) MiB before)", "\(after >> 20) MiB",
        reach: "95 MiB (100 MB)", met: after < 100_000_000)
    }
  }
}

/// A repository of git's with a spec in it, for as long as the measuring lasts.
struct BenchRepository {
  let path: String
  let audit: AuditRepository

  static func with(in place: URL, _ body: (BenchRepository) async throws -> Void) async throws {
    let folder = place.appending(path: "bench-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    _ = try await Command.checked("git", ["init", "-q", folder.path], next: "Read what git says.")
    let repository = BenchRepository(path: folder.path, audit: try AuditRepository(folder: folder.path))
    try await repository.git("config", "user.name", "bench")
    try await repository.git("config", "user.email", "bench@localhost")
    try await repository.git("config", "commit.gpgsign", "false")
    try await body(repository)
  }

  @discardableResult func git(_ words: String...) async throws -> String {
    try await Command.checked("git", ["-C", path] + words, deadline: .seconds(600), next: "Read what git says.").text
  }

  /// The room that du(1) counts.
  func bytes() async throws -> Int {
    let text = try await Command.checked("du", ["-sb", path + "/.git"], next: "Read what du says.").text
    return Int(text.prefix { $0.isNumber }) ?? 0
  }
}

/// A site that changes a little with every run: a file of the heads' is another, two nodes boot, three steps.
struct RecordedSite {
  private let specification: [UInt8]
  private var managed: [ManagedResource]
  private var nodes: [String]
  private var number = 0
  /// The resource that is another with every run.
  private let changing: ResourceID

  init(nodes: Int) throws {
    specification = SyntheticSpec.text(nodes: nodes)
    guard let cluster = SpecReader.read(specification, file: "cluster.yaml", keys: WingCatalog.keys).cluster else {
      throw Unexpected(what: "no cluster")
    }
    managed = Expansion.expand(cluster, SiteFiles()).map { ManagedResource(id: $0.id, desired: $0.desired) }
    guard let file = managed.first(where: { $0.desired is FileKind.Desired }) else {
      throw Unexpected(what: "no file is managed")
    }
    changing = file.id
    self.nodes = cluster.nodes.map { "\($0.name) ready compute/0000 verified" }.sorted()
  }

  mutating func next() -> AuditRecord {
    number += 1
    for index in managed.indices where managed[index].id == changing {
      managed[index].desired = FileKind.Desired(FileGoal(path: changing.name, contents: .text("\(number)\n")))
    }
    for node in [number * 7 % nodes.count, number * 13 % nodes.count] {
      nodes[node] = nodes[node].split(separator: " ")[0] + " ready compute/\(number) verified"
    }
    let steps = (0..<3).map { step in
      StepReport(
        step: StepID("file@head1:/etc/cluster/file\(number + step)/write"), host: "head1",
        result: .done(Outcome(changed: true, detail: "written")), startedAt: number, seconds: 0.1, attempts: 1)
    }
    let files = (0..<60).map { "/etc/cluster/file\($0) \($0 == number % 60 ? number : 0) 644 root:root" }
    let observed = [
      "head1/files.txt": files.joined(separator: "\n") + "\n", "head2/files.txt": files.joined(separator: "\n") + "\n",
      "head1/nodes.txt": nodes.joined(separator: "\n") + "\n",
    ]
    let run = RunOutcome(
      run: "run\(number)", generation: number, holder: "bench", result: .done, startedAt: number,
      finishedAt: number + 9, steps: steps)
    return AuditRecord(
      site: "site", spec: SpecState(commit: nil, dirty: []),
      specification: ["cluster.yaml": RecordedFile(specification)],
      planJSON: "{\n  \"number\" : \(number)\n}\n", planText: "3 steps for run \(number)\n", outcome: run,
      result: "converged", managed: managed, observed: observed, by: "bench@localhost", tool: "bench",
      subject: "apply: converged, 3 changed")
  }
}
