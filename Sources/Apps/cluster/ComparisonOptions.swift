// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Comparison
import Execution
import Planning
import Reconciler

/// Two commits of the description to be compared, instead of a description and its machines.
struct ComparisonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compare with the description in this commit (such as origin/main). No host is contacted.", valueName: "revision")
  )
  var base: String?

  @Option(
    help: ArgumentHelp(
      "With --base: the commit to compare. Default: the files in the working directory.", valueName: "revision"))
  var head: String?

  func validate() throws {
    if head != nil, base == nil { throw ValidationError("--head requires --base.") }
  }

  /// The comparison, or nil where none is asked for.
  func compared(_ options: SiteOptions, _ terms: RunTerms) async throws -> (Proposal, PlanReview)? {
    guard let base else { return nil }
    let site = try options.site()
    do {
      let repository = try AuditRepository(folder: site.folder.path)
      let (old, before) = try read(base, options, repository)
      let (new, after) =
        try head.map { try read($0, options, repository) } ?? (options.specification(), "the files here")
      let comparison = DescriptionComparison(site: site, journal: JournalOnDemand(path: site.journal.path))
      var (proposal, review) = try await comparison.proposal(from: old, to: new, terms)
      review.notes.insert(
        "Compares two descriptions, \(before) and \(after); no host was contacted, and hosts may differ from both.",
        at: 0)
      review.undo = nil
      proposal.plan = review.plan
      return (proposal, review)
    } catch let error as AuditError {
      throw Failure("\(error)", next: error.next)
    }
  }

  /// A description as a commit has it, and what to call it. Ends the program when it is not valid.
  private func read(
    _ revision: String, _ options: SiteOptions, _ repository: AuditRepository
  ) throws -> (Specification, String) {
    let commit = try repository.commit(named: revision)
    let specification = try Specification.load(
      options.location.lastPathComponent, at: commit, in: repository,
      beside: options.location.deletingLastPathComponent())
    if specification.cluster == nil {
      options.tell(specification)
      throw Failure(
        "the description in \(revision) is not valid", next: "Compare with a commit in which `cluster validate` passes."
      )
    }
    let short = String(commit.prefix(12))
    return (specification, commit.hasPrefix(revision) ? short : "\(revision) (\(short))")
  }
}
