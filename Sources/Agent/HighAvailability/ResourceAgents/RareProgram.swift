// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A program that looks deeper into a service than is needed every few seconds. A right answer holds for as long as the
/// service's main process is the same, and nobody waits at its port for long, up to a limit.
///
/// `scontrol`, `runuser` and `mariadb` cost more in a minute than all other monitors together. What becomes of a daemon
/// in most cases is seen without them: it ends, a signal stops it, or its clients are not let in.
struct RareProgram {
  /// Milliseconds for which an answer holds.
  private let every: Int
  /// The port that its clients come to. Nil: it is not known.
  private let port: UInt16?
  private let begun: MonotonicTime
  private let memory: String

  /// The program of a call. Nil: there is none, or it is run at each look.
  init?(_ call: OCFCall, notes: String) {
    guard let unit = call["unit"], call["program"] != nil, let every = call["program_every"].flatMap({ Int($0) }) else {
      return nil
    }
    self.every = every
    begun = call.begun
    port = call["program_port"].flatMap { UInt16($0) }
    memory = "\(notes)/\(unit).answered"
  }

  func note(_ state: ServiceState) {
    SmallFile.write("\(state.main.number) \(state.main.started) \(MonotonicTime.now.text)\n", to: memory)
  }

  func forget() { unlink(memory) }

  /// Whether it need not be run again now.
  func holds(for state: ServiceState) -> Bool {
    guard let words = SmallFile.read(memory)?.split(whereSeparator: \.isWhitespace), words.count == 3,
      words[0] == "\(state.main.number)", words[1] == "\(state.main.started)", let noted = MonotonicTime(words[2]),
      case let age = MonotonicTime.now - noted, age >= 0, age < every
    else { return false }
    // To list sockets, the kernel walks through all that the machine could have: once in each monitor.
    guard let port, MonotonicTime.now - begun < 1000 else { return true }
    return isServed(port)
  }

  /// Connections do not wait there: one that has just come is taken a moment later.
  private func isServed(_ port: UInt16) -> Bool {
    let limit = MonotonicTime.now + HealthQuestion.slow
    while ListeningPort(port).isQueueing {
      if limit.left == 0 { return false }
      Pause.milliseconds(100)
    }
    return true
  }
}
