// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import Planning
import Reconciler

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what `apply` would change and interrupt. Changes nothing.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: PlanOutputOptions
  @OptionGroup var limits: TermsOptions
  @OptionGroup var comparison: ComparisonOptions
  @OptionGroup var simulation: SimulationOptions

  @Option(
    help: ArgumentHelp("Save the plan to a file, for `cluster apply FILE`.", valueName: "file"),
    completion: .file())
  var out: String?

  @Flag(help: "Exit with 0 when there is nothing to do, 2 when there are changes to make, 1 on an error.")
  var detailedExitcode = false

  func validate() throws {
    try simulation.check(options)
    if comparison.base != nil, options.simulate {
      throw ValidationError(
        "--base compares two descriptions and contacts no machine: it cannot be combined with --simulate.")
    }
    if out != nil, comparison.base != nil {
      throw ValidationError("A comparison of descriptions cannot be applied: --out cannot be combined with --base.")
    }
  }

  func run() async throws {
    let proposal = try await Failure.telling {
      if let (proposal, review) = try await comparison.compared(options, limits.terms) {
        printing.show(review)
        return proposal
      }
      return try await options.reaching(simulation) { reconciler in
        let proposal = try await reconciler.propose(limits.terms)
        printing.show(try await reconciler.review(proposal))
        if let out {
          try SavedPlanFile.write(try reconciler.saved(proposal), to: out)
          let apply = "cluster apply \(options.simulate ? "--simulate " : "")\(out)"
          Terminal.note("Kept in \(out): `\(apply)` does exactly this, or nothing.")
        }
        return proposal
      }
    }
    if detailedExitcode, !proposal.plan.isClean { throw ExitStatus.changes.code }
  }

  static func text(_ review: PlanReview, colour: Bool, full: Bool = false) -> String {
    String(PlanText(review, colour: colour, full: full).text.dropLast())
  }

  static func text(_ plan: Plan, colour: Bool) -> String { text(PlanReview(plan), colour: colour) }
}

/// How a plan is printed.
struct PlanOutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json, yaml, md }

  @Option(name: .shortAndLong, help: "The format of standard output; md is for comments on pull requests.")
  var output: Format = .text

  @Flag(help: "Show everything, however long.")
  var full = false

  func show(_ review: PlanReview) {
    switch output {
    case .text: Terminal.print(PlanCommand.text(review, colour: Terminal.outputColour, full: full))
    case .json: Terminal.print(String(review.json.dropLast()))
    case .yaml: Terminal.print(String(review.yaml.dropLast()))
    case .md: Terminal.print(String(PlanMarkdown(review).markdown.dropLast()))
    }
  }
}

/// A saved plan on the disk, readable by its owner only: it tells how the site is made.
enum SavedPlanFile {
  static func write(_ plan: SavedPlan, to path: String) throws {
    let data: Data
    do { data = try plan.encoded() } catch {
      throw Failure("the plan cannot be written as JSON: \(error)", next: "This is a bug in cluster: report it.")
    }
    // A new file beside it, so that the permissions are right from the first byte and no half plan is ever read.
    let temporary = path + ".\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("write", temporary) }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: data)
      try handle.synchronize()
    } catch {
      unlink(temporary)
      throw Failure("\(path) cannot be written: \(error)", next: "Free some space there, or give another file.")
    }
    guard rename(temporary, path) == 0 else {
      let problem = failure("write", path)
      unlink(temporary)
      throw problem
    }
  }

  static func read(_ path: String) throws -> SavedPlan {
    guard let data = FileManager.default.contents(atPath: path) else { throw failure("read", path) }
    return try SavedPlan(data)
  }

  private static func failure(_ verb: String, _ path: String) -> Failure {
    Failure("cannot \(verb) \(path): \(String(cString: strerror(errno)))", next: "Give a file that you can \(verb).")
  }
}
