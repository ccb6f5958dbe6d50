// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import Reconciler

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Follow what happens to heads, service addresses, services and nodes.",
    discussion: """
      A line for each change, until Ctrl-C: nodes on their way up, heads that come and go, services that move, runs that \
      begin and end. Heads are asked again every few seconds; nothing is changed. With -o json each line is an object: \
      docs/events.md.
      """)

  @Flag(help: "Go on until Ctrl-C. Without it, the present state is `cluster status`, and past runs are `cluster log`.")
  var follow = false

  @Option(help: ArgumentHelp("Seconds between two looks.", valueName: "seconds"))
  var every = 3

  @Option(
    name: .customLong("for"), help: ArgumentHelp("End after so many seconds. Default: never.", valueName: "seconds"))
  var duration: Int?

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws {
    try simulation.check(options)
    guard follow else {
      throw ValidationError("Write --follow. The present state is `cluster status`, past runs are `cluster log`.")
    }
    guard (1...3600).contains(every) else { throw ValidationError("--every is 1 to 3600 seconds.") }
    if let duration, duration < 1 { throw ValidationError("--for is at least 1 second.") }
  }

  func run() async throws {
    try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        options.noteSimulated()
        let began = ContinuousClock.now
        var last = try await reconciler.status()
        Terminal.note("Following \(EventText.summary(last)). Ctrl-C ends.")
        while duration.map({ ContinuousClock.now - began < .seconds($0) }) ?? true {
          try await ContinuousClock().sleep(for: .seconds(every))
          let status = try await reconciler.status()
          try tell(status.changes(since: last), at: Int(Date().timeIntervalSince1970))
          last = status
        }
      }
    }
  }

  private func tell(_ changes: [StatusChange], at now: Int) throws {
    switch printing.output {
    case .json:
      for change in changes { Terminal.print(try EventText.json(change, at: now, simulated: options.simulate)) }
    case .text: for line in EventText.lines(changes, at: now) { Terminal.print(line) }
    }
  }
}

/// Changes as lines.
enum EventText {
  private struct Line: Encodable {
    var at: Int
    var event: String
    var name: String
    var from: String?
    var to: String?
    var detail: String?
    var simulated: Bool?
  }

  static func json(_ change: StatusChange, at now: Int, simulated: Bool) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let line = Line(
      at: now, event: change.subject.rawValue, name: change.name, from: change.from, to: change.to,
      detail: change.detail, simulated: simulated ? true : nil)
    return String(decoding: try encoder.encode(line), as: UTF8.self)
  }

  /// Machines to which the same has happened are one line.
  static func lines(_ changes: [StatusChange], at now: Int) -> [String] {
    var order: [StatusChange] = []
    var names: [StatusChange: [String]] = [:]
    for change in changes {
      var alike = change
      alike.name = [.node, .head].contains(change.subject) ? "" : change.name
      // Each node's own words name it.
      alike.detail = change.detail?.replacing(change.name, with: "it")
      if names[alike] == nil { order.append(alike) }
      names[alike, default: []].append(change.name)
    }
    return order.map { change in
      let names = names[change] ?? []
      let who =
        change.name.isEmpty ? HostlistText.fold(names.map { HostID($0) }) : "\(change.subject.rawValue) \(change.name)"
      let what = (change.from.map { "\($0) -> " } ?? "") + (change.to ?? "gone")
      return "\(time(now))  \(who)  \(what)" + (change.detail.map { "  (\($0))" } ?? "")
    }
  }

  /// The time of day here: whoever follows looks at a clock.
  static func time(_ moment: Int) -> String {
    Date(timeIntervalSince1970: TimeInterval(moment)).formatted(
      Date.VerbatimFormatStyle(
        format:
          "\(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\(second: .twoDigits)",
        timeZone: .current, calendar: Calendar(identifier: .gregorian)))
  }

  static func summary(_ status: StatusReport) -> String {
    let online = status.heads.count(where: \.online)
    let ready = status.nodes.count { $0.state == .ready }
    return "\(status.cluster) (\(status.site)): \(online) of \(status.heads.count) heads online, \(ready) of "
      + "\(status.nodes.count) nodes ready"
  }
}
