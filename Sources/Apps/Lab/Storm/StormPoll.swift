// SPDX-License-Identifier: Apache-2.0
import CEpoll
import ClusterModel
import Glibc

/// The sockets of a storm, and which of them have something: epoll(7), because ten thousand are too many to go through
/// for each packet.
final class StormPoll {
  struct Ready {
    var file: Int32
    /// It can be written to.
    var isWritable: Bool
  }

  private let file: Int32
  private var found = [epoll_event](repeating: epoll_event(), count: 512)

  init() throws(AgentError) {
    file = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard file >= 0 else {
      throw AgentError(
        .commandFailed, "Sockets cannot be waited for", cause: String(cString: strerror(errno)),
        next: "Check how many files may be open: `ulimit -n`.")
    }
  }

  deinit { close(file) }

  /// A closed socket is forgotten by itself.
  func add(_ socket: Int32, writing: Bool = false) { control(EPOLL_CTL_ADD, socket, writing: writing) }

  /// Waits for what comes, where it has waited for room to write.
  func awaitAnswer(_ socket: Int32) { control(EPOLL_CTL_MOD, socket, writing: false) }

  private func control(_ order: Int32, _ socket: Int32, writing: Bool) {
    var event = epoll_event()
    event.events = writing ? EPOLLOUT.rawValue : EPOLLIN.rawValue
    event.data.fd = socket
    epoll_ctl(file, order, socket, &event)
  }

  /// The sockets that have something within so many milliseconds.
  func ready(within milliseconds: Int32) -> [Ready] {
    let count = epoll_wait(file, &found, Int32(found.count), milliseconds)
    guard count > 0 else { return [] }
    return found[..<Int(count)].map { event in
      Ready(file: event.data.fd, isWritable: event.events & EPOLLOUT.rawValue != 0)
    }
  }
}
