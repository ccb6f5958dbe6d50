// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Foundation
import Reconciler

struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Return to the description of an earlier run: commit it, then plan and apply.",
    discussion: """
      The history is not rewritten: the description of that run, with the files it refers to, is committed to the \
      current branch and applied like any other change. Without RUN, it is the newest run before the last converged one \
      that had a different description.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: PlanOutputOptions
  @OptionGroup var running: RunOptions

  @Flag(help: "Only show the plan. Changes neither files nor machines.")
  var planOnly = false

  @Flag(help: "Do not ask for confirmation. Required without a terminal.")
  var yes = false

  @Argument(help: "A run's name or the beginning of it, a commit, or `last~2`.")
  var run: String?

  func validate() throws {
    if options.simulate {
      throw ValidationError(
        "Simulated runs are not in your repository. Restore the older description there, then run `cluster apply --simulate`."
      )
    }
    if printing.output != .text || printing.full, !planOnly {
      throw ValidationError(
        "--output and --full require --plan-only. To follow a run from a program, use --json-into."
      )
    }
  }

  func run() async throws {
    let apply = try await Failure.telling { () async throws -> ApplyCommand? in
      let site = try options.site()
      let repository = try AuditRepository(folder: site.folder.path)
      let target = try run.map { name in try repository.find(name, site: site.id) }
      let run = try target ?? repository.runBeforeTheLastSuccess(site: site.id)
      Terminal.note(Self.text(run))
      if planOnly {
        try await plan(run, repository, site)
        return nil
      }
      let commit = try await repository.restore(run, present: present())
      Terminal.note(Self.text(committed: commit))
      var apply = try ApplyCommand.parse([])
      apply.options = options
      apply.running = running
      apply.yes = yes
      return apply
    }
    try await apply?.run()
  }

  static func text(_ run: RunRecord) -> String { "Back to the description of run \(run.line)." }

  static func text(committed commit: String?) -> String {
    commit.map { "Committed as \($0.prefix(12)); to take that back: git revert \($0.prefix(12))" }
      ?? "The description is that of this run already."
  }

  /// The files of the description as it is now. One that cannot be read refers to nothing.
  private func present() throws -> [String] {
    guard FileManager.default.fileExists(atPath: options.location.path) else { return [] }
    do {
      return Array(try Specification.load(options.location).files.ofSite.keys) + [options.location.lastPathComponent]
    } catch { throw Failure("\(error)", next: "Check that the description exists and is readable.") }
  }

  /// Read in a folder of its own, so that the work tree stays as it is.
  private func plan(_ run: RunRecord, _ repository: AuditRepository, _ site: Site) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cluster-rollback-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, file) in try repository.specification(of: run) { try file.write(to: folder.appending(path: path)) }
    let specification = try Specification.load(folder.appending(path: site.specification.lastPathComponent))
    options.tell(specification)
    guard let cluster = specification.cluster else {
      throw Failure(
        "this version does not accept the description of run \(run.id)",
        next: "Copy it, fix the problems shown above, and apply that.")
    }
    let reconciler = try Reconciler.connecting(
      site: site, specification: specification, cluster: cluster, by: SiteOptions.caller)
    let review = try await reconciler.closing { () async throws(ReconcileError) in
      try await reconciler.review(reconciler.propose())
    }
    printing.show(review)
  }
}
