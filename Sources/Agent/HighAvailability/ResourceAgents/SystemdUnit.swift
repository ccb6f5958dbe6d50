// SPDX-License-Identifier: Apache-2.0
import CEpoll
import Glibc
import HostAccess

/// A unit, by systemctl(1). What is asked every few seconds is asked of the kernel instead: whether the unit's main
/// process is still the one that systemd told of.
struct SystemdUnit {
  let name: String
  /// Where monitors keep notes for those to come.
  var notes = "/run/cluster/ocf"

  /// The unit as systemd tells it.
  func show() -> ServiceState {
    let shown = ChildProgram.run(
      ["systemctl", "show", "--property", "ActiveState,LoadState,Job,MainPID,ControlGroup", name], within: 10_000)
    return ServiceState(properties: shown.output)
  }

  /// The state once no job is pending: a restart that an administrator or `cluster` asked for is not a failure. Gives
  /// up, with the state of that moment, when the time is over.
  func settled(within milliseconds: Int) -> ServiceState {
    let limit = MonotonicTime.now + milliseconds
    while true {
      let state = show()
      // Its process is gone, and systemd has not heard of it yet.
      let stale = state.active == "active" && state.main.number > 0 && !state.main.isAlive
      if !(state.isChanging || stale) || limit.left == 0 { return state }
      Pause.milliseconds(stale ? 20 : 100)
    }
  }

  /// Stops it at once. By its order it stops after Pacemaker, so that nothing of a head that goes down seems to fail;
  /// while Pacemaker itself is being stopped, a stop in that order would wait for the one who asks for it.
  func stop() -> (status: Int32, said: String) { order("stop", "--job-mode=ignore-dependencies") }

  func order(_ verb: String, _ options: String...) -> (status: Int32, said: String) {
    let done = ChildProgram.run(["systemctl", verb] + options + ["--", name], within: .max)
    return (done.status, done.output.split(separator: "\n").joined(separator: " "))
  }

  /// Units that never failed have nothing to forget, and systemctl(1) says so.
  func forgetFailures() { _ = ChildProgram.run(["systemctl", "reset-failed", name], within: 10_000) }

  // MARK: Memory

  private var memory: String { "\(notes)/\(name)" }

  /// Keeps what systemd told of a unit that runs, for the monitors to come.
  func remember(_ state: ServiceState) {
    guard state.main.isAlive else { return forget() }
    SmallFile.write("\(state.main.number) \(state.main.started) \(state.controlGroup)\n", to: memory)
  }

  func forget() { unlink(memory) }

  /// The state that was kept, where the unit's main process is still the same.
  func remembered() -> ServiceState? {
    guard let line = SmallFile.read(memory)?.split(separator: "\n").first else { return nil }
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count == 3, let number = pid_t(words[0]), let started = UInt64(words[1]) else { return nil }
    let main = MainProcess(number: number, started: started)
    return main.isAlive ? ServiceState(main: main, controlGroup: String(words[2])) : nil
  }
}

/// The state of a unit at one moment.
struct ServiceState {
  var active = "active"
  var load = "loaded"
  var hasJob = false
  var main: MainProcess
  /// Its path below each hierarchy of control groups: `/system.slice/nginx.service`.
  var controlGroup: String

  init(main: MainProcess, controlGroup: String) {
    self.main = main
    self.controlGroup = controlGroup
  }

  /// - Parameter properties: lines of `systemctl show`.
  init(properties: String) {
    var values: [Substring: Substring] = [:]
    for line in properties.split(separator: "\n") {
      let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { values[parts[0]] = parts[1] }
    }
    active = String(values["ActiveState"] ?? "unknown")
    load = String(values["LoadState"] ?? "unknown")
    hasJob = !["", "0"].contains(values["Job"] ?? "")
    let number = values["MainPID"].flatMap { pid_t($0) } ?? 0
    main = MainProcess(number: number, started: MainProcess.status(of: number)?.startedAt ?? 0)
    controlGroup = String(values["ControlGroup"] ?? "")
  }

  /// Somebody has asked systemd for something, and it is not done yet.
  var isChanging: Bool { hasJob || ["activating", "deactivating", "reloading"].contains(active) }

  private var processes: [pid_t] {
    guard controlGroup.count > 1 else { return main.number > 0 ? [main.number] : [] }
    for root in ["/sys/fs/cgroup/systemd", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
      if let list = SmallFile.read("\(root)\(controlGroup)/cgroup.procs") {
        return list.split(separator: "\n").compactMap { pid_t($0) }
      }
    }
    return main.number > 0 ? [main.number] : []
  }

  /// Any of its processes is stopped by a signal: state T of proc_pid_stat(5).
  var isStopped: Bool { processes.contains { MainProcess.status(of: $0)?.state == "T" } }

  /// Nobody takes what has come to a port, and none of its processes does anything: it is not slow, it hangs.
  func isHung(at port: UInt16?) -> Bool {
    guard let port, ListeningPort(port).isWaitedFor else { return false }
    let states = processes.compactMap { MainProcess.status(of: $0)?.state }
    return !states.isEmpty && states.allSatisfy { $0 == "S" }
  }

  /// Lets stopped processes go on.
  func wake() {
    for process in processes where MainProcess.status(of: process)?.state == "T" { kill(process, SIGCONT) }
  }
}

/// A unit's main process, which cannot be mistaken for a later one with its number.
struct MainProcess {
  /// 0: the unit has none.
  var number: pid_t
  /// Clock ticks since boot.
  var started: UInt64

  var isAlive: Bool {
    guard number > 0, let now = Self.status(of: number) else { return false }
    return now.startedAt == started
  }

  /// The state and start of a process. Nil: there is no such process, or it has ended.
  static func status(of process: pid_t) -> ProcessStat? {
    guard process > 0 else { return nil }
    return ProcessStat(running: { SmallFile.read("/proc/\(process)/stat") })
  }

  /// Waits, and says whether the process has ended meanwhile: the kernel tells at once, and nothing is done until then.
  func ended(within milliseconds: Int) -> Bool {
    guard number > 0 else {
      Pause.milliseconds(milliseconds)
      return false
    }
    // Where there is none, poll(2) waits for the whole time, and what has happened is seen then.
    let file = open_pidfd(number)
    defer { if file >= 0 { close(file) } }
    // Looked at after it is held: a later process with this number is not waited for.
    guard isAlive else { return true }
    var watched = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
    _ = poll(&watched, 1, Int32(clamping: milliseconds))
    return !isAlive
  }
}
