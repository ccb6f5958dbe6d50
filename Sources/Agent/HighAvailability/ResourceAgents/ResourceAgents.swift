// SPDX-License-Identifier: Apache-2.0
import Glibc
import Wings

/// The resource agents that Pacemaker runs, all in this one program: `ocf:cluster:service`, `address`,
/// `link`, `folder`, `replica`, `failback` and `last-heads` (Resource Agent API 1.0).
///
/// A script at each agent's place names this program as its interpreter, so that the kernel starts it without a shell:
/// `cluster-agent ocf PATH-OF-THE-SCRIPT ACTION`, with the parameters in the environment. It starts in two
/// milliseconds.
///
/// A recurring monitor stays for three intervals and looks again and again, so that a daemon that dies is noticed at
/// once, and a quiet head starts a program four times a minute and not sixty. Pacemaker ends one that it needs no more.
package enum ResourceAgents {
  /// Runs an action, and gives the exit status for Pacemaker.
  package static func run(_ arguments: [String], environment: [String: String]) -> Int32 {
    guard arguments.count == 2 else {
      tell("usage: cluster-agent ocf PATH start|stop|monitor|validate-all|meta-data")
      return OCFResult.arguments.rawValue
    }
    let name = arguments[0].split(separator: "/").last.map(String.init) ?? ""
    let call = OCFCall(environment)
    let agent: (any ResourceAgent)? =
      switch name {
      case "service": ServiceAgent(call)
      case "address": AddressAgent(call)
      case "link": LinkAgent(call)
      case "folder": FolderAgent(call)
      case "replica": ReplicaAgent(call)
      case "failback": FailbackAgent(call)
      case "last-heads": LastHeadsAgent(call)
      default: nil
      }
    guard let agent else { return refuse("There is no agent \(name)", .installed).rawValue }
    if arguments[1] == "meta-data" {
      print(agent.metadata, terminator: "")
      return OCFResult.success.rawValue
    }
    if let missing = agent.required.first(where: { call[$0] == nil }) {
      return refuse("The parameter \(missing) is missing", .configured).rawValue
    }
    return result(of: arguments[1], agent, call).rawValue
  }

  private static func result(of action: String, _ agent: any ResourceAgent, _ call: OCFCall) -> OCFResult {
    switch action {
    case "start":
      call.expectFirstMonitor()
      return agent.start()
    case "stop":
      call.expectFirstMonitor()
      return agent.stop()
    case "monitor", "status":
      // A probe asks for the state of this moment; so does who calls the agent by hand.
      guard call.interval > 0 else {
        call.expectFirstMonitor()
        return agent.look()
      }
      return call.isFirstMonitor() ? agent.look() : agent.watch()
    case "promote", "demote":
      guard let agent = agent as? any PromotableAgent else { return .unimplemented }
      call.expectFirstMonitor()
      return action == "promote" ? agent.promote() : agent.demote()
    case "validate-all": return .success
    default: return .unimplemented
    }
  }

  /// Gives the reason that crm_mon(8) shows, and the result.
  static func refuse(_ reason: String, _ result: OCFResult) -> OCFResult {
    tell("ocf-exit-reason:\(reason)")
    return result
  }

  private static func tell(_ line: String) { say("\(line)\n") }

  /// Writes to standard error.
  static func say(_ text: String) {
    let bytes = Array(text.utf8)
    _ = write(STDERR_FILENO, bytes, bytes.count)
  }
}

/// A kind of resource.
protocol ResourceAgent {
  var metadata: String { get }
  /// Parameters without which it can do nothing.
  var required: [String] { get }
  func start() -> OCFResult
  func stop() -> OCFResult
  /// The state now.
  func look() -> OCFResult
  /// Looks until something is wrong, or until it is time to say that nothing is.
  func watch() -> OCFResult
}

/// A resource that runs on all heads, and is promoted on one of them.
protocol PromotableAgent: ResourceAgent {
  func promote() -> OCFResult
  func demote() -> OCFResult
}

/// The exit statuses of the Resource Agent API that are used here.
enum OCFResult: Int32 {
  case success = 0
  case failed = 1
  case arguments = 2
  case unimplemented = 3
  case installed = 5
  case configured = 6
  case notRunning = 7
  /// It runs, and is promoted.
  case promoted = 8
  /// It runs, and not as it should: Pacemaker shows the reason, and leaves it alone.
  case degraded = 190
}

/// A call of an agent by Pacemaker: the parameters, and how often and how long.
struct OCFCall {
  private let environment: [String: String]
  let begun = MonotonicTime.now

  init(_ environment: [String: String]) { self.environment = environment }

  /// A parameter of the resource. Nil: it is not set.
  subscript(_ name: String) -> String? {
    environment["OCF_RESKEY_\(name)"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The head that it runs on, by Pacemaker's name for it.
  var node: String { environment["OCF_RESKEY_CRM_meta_on_node"] ?? "" }

  /// The resource's id in Pacemaker's configuration.
  var resource: String { environment["OCF_RESOURCE_INSTANCE"] ?? "none" }

  private func milliseconds(_ name: String) -> Int? { environment["OCF_RESKEY_CRM_meta_\(name)"].flatMap { Int($0) } }

  /// Milliseconds between two monitors. 0: this is a probe, or no monitor at all.
  var interval: Int { milliseconds("interval") ?? 0 }
  /// Milliseconds until Pacemaker counts the action as failed.
  var timeout: Int { milliseconds("timeout") ?? 20_000 }
  /// Milliseconds that a recurring monitor stays. 0 where Pacemaker would not wait so long.
  var stay: Int {
    let stay = MonitorTiming.stay(interval: interval)
    return timeout > stay + 1000 ? stay : 0
  }
  /// Milliseconds that looking once may take.
  var patience: Int { max(1000, timeout - (interval > 0 ? stay : 0) - 500) }

  // MARK: The first monitor

  /// The note that a monitor has answered since the resource was started or probed.
  private var note: String { "/run/cluster/ocf/\(resource).watched" }
  private var schedule: String { "\(interval) \(timeout)" }

  func expectFirstMonitor() { unlink(note) }

  /// Pacemaker waits for the first of a row of monitors before it goes on with what it is doing, so it answers at once.
  func isFirstMonitor() -> Bool {
    if SmallFile.read(note) == schedule { return false }
    SmallFile.write(schedule, to: note)
    return true
  }
}

/// Milliseconds of the clock that nobody sets.
struct MonotonicTime: Comparable {
  private var milliseconds: Int

  static var now: MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(milliseconds: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
  }

  private init(milliseconds: Int) { self.milliseconds = milliseconds }

  /// A time of this boot that was noted as `text`.
  init?(_ text: Substring) {
    guard let milliseconds = Int(text) else { return nil }
    self.milliseconds = milliseconds
  }

  var text: String { "\(milliseconds)" }

  static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.milliseconds < right.milliseconds }
  static func + (left: MonotonicTime, right: Int) -> MonotonicTime {
    MonotonicTime(milliseconds: left.milliseconds + right)
  }
  static func - (left: MonotonicTime, right: MonotonicTime) -> Int { left.milliseconds - right.milliseconds }

  /// Milliseconds from now until then; 0 when it has passed.
  var left: Int { max(0, self - .now) }
}
