// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Glibc
import HostAccess

/// QEMU's monitor over two named pipes: https://www.qemu.org/docs/master/interop/qmp-spec.html.
///
/// It tells a restart from a power-off, which end QEMU alike, and takes the press of the power button.
struct MachineMonitor {
  private static let greeting = "{\"execute\": \"qmp_capabilities\"}\n"
  private static let button = "{\"execute\": \"system_powerdown\"}\n"

  /// Held open, so that neither side sees the other go.
  private let commands: FileHandle
  private let events: FileHandle

  /// Makes the pipes, with the first command waiting in one of them.
  init(_ site: LabSite, _ machine: LabMachine) throws(AgentError) {
    let base = Self.base(site, machine)
    for path in ["\(base).in", "\(base).out"] {
      try LabFiles.remove(path)
      guard mkfifo(path, 0o600) == 0 else { throw Self.failure(path) }
    }
    commands = try Self.open("\(base).in")
    events = try Self.open("\(base).out")
    try Self.write(Self.greeting, to: commands)
  }

  static func arguments(_ site: LabSite, _ machine: LabMachine) -> [String] {
    ["-chardev", "pipe,id=monitor,path=\(base(site, machine))", "-mon", "chardev=monitor,mode=control"]
  }

  /// Presses the power button of a machine that runs.
  static func pressButton(_ site: LabSite, _ machine: LabMachine) throws(AgentError) {
    try write(button, to: try open("\(base(site, machine)).in"))
  }

  /// Whether the system wanted to start again when QEMU ended: SHUTDOWN, with its reason.
  func saysRestart() throws(AgentError) -> Bool {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(events.fileDescriptor, &buffer, buffer.count)
      if count > 0 {
        text += buffer.prefix(count)
      } else if count < 0, errno == EINTR {
        continue
      } else {
        break
      }
    }
    return String(decoding: text, as: UTF8.self).contains("\"reason\": \"guest-reset\"")
  }

  private static func base(_ site: LabSite, _ machine: LabMachine) -> String {
    "\(site.directory(of: machine))/monitor"
  }

  private static func open(_ path: String) throws(AgentError) -> FileHandle {
    let file = Glibc.open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { throw failure(path) }
    return FileHandle(fileDescriptor: file, closeOnDealloc: true)
  }

  private static func write(_ text: String, to pipe: FileHandle) throws(AgentError) {
    guard Glibc.write(pipe.fileDescriptor, text, text.utf8.count) == text.utf8.count else {
      throw failure("QEMU's monitor")
    }
  }

  private static func failure(_ what: String) -> AgentError {
    AgentError(
      .invalid, "\(what) cannot be used", cause: String(cString: strerror(errno)),
      next: "Switch the machine off and on again.")
  }
}
