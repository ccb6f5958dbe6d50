// SPDX-License-Identifier: Apache-2.0
import CEpoll
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// The two ends of a replicated disk, as the unit's command line names them.
struct ReplicaPlace {
  let name: String
  let own: String
  let other: String
  let peer: String
  /// Milliseconds that a head may be gone and still count as online: Corosync's token timeout.
  let detect: Int
  var port = StandIn.port

  /// `NAME ADDRESS OTHER ADDRESS DETECT`. Nil: it is something else.
  init?(_ arguments: [String]) {
    guard arguments.count == 5, let detect = Int(arguments[4]), IPv4Address(arguments[1]) != nil,
      IPv4Address(arguments[3]) != nil
    else { return nil }
    (name, own, other, peer, self.detect) = (arguments[0], arguments[1], arguments[2], arguments[3], detect)
  }
}

/// The program's own account of itself, for resource agents and for `cluster status`.
struct ReplicaStatus: Hashable, Codable {
  static let path = "/run/cluster/replica/status"

  var role: StandIn.Role
  var standing: ReplicaState.Standing
  /// The copies have been the same since this program was started, or the other one turned out to be no newer.
  var isCurrent = false
  var left = 0
  var rate = 0

  /// The last account. Nil: nothing runs that has given one.
  static func read() -> ReplicaStatus? {
    SmallFile.read(path).flatMap { try? JSONDecoder().decode(ReplicaStatus.self, from: Data($0.utf8)) }
  }

  func keep() {
    mkdir("/run/cluster", 0o755)
    mkdir("/run/cluster/replica", 0o755)
    // Numbers and words can always be encoded.
    guard let bytes = try? JSONEncoder().encode(self) else { return }
    SmallFile.write(String(decoding: bytes, as: UTF8.self), to: Self.path)
  }
}

/// Signals that end the program, as a file that poll(2) watches.
struct EndingSignals {
  enum Kind { case leave, becomeActive }

  let file: Int32

  init() throws(AgentError) {
    var set = sigset_t()
    sigemptyset(&set)
    for number in [SIGTERM, SIGINT] { sigaddset(&set, number) }
    sigprocmask(SIG_BLOCK, &set, nil)
    file = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
    guard file >= 0 else { throw FileSystem.failure("Signals cannot be waited for") }
  }

  /// The signal that has come. Nil: none.
  func taken() -> Kind? {
    var info = signalfd_siginfo()
    let size = MemoryLayout<signalfd_siginfo>.size
    guard read(file, &info, size) == size else { return nil }
    return Int32(bitPattern: info.ssi_signo) == SIGINT ? .becomeActive : .leave
  }
}

/// `cluster-agent replica standby|active …`: the stand-in for DRBD, for labs of containers.
package enum ReplicaProgram {
  /// Runs until a signal ends it.
  package static func run(_ arguments: [String]) throws(AgentError) {
    guard let role = arguments.first.flatMap(StandIn.Role.init), let place = ReplicaPlace(Array(arguments.dropFirst()))
    else {
      throw AgentError(
        .invalid, "usage: cluster-agent replica standby|active NAME ADDRESS OTHER ADDRESS DETECT",
        next: "Run `cluster apply`, which writes its units.")
    }
    signal(SIGPIPE, SIG_IGN)
    let store = try ReplicaStore()
    switch role {
    case .standby: try StandbyReplica(place, store).run()
    case .active: try ActiveReplica(place, store).run()
    }
  }

  /// Tells systemd that it is ready: sd_notify(3).
  static func tellReady() {
    guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return }
    let file = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Connection.closesOnExec, 0)
    guard file >= 0 else { return }
    defer { _ = close(file) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { place in
      // `@` is how systemd writes a name that is no file.
      let name = Array(path.utf8.prefix(place.count - 1))
      place.copyBytes(from: name)
      if name.first == UInt8(ascii: "@") { place[0] = 0 }
    }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + path.utf8.count)
    let text = Array("READY=1".utf8)
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = sendto(file, text, text.count, Int32(MSG_NOSIGNAL), $0, length)
      }
    }
  }

  /// A line in the unit's journal.
  static func say(_ text: String) { ResourceAgents.say("\(text)\n") }
}
