// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import Lab

struct LabProbeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Probe the service addresses every 50 ms and report each interruption.",
    discussion: "The exit status is 0 when everything answered at the end, otherwise 1.")

  @OptionGroup var options: LabOptions

  @Option(help: "How many seconds to probe.")
  var seconds = 60

  @Option(help: .hidden)
  var target: [String] = []

  func run() async throws {
    try await Failure.telling {
      // The second time, in the lab's network namespace.
      guard target.isEmpty else { return try probe(target.compactMap { ProbeTarget($0) }) }
      let site = try options.site()
      guard let cluster = try SiteOptions.parse(["--file", options.file]).specification().cluster else {
        throw ExitCode.failure
      }
      let targets = ProbeTarget.all(of: cluster)
      guard !targets.isEmpty else {
        throw Failure("\(options.file) has no service addresses", next: "Describe them under ha.addresses.")
      }
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      throw LabEntry.become(
        site.inside(
          [program, "lab", "probe", "--seconds", "\(seconds)"] + targets.flatMap { ["--target", $0.argument] }))
    }
  }

  private func probe(_ targets: [ProbeTarget]) throws {
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true).time(includingFractionalSeconds: true)
    var prober = Prober(targets)
    let outages = prober.run(for: .seconds(seconds)) { change in
      let what = change.backAfter.map { "answers again after \(Self.text($0))" } ?? "does not answer"
      Terminal.print("\(Date.now.formatted(format))  \(change.target)  \(what)")
    }
    for target in targets {
      let state = outages.stillDown.contains(target) ? "does not answer" : "answers"
      Terminal.print("\(target)  \(state), longest interruption \(Self.text(outages.longest[target] ?? .zero))")
    }
    if !outages.stillDown.isEmpty { throw ExitCode.failure }
  }

  private static func text(_ length: Duration) -> String {
    length.formatted(.units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 2)))
  }
}
