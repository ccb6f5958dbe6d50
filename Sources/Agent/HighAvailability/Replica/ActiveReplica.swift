// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// The side whose contents are used. What is written goes to this head's disk and to the other head's, in one order,
/// and is acknowledged when both have it.
///
/// A loss of the other copy holds all that is written until the other head is known to be off or barred
/// (`ReplicaPermission`), and what changes from then on is marked. When the other copy is back, marked regions are
/// copied in the same stream as what is written meanwhile, so that they arrive in order without anything being stopped.
final class ActiveReplica {
  /// Milliseconds without an answer after which the other copy counts as lost. TCP would wait for many minutes.
  private static let patience = 3000
  /// Marks are taken away when there are so many, so that little has to be copied after a loss.
  private static let mostMarks = 1024
  private static let chunksAtOnce = 8

  private enum Waiting {
    case write(UInt64, count: Int)
    case flush(UInt64)
    case chunk, ping, done, begun, checkpoint
  }

  private let place: ReplicaPlace
  private let store: ReplicaStore
  private let permission: ReplicaPermission
  private let signals: EndingSignals
  private var disk: FuseDisk?
  private var channel: ReplicaChannel?
  private var hello: ReplicaHello?
  /// The other copy gets what is written.
  private var isForwarding = false
  private var waiting: [(number: UInt64, what: Waiting)] = []
  private var number: UInt64 = 0
  private var todo: [Int] = []
  private var copying = 0
  private var copied = 0
  private var copyingSince = MonotonicTime.now
  private var lost = MonotonicTime.now
  private var asked = MonotonicTime.now + -1000
  private var tried = MonotonicTime.now + -10_000
  private var pinged = MonotonicTime.now
  private var wantsCheckpoint = false
  private var standing = ReplicaState.Standing.held { didSet { if standing != oldValue { tell() } } }
  private var told = MonotonicTime.now

  init(_ place: ReplicaPlace, _ store: ReplicaStore) throws(AgentError) {
    self.place = place
    self.store = store
    signals = try EndingSignals()
    permission = ReplicaPermission(place: place)
  }

  func run() throws(AgentError) {
    tell()
    while true {
      if signals.taken() != nil { return try leave() }
      try look()
      if standing == .held { try hold() } else if disk == nil { try begin() }
      if standing != .held { try advance() }
      wait()
    }
  }

  /// The contents can be used from here on.
  private func begin() throws(AgentError) {
    disk = try FuseDisk(at: ReplicaPlaces.device, size: store.size)
    ReplicaProgram.tellReady()
  }

  /// Waits until something is to be done.
  private func wait() {
    var watched = [pollfd(fd: signals.file, events: Int16(POLLIN), revents: 0)]
    if let channel { watched.append(pollfd(fd: channel.file, events: channel.events, revents: 0)) }
    if let disk, standing != .held, !isAtCheckpoint {
      watched.append(pollfd(fd: disk.file, events: Int16(POLLIN), revents: 0))
    }
    _ = poll(&watched, nfds_t(watched.count), standing == .held ? 100 : 250)
  }

  /// Nothing new is taken until both disks are flushed.
  private var isAtCheckpoint: Bool {
    wantsCheckpoint || waiting.contains { if case .checkpoint = $0.what { true } else { false } }
  }

  // MARK: What is asked of the disk

  /// Answers what has been asked, and keeps what goes on beside it going.
  private func advance() throws(AgentError) {
    if !isAtCheckpoint, let disk {
      // A few at a time, so that the other side is looked at in between.
      for _ in 0..<32 {
        guard standing != .held, let request = try disk.next() else { break }
        try perform(request, disk)
      }
    }
    copyMore()
    try checkpoint()
    if let channel, channel.isConnected, MonotonicTime.now - pinged > 1000 {
      pinged = .now
      if waiting.isEmpty { send(.ping, .ping) }
    }
    if MonotonicTime.now - told > 1000 { tell() }
  }

  private func perform(_ request: FuseDisk.Request, _ disk: FuseDisk) throws(AgentError) {
    switch request {
    case .read(let id, let offset, let count): try disk.reply(id, try store.read(offset, count))
    case .write(let id, let offset, let bytes):
      try store.mark(offset, bytes.count)
      try store.write(bytes, at: offset)
      guard isForwarding else { return try disk.wrote(id, bytes.count) }
      send(.write, .write(id, count: bytes.count), offset: offset, Array(bytes))
    case .flush(let id):
      // Both at the same time.
      let goes = isForwarding
      if goes { send(.flush, .flush(id)) }
      try store.flush()
      if !goes { try disk.reply(id, []) }
    }
  }

  private func send(
    _ kind: ReplicaMessage.Kind, _ what: Waiting, offset: Int = 0, _ payload: [UInt8] = []
  ) {
    number += 1
    waiting.append((number, what))
    guard let channel, channel.send(ReplicaMessage(kind: kind, number: number, offset: offset, payload: payload)) else {
      return lose("it cannot be sent to")
    }
  }

  // MARK: The other copy

  /// Takes what the other side has said.
  private func look() throws(AgentError) {
    guard let channel else { return connect() }
    if !channel.isConnected || channel.events & Int16(POLLOUT) != 0 {
      var watched = pollfd(fd: channel.file, events: Int16(POLLOUT), revents: 0)
      if poll(&watched, 1, 0) > 0, !channel.flush() { return drop() }
    }
    guard channel.isConnected else {
      if MonotonicTime.now - tried > 1000 { self.channel = nil }
      return
    }
    guard let messages = channel.receive() else { return drop() }
    for message in messages { try take(message) }
    if !waiting.isEmpty || hello == nil, MonotonicTime.now - channel.heard > Self.patience {
      lose("it has not answered for \(Self.patience / 1000) s")
    }
  }

  private func connect() {
    guard MonotonicTime.now - tried > 500 else { return }
    tried = .now
    hello = nil
    channel = ReplicaChannel.begin(to: place.peer, place.port)
    _ = channel?.send(ReplicaHello(.active, place, store).message)
  }

  private func drop() { if isForwarding { lose("its connection has ended") } else { channel = nil } }

  private func take(_ message: ReplicaMessage) throws(AgentError) {
    switch message.kind {
    case .hello: hello = ReplicaHello(message)
    case .marks: if let hello { try join(hello, message.regions) }
    case .acknowledge: try acknowledged(message.number)
    case .goodbye: try partInPeace()
    default: lose("it says what an active one says")
    }
  }

  /// Begins to keep the other copy the same.
  private func join(_ hello: ReplicaHello, _ regions: [Int]) throws(AgentError) {
    let other = hello.meta
    guard hello.role == .standby, hello.size == store.size, !other.isAhead(of: store.meta) else {
      ReplicaProgram.say("the copy of \(hello.name) is no older one of this: nothing is copied")
      channel = nil
      tried = MonotonicTime.now + 5000
      return
    }
    try store.mark(regions: regions)
    if other.generation == 0 { try store.markContents() }
    isForwarding = true
    if other.isWhole, other.isSame(as: store.meta), !other.isOutdated, store.marked == 0 {
      send(.same, .done)
    } else {
      send(.begin, .begun)
      todo = store.markedRegions.reversed()
      (copied, copyingSince) = (0, .now)
      ReplicaProgram.say("copying \(todo.count * ReplicaStore.region) bytes to \(hello.name)")
    }
  }

  private func acknowledged(_ upTo: UInt64) throws(AgentError) {
    while let first = waiting.first, first.number <= upTo {
      waiting.removeFirst()
      switch first.what {
      case .ping: break
      // It cannot become active now.
      case .begun: standing = .syncing
      case .chunk:
        copying -= 1
        copied += 1
      case .done:
        try store.change { $0.isAlone = false }
        standing = .inSync
        wantsCheckpoint = true
      case .checkpoint: try store.clearMarks()
      case .write, .flush: try answer(first.what)
      }
    }
  }

  private func answer(_ what: Waiting) throws(AgentError) {
    switch what {
    case .write(let id, let count): try disk?.wrote(id, count)
    case .flush(let id): try disk?.reply(id, [])
    default: break
    }
  }

  /// Sends regions that the other copy may not have, a few at a time.
  private func copyMore() {
    guard standing == .syncing else { return }
    while isForwarding, copying < Self.chunksAtOnce, let region = todo.popLast() {
      let offset = region * ReplicaStore.region
      do throws(AgentError) {
        let bytes = try store.read(offset, ReplicaStore.region)
        copying += 1
        send(.write, .chunk, offset: offset, bytes)
      } catch { return lose("a region cannot be read: \(error)") }
    }
    let isDone = waiting.contains { if case .done = $0.what { true } else { false } }
    if isForwarding, todo.isEmpty, copying == 0, !isDone {
      send(.done, .done, ReplicaHello(.active, place, store).message.payload)
    }
  }

  /// Takes the marks away, when both disks have all that was written.
  private func checkpoint() throws(AgentError) {
    if standing == .inSync, store.marked > Self.mostMarks { wantsCheckpoint = true }
    guard wantsCheckpoint, standing == .inSync, waiting.isEmpty else { return }
    wantsCheckpoint = false
    try store.flush()
    send(.flush, .checkpoint)
  }

  // MARK: Alone

  private func lose(_ why: String) {
    channel = nil
    hello = nil
    guard isForwarding else { return }
    isForwarding = false
    ReplicaProgram.say("the copy of \(place.other) is lost: \(why)")
    keepOnlyRequests()
    (lost, tried) = (.now, .now)
    standing = .held
  }

  /// The other side has outdated itself: nothing has to be waited for.
  private func partInPeace() throws(AgentError) {
    ReplicaProgram.say("\(place.other) has left in good order")
    channel = nil
    isForwarding = false
    keepOnlyRequests()
    tried = .now
    try goOn()
  }

  /// Forgets questions to the other side alone, which nobody answers any more. Those of the disk are answered later.
  private func keepOnlyRequests() {
    (todo, copying, wantsCheckpoint) = ([], 0, false)
    waiting = waiting.filter { entry in
      switch entry.what {
      case .write, .flush: true
      case .chunk, .ping, .done, .begun, .checkpoint: false
      }
    }
  }

  /// Nothing is answered until it is sure that the other head does not go on itself.
  private func hold() throws(AgentError) {
    // While the other copy is not whole, it cannot.
    if store.meta.isAlone, disk != nil { return try goOn() }
    guard MonotonicTime.now - asked > 200 else { return }
    asked = .now
    guard !isForwarding else { return }
    guard permission.answer(lost: lost) == .granted else { return }
    try goOn()
  }

  private func goOn() throws(AgentError) {
    var next = store.meta
    if !next.isAlone {
      // Above one that an administrator has given up, too.
      next.generation = max(next.generation, ReplicaPermission.recorded()?.generation ?? 0) + 1
      next.author = place.name
      next.isAlone = true
    }
    // Before anything more counts as written.
    guard permission.record(next) else {
      standing = .held
      return
    }
    try store.change { $0 = next }
    standing = .alone
    let answered = waiting
    waiting = []
    for entry in answered { try answer(entry.what) }
    ReplicaProgram.say("going on alone, as generation \(next.generation)")
  }

  // MARK: The end

  /// Nothing uses the contents any more. Both copies are flushed, so that nothing has to be copied next time.
  private func leave() throws(AgentError) {
    disk = nil
    try store.flush()
    guard isForwarding, standing == .inSync, let channel else { return }
    waiting = waiting.filter { if case .flush = $0.what { false } else { true } }
    send(.flush, .checkpoint)
    let limit = MonotonicTime.now + Self.patience
    while !waiting.isEmpty, limit.left > 0, self.channel != nil {
      var watched = pollfd(fd: channel.file, events: channel.events, revents: 0)
      _ = poll(&watched, 1, Int32(clamping: limit.left))
      try look()
    }
    if self.channel != nil, channel.send(ReplicaMessage(kind: .goodbye)) { _ = channel.drain(until: limit) }
  }

  private func tell() {
    told = .now
    var status = ReplicaStatus(role: .active, standing: standing, isCurrent: true)
    switch standing {
    case .syncing:
      let seconds = max(1, (MonotonicTime.now - copyingSince) / 1000)
      status.left = (todo.count + copying) * ReplicaStore.region
      status.rate = copied * ReplicaStore.region / seconds
    case .alone, .held: status.left = store.marked * ReplicaStore.region
    default: break
    }
    status.keep()
  }
}
