// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import Wings

/// `ocf:cluster:failback`: tells, in an attribute of the services' own head, when they may go back to it, by a rule of
/// Pacemaker's. It runs where they run; attribute and report have the name of the resource.
///
/// They go when that head is a member, in the times that are described, and when each program of a service says that
/// nobody would miss it. A head from which they were moved on purpose has them back only after it was away.
struct FailbackAgent: ResourceAgent {
  private let call: OCFCall
  private let home: String
  private let within: TimesOfDay?
  private let programs: [String]

  init(_ call: OCFCall) {
    self.call = call
    home = call["home"] ?? ""
    within = call["within"].flatMap { TimesOfDay($0) }
    programs = (call["programs"] ?? "").split(separator: " ").map(String.init)
  }

  let required = ["home", "gap"]
  var metadata: String { OCFMetadata.failback }

  private var isHome: Bool { call.node == home }
  private var note: String { "/run/cluster/ocf/\(call.resource).runs" }
  /// See `Failback.report`.
  private var report: String { "/run/cluster/\(call.resource)" }

  /// At home there is nothing to wait for.
  func start() -> OCFResult {
    SmallFile.write("\(home)\n", to: note)
    if isHome { forget() }
    explain(isHome ? Judgement(.later, "the services are on \(home)") : Judgement(.later, "asks in a moment"))
    return .success
  }

  func stop() -> OCFResult {
    unlink(note)
    unlink(report)
    return .success
  }

  func look() -> OCFResult { SmallFile.read(note) == nil ? .notRunning : .success }

  func watch() -> OCFResult {
    guard look() == .success else { return .notRunning }
    guard !isHome else { return .success }
    let judgement = judge()
    explain(judgement)
    guard judgement.word != .held else { return .success }
    let told = tell(judgement.word)
    return told.map { ResourceAgents.refuse($0, .failed) } ?? .success
  }

  // MARK: Judgement

  struct Judgement: Equatable {
    var word: Failback.Word
    /// The reason, in a few words for `cluster status`.
    var words: String

    init(_ word: Failback.Word, _ words: String) {
      self.word = word
      self.words = words
    }
  }

  /// The cheap questions first: a program is asked only where its answer decides.
  private func judge() -> Judgement {
    let members = ChildProgram.run(["crm_node", "--list"], within: 5000)
    guard members.status == 0 else { return Judgement(.later, "the members of the cluster are not known") }
    guard Self.isMember(home, in: members.output) else { return Judgement(.later, "waits for \(home)") }
    let kept = ChildProgram.run(
      ["attrd_updater", "--query", "--name", call.resource, "--node", home], within: 5000)
    if kept.output.contains("value=\"\(Failback.Word.held.rawValue)\"") {
      return Judgement(.held, "the services were moved away from \(home): they go back when it has been away")
    }
    if let within, !within.contains(Self.minuteOfDay) {
      return Judgement(.later, "waits for \(TimesOfDay.clock(within.from)), until \(TimesOfDay.clock(within.until))")
    }
    for program in programs {
      let asked = ChildProgram.run([program, call["gap"] ?? ""], within: 10_000)
      if asked.status != 0 { return Judgement(.later, Self.reason(program, asked.status, asked.output)) }
    }
    return Judgement(.now, "goes back to \(home) now")
  }

  /// - Parameter list: lines of `crm_node --list`: number, name, state.
  static func isMember(_ head: String, in list: String) -> Bool {
    list.split(separator: "\n").contains { $0.split(separator: " ").dropFirst().elementsEqual([head[...], "member"]) }
  }

  /// The first line that a program has printed, or its status where it says nothing that can be shown.
  static func reason(_ program: String, _ status: Int32, _ output: String) -> String {
    let line = output.split(separator: "\n").first.map { String($0.prefix(120)) } ?? ""
    let isShowable = !line.isEmpty && line.utf8.allSatisfy { (32..<127).contains($0) }
    return isShowable ? "waits: \(line)" : "waits: \(program) ends with status \(status)"
  }

  private static var minuteOfDay: Int {
    var now = time(nil), parts = tm()
    localtime_r(&now, &parts)
    return Int(parts.tm_hour) * 60 + Int(parts.tm_min)
  }

  // MARK: Telling

  private func explain(_ judgement: Judgement) {
    let text = ServiceReport(state: .ok, detail: judgement.words).text
    SmallFile.write(text, to: report)
  }

  /// Sets the attribute. Nil: it is set; else why not.
  private func tell(_ word: Failback.Word) -> String? {
    let told = ChildProgram.run(
      ["attrd_updater", "--name", call.resource, "--update", word.rawValue, "--node", home, "--delay", "0"],
      within: 5000)
    return told.status == 0 ? nil : "The attribute \(call.resource) cannot be set: \(told.output)"
  }

  private func forget() {
    _ = ChildProgram.run(["attrd_updater", "--name", call.resource, "--delete", "--node", home], within: 5000)
  }
}
