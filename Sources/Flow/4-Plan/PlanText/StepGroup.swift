// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// Steps that a reader takes in at once: the same done to different machines, or the same done on several heads.
struct StepGroup {
  var first: Step
  /// Places of its steps in the plan.
  var members: [Int]
  /// The other machines that they are about. Empty for steps on the host itself.
  var machines: [HostID]
  /// Where they are done, in the order of the plan.
  var hosts: [HostID]
  /// Where the spec asks for them; a few of many.
  var places: [SourceSpan]

  /// More places than these are not listed.
  private static let mostPlaces = 3

  /// In the order of each group's first step.
  static func grouped(_ steps: [Step]) -> [StepGroup] {
    var groups: [StepGroup] = []
    var places: [Sameness: Int] = Dictionary(minimumCapacity: min(steps.count, 1024))
    for (index, step) in steps.enumerated() {
      let machine = step.operation.machine
      let sameness = Sameness(step, machine)
      if let place = places[sameness] {
        groups[place].members.append(index)
        if let machine { groups[place].machines.append(machine) }
        groups[place].add(step)
      } else {
        places[sameness] = groups.count
        groups.append(
          StepGroup(
            first: step, members: [index], machines: machine.map { [$0] } ?? [], hosts: [step.host],
            places: step.source.map { [$0] } ?? []))
      }
    }
    return groups
  }

  private mutating func add(_ step: Step) {
    if hosts.last != step.host, !hosts.contains(step.host) { hosts.append(step.host) }
    guard let place = step.source, places.last != place, places.count < Self.mostPlaces, !places.contains(place) else {
      return
    }
    places.append(place)
  }

  /// `(cluster.yaml:24, 30)`, with a space before it; empty for what no line asks for.
  var place: String {
    guard let first = places.first else { return "" }
    let lines = Set(places.map(\.line)).sorted().map { "\($0)" }.joined(separator: ", ")
    return "  (\(first.file):\(lines))"
  }

  /// The first step's reason, with all the machines or hosts in the place of the one.
  func because(_ machines: String) -> String {
    if self.machines.count > 1, let name = self.machines.first?.name {
      return first.because.withEach(name, replacedBy: machines)
    }
    if hosts.count > 1 { return first.because.withEach(first.host.name, replacedBy: "each of them") }
    return first.because
  }

  /// The properties in which two steps must agree to be told in one line.
  private struct Sameness: Hashable {
    /// Steps about other machines are folded on one host, others across hosts.
    var host: HostID?
    var what: String
    var because: String
    var changes: [String]
    var disruption: Step.Disruption
    var destructive: Bool

    init(_ step: Step, _ machine: HostID?) {
      disruption = step.disruption
      destructive = step.destructive
      if let machine {
        host = step.host
        what = step.title("*")
        because = step.because.withEach(machine.name, replacedBy: "*")
        changes = step.changes.map { $0.withEach(machine.name, replacedBy: "*") }
      } else {
        what = step.title("")
        because = step.because.withEach(step.host.name, replacedBy: "*")
        changes = step.changes
      }
    }
  }
}

extension String {
  /// Every place where `word` stands, as a word of its own, gets the other text. Bytes are compared: names are ASCII.
  func withEach(_ word: String, replacedBy other: String) -> String {
    var (text, pattern) = (self, word)
    return text.withUTF8 { text in
      pattern.withUTF8 { pattern in
        guard let first = pattern.first else { return String(decoding: text, as: UTF8.self) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
          let end = index + pattern.count
          if text[index] == first, end <= text.count, text[index..<end].elementsEqual(pattern),
            index == 0 || !text[index - 1].isNamePart, end == text.count || !text[end].isNamePart
          {
            result += other.utf8
            index = end
          } else {
            result.append(text[index])
            index += 1
          }
        }
        return String(decoding: result, as: UTF8.self)
      }
    }
  }
}

extension UInt8 {
  fileprivate var isNamePart: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
      || self == UInt8(ascii: "-") || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
  }
}

extension Step {
  /// An order in words: `write /etc/hosts`, `restart nginx.service`. The machines it is about are the caller's,
  /// so that many of them can be named at once.
  func title(_ machines: String) -> String {
    operation.title(verb: id.text.split(separator: "/").last.map(String.init) ?? "", machines: machines)
  }

  /// The same for one step alone.
  package var title: String { title(operation.machine?.name ?? "") }

  /// The effect of undoing it.
  var undoing: String { destructive ? "what it takes away does not come back." : operation.undoing }
}

/// The steps that destroy, reboot or fail over, once more: last, where the eye rests before the question is answered.
struct RepeatedText {
  /// More than these are counted.
  private static let most = 8

  let text: PlanText
  let groups: [StepGroup]

  /// Begins with an empty line, or is empty.
  var lines: [String] {
    section("Destroys: what these take away does not come back", groups.filter(\.first.destructive))
      + section("Reboots", groups.filter { $0.first.disruption == .reboot && !$0.first.destructive })
      + section("Fails over", groups.filter { $0.first.disruption == .failover && !$0.first.destructive })
  }

  private func section(_ title: String, _ groups: [StepGroup]) -> [String] {
    if groups.isEmpty { return [] }
    let shown = text.full || groups.count <= Self.most + 1 ? groups.count : Self.most
    let mark = text.paint("!", .red)
    var lines = ["", text.paint(title, .red)]
    lines += groups.prefix(shown).map { "  \(mark) \(text.folded($0.hosts)): \(text.title($0))" }
    if shown < groups.count { lines.append("  \(mark) … and \(groups.count - shown) more") }
    return lines
  }
}
