// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// The side that takes what the other one writes, in its order.
///
/// Two standbys tell each other which generation they have, so that after a restart of both heads the newer copy is
/// known before one of them becomes active.
final class StandbyReplica {
  /// Milliseconds after which a connection that says nothing is given up: the other side asks each second.
  private static let patience = 10_000

  private let place: ReplicaPlace
  private let store: ReplicaStore
  private let signals: EndingSignals
  private let listener: Int32
  private var channel: ReplicaChannel?
  /// The other side is active, and writes here.
  private var hasActive = false
  /// The connection over which this one asks, while no active one has come.
  private var question: ReplicaChannel?
  private var asked = MonotonicTime.now + -10_000
  private var isCurrent = false
  private var standing = ReplicaState.Standing.waiting

  init(_ place: ReplicaPlace, _ store: ReplicaStore) throws(AgentError) {
    self.place = place
    self.store = store
    signals = try EndingSignals()
    guard let listener = ReplicaChannel.listen(at: place.own, place.port) else {
      throw FileSystem.failure("\(place.own):\(place.port) cannot be listened at")
    }
    self.listener = listener
    if !store.meta.isWhole || store.meta.isOutdated { standing = .behind }
  }

  func run() throws(AgentError) {
    tell()
    ReplicaProgram.tellReady()
    while true {
      switch signals.taken() {
      case .becomeActive?: return
      case .leave?: return try leave()
      case nil: break
      }
      try turn()
      wait()
    }
  }

  /// Does what is to be done now.
  func turn() throws(AgentError) {
    if let new = ReplicaChannel.accept(from: listener) { try greet(new) }
    try look()
    try ask()
  }

  private func wait() {
    var watched = [signals.file, listener].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    for channel in [channel, question].compactMap({ $0 }) {
      watched.append(pollfd(fd: channel.file, events: channel.events, revents: 0))
    }
    _ = poll(&watched, nfds_t(watched.count), 500)
  }

  private var own: ReplicaHello {
    ReplicaHello(.standby, place, store)
  }

  // MARK: Who is there

  private func greet(_ new: ReplicaChannel) throws(AgentError) {
    // The other side has begun anew.
    channel = new
    hasActive = false
    _ = new.send(own.message)
    _ = new.send(.marks(store.markedRegions))
  }

  /// Asks the other standby for its generation, until it is known or an active one has come.
  private func ask() throws(AgentError) {
    guard !hasActive, !isCurrent else {
      question = nil
      return
    }
    if let question {
      if question.events & Int16(POLLOUT) != 0 { _ = question.flush() }
      for message in question.receive() ?? [] {
        if let hello = ReplicaHello(message) { compare(hello) }
      }
      if isCurrent || MonotonicTime.now - asked > 2000 { self.question = nil }
    } else if MonotonicTime.now - asked > 1000 {
      asked = .now
      question = ReplicaChannel.begin(to: place.peer, place.port)
      _ = question?.send(own.message)
    }
  }

  /// The newer copy may become active, and both of them where they are the same.
  private func compare(_ hello: ReplicaHello) {
    let other = hello.meta
    if other.isAhead(of: store.meta) {
      standing = .behind
    } else if store.meta.isWhole, store.meta.generation > 0 {
      isCurrent = true
      standing = other.isSame(as: store.meta) && other.isWhole ? .inSync : .waiting
    }
    tell()
  }

  // MARK: What the active one says

  private func look() throws(AgentError) {
    guard let channel else { return }
    if channel.events & Int16(POLLOUT) != 0, !channel.flush() { return lose() }
    guard let messages = channel.receive() else { return lose() }
    for message in messages where self.channel === channel { try take(message, channel) }
    if MonotonicTime.now - channel.heard > Self.patience { lose() }
  }

  private func take(_ message: ReplicaMessage, _ channel: ReplicaChannel) throws(AgentError) {
    switch message.kind {
    case .hello:
      guard let hello = ReplicaHello(message) else { return lose() }
      if hello.role == .standby { return compare(hello) }
      hasActive = true
      return
    case .same:
      (isCurrent, standing) = (true, .inSync)
      try store.clearMarks()
      tell()
    case .begin:
      try store.change { $0.isWhole = false }
      (isCurrent, standing) = (false, .syncing)
      tell()
    case .write: try store.write(message.payload[...], at: message.offset)
    case .flush: try store.flush()
    case .done: try finish(message)
    case .ping: break
    case .goodbye: hasActive = false
    case .acknowledge, .marks: return lose()
    }
    _ = channel.send(ReplicaMessage(kind: .acknowledge, number: message.number))
  }

  private func finish(_ message: ReplicaMessage) throws(AgentError) {
    guard let hello = ReplicaHello(message, of: .done) else { return lose() }
    try store.flush()
    try store.change {
      $0 = hello.meta
      ($0.isWhole, $0.isAlone, $0.isOutdated) = (true, false, false)
    }
    try store.clearMarks()
    (isCurrent, standing) = (true, .inSync)
    tell()
  }

  private func lose() {
    channel = nil
    hasActive = false
    switch standing {
    case .syncing: standing = .behind
    // What the other side writes from now on is not here. Whether it does, it says in Pacemaker's configuration.
    case .inSync: standing = .waiting
    default: break
    }
    tell()
  }

  /// Outdates itself before it goes, so that the active one need not wait for anybody.
  private func leave() throws(AgentError) {
    guard hasActive, let channel else { return }
    try store.change { $0.isOutdated = true }
    if channel.send(ReplicaMessage(kind: .goodbye)) { _ = channel.drain(until: .now + 1000) }
  }

  private func tell() { ReplicaStatus(role: .standby, standing: standing, isCurrent: isCurrent).keep() }
}
