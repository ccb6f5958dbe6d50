// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Planning

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
