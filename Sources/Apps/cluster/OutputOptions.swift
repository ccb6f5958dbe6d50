// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How a command that reads prints what it found.
struct OutputOptions: ParsableArguments {
  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  @Option(name: .shortAndLong, help: "The format of standard output.")
  var output: Format = .text
}
